/**
 * The file with the control planes that vmeshctl knows, in kumactl's format (kuma-api 2.1): which there are, how they
 * are called, and which is current. It may hold tokens, so only its owner can read it. No file: the control plane of
 * this host.
 */
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CodedError } from '#base/errors.ts'
import { makeFolder, readFileIfThere, writeFileAtomic } from '#base/files.ts'
import { didYouMean } from '#base/text/nearest.ts'
import { misconfigured } from './errors.ts'

export interface ControlPlaneEntry {
  readonly name: string
  readonly url: string
  readonly caCertFile: string | null
  readonly clientCertFile: string | null
  readonly clientKeyFile: string | null
  readonly token: string | null
  /** Whoever answers with a certificate is taken for it: for tests. */
  readonly skipVerify: boolean
  readonly headers: Readonly<Record<string, string>>
}

export interface ContextEntry {
  readonly name: string
  readonly controlPlane: string
  /** null: `default`. */
  readonly mesh: string | null
}

export interface Contexts {
  readonly controlPlanes: readonly ControlPlaneEntry[]
  readonly contexts: readonly ContextEntry[]
  readonly current: string
}

export const DEFAULT_URL = 'http://localhost:5681'

export function entryOf(name: string, url: string): ControlPlaneEntry {
  return {
    name,
    url,
    caCertFile: null,
    clientCertFile: null,
    clientKeyFile: null,
    token: null,
    skipVerify: false,
    headers: {},
  }
}

/** What holds where there is no file. */
export function builtinContexts(): Contexts {
  return {
    controlPlanes: [entryOf('local', DEFAULT_URL)],
    contexts: [{ name: 'local', controlPlane: 'local', mesh: null }],
    current: 'local',
  }
}

/**
 * Throws `cli.misconfigured` with the line for a file that is wrong, and where `mustExist` for one that is not there:
 * who names a file does not mean the control plane of this host.
 */
export async function readContexts(path: string, mustExist: boolean): Promise<Contexts> {
  const bytes = await readFileIfThere(path).catch((error: unknown) => {
    throw misconfigured(`${path} cannot be read: ${error instanceof Error ? error.message : error}`, error)
  })
  if (bytes === null && mustExist) {
    throw misconfigured(
      `--config-file ${path}: there is no such file; add a control plane to it with vmeshctl config control-planes add`,
    )
  }
  if (bytes === null) return builtinContexts()
  const { parseDocuments } = await import('#base/yaml.ts')
  try {
    const [document] = parseDocuments(bytes.toString('utf8'), path)
    if (document === undefined) return builtinContexts()
    return fromFile(document.value, at => `${path}:${document.lineOf(at)} ${at}`)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    throw misconfigured(error.message, error)
  }
}

/** The file and its folder are the owner's only. */
export async function writeContexts(path: string, contexts: Contexts): Promise<void> {
  const { stringifyYaml } = await import('#base/yaml.ts')
  await makeFolder(dirname(path))
  await writeFileAtomic(path, stringifyYaml(toFile(contexts)))
}

/** Whether others than the owner can read tokens in it. */
export async function exposesTokens(path: string, contexts: Contexts): Promise<boolean> {
  if (contexts.controlPlanes.every(one => one.token === null)) return false
  const facts = await stat(path).catch(() => null)
  return facts !== null && (facts.mode & 0o077) !== 0
}

/** The current context, or that of a name, and its control plane. Throws `cli.misconfigured`. */
export function currentOf(
  contexts: Contexts,
  name: string = contexts.current,
): {
  readonly context: ContextEntry
  readonly controlPlane: ControlPlaneEntry
} {
  const context = contextOf(contexts, name)
  const controlPlane = contexts.controlPlanes.find(one => one.name === context.controlPlane)
  if (controlPlane !== undefined) return { context, controlPlane }
  throw misconfigured(
    `context ${name} is of control plane ${context.controlPlane}, which is not configured; add it with vmeshctl config control-planes add`,
  )
}

/** Throws `cli.misconfigured` with the nearest name. */
export function contextOf(contexts: Contexts, name: string): ContextEntry {
  const context = contexts.contexts.find(one => one.name === name)
  if (context !== undefined) return context
  const names = contexts.contexts.map(one => one.name)
  throw misconfigured(
    `there is no control plane ${JSON.stringify(name)}${didYouMean(name, names) || `; there are ${names.join(', ') || 'none'}`}`,
  )
}

/** As kumactl writes it; empty parts are left out. */
export function toFile(contexts: Contexts): unknown {
  return {
    controlPlanes: contexts.controlPlanes.map(one => ({
      name: one.name,
      coordinates: {
        apiServer: {
          url: one.url,
          ...(one.caCertFile === null ? {} : { caCertFile: one.caCertFile }),
          ...(one.clientCertFile === null ? {} : { clientCertFile: one.clientCertFile }),
          ...(one.clientKeyFile === null ? {} : { clientKeyFile: one.clientKeyFile }),
          ...(one.token === null ? {} : { authType: 'tokens', authConf: { token: one.token } }),
          ...(one.skipVerify ? { skipVerify: true } : {}),
          ...(Object.keys(one.headers).length === 0
            ? {}
            : { headers: Object.entries(one.headers).map(([key, value]) => ({ key, value })) }),
        },
      },
    })),
    contexts: contexts.contexts.map(one => ({
      name: one.name,
      controlPlane: one.controlPlane,
      ...(one.mesh === null ? {} : { defaults: { mesh: one.mesh } }),
    })),
    currentContext: contexts.current,
  }
}

type Where = (field: string) => string

function fromFile(value: unknown, where: Where): Contexts {
  const root = objectAt(value, '', where)
  return {
    controlPlanes: listAt(root, 'controlPlanes', '', where).map((item, index) =>
      controlPlaneFrom(item, `controlPlanes[${index}]`, where),
    ),
    contexts: listAt(root, 'contexts', '', where).map((item, index) =>
      contextFrom(item, `contexts[${index}]`, where),
    ),
    current: textAt(root, 'currentContext', '', where) ?? '',
  }
}

function controlPlaneFrom(value: unknown, at: string, where: Where): ControlPlaneEntry {
  const entry = objectAt(value, at, where)
  const coordinates = objectAt(entry['coordinates'], `${at}.coordinates`, where)
  const place = `${at}.coordinates.apiServer`
  const api = objectAt(coordinates['apiServer'], place, where)
  const auth = api['authConf'] === undefined ? {} : objectAt(api['authConf'], `${place}.authConf`, where)
  const headers = listAt(api, 'headers', place, where).map((item, index) => {
    const header = objectAt(item, `${place}.headers[${index}]`, where)
    const key = needed(header, 'key', `${place}.headers[${index}]`, where)
    return [key, textAt(header, 'value', `${place}.headers[${index}]`, where) ?? ''] as const
  })
  return {
    name: needed(entry, 'name', at, where),
    url: needed(api, 'url', place, where),
    caCertFile: textAt(api, 'caCertFile', place, where),
    clientCertFile: textAt(api, 'clientCertFile', place, where),
    clientKeyFile: textAt(api, 'clientKeyFile', place, where),
    token: textAt(auth, 'token', `${place}.authConf`, where),
    skipVerify: api['skipVerify'] === true,
    headers: Object.fromEntries(headers),
  }
}

function contextFrom(value: unknown, at: string, where: Where): ContextEntry {
  const entry = objectAt(value, at, where)
  const defaults = entry['defaults'] === undefined ? {} : objectAt(entry['defaults'], `${at}.defaults`, where)
  return {
    name: needed(entry, 'name', at, where),
    controlPlane: needed(entry, 'controlPlane', at, where),
    mesh: textAt(defaults, 'mesh', `${at}.defaults`, where),
  }
}

type Fields = Readonly<Record<string, unknown>>

function objectAt(value: unknown, at: string, where: Where): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw misconfigured(`${where(at)}: expected a mapping`)
}

function listAt(fields: Fields, key: string, at: string, where: Where): readonly unknown[] {
  const value = fields[key] ?? []
  if (Array.isArray(value)) return value
  throw misconfigured(`${where(under(at, key))}: expected a list`)
}

function textAt(fields: Fields, key: string, at: string, where: Where): string | null {
  const value = fields[key] ?? null
  if (value === null || value === '') return null
  if (typeof value === 'string') return value
  throw misconfigured(`${where(under(at, key))}: expected a text`)
}

function needed(fields: Fields, key: string, at: string, where: Where): string {
  const value = textAt(fields, key, at, where)
  if (value === null) throw misconfigured(`${where(at)}: ${key} is missing`)
  return value
}

function under(at: string, key: string): string {
  return at === '' ? key : `${at}.${key}`
}
