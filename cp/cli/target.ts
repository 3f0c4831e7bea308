/** The options that say which control plane is meant → a client for it: one-off flags win over the current context. */
import { readFile } from 'node:fs/promises'
import type { OptionValues } from '#base/command-line.ts'
import { goDurationMs } from '#base/duration.ts'
import { messageOf } from '#base/errors.ts'
import { ApiClient, type Target } from './client.ts'
import { type ControlPlaneEntry, currentOf, entryOf, exposesTokens, readContexts } from './contexts.ts'
import { misconfigured } from './errors.ts'
import type { World } from './world.ts'

/** Of all commands that talk to a control plane; accepted before and after the command's name. */
export const TARGET_OPTIONS = {
  configFile: { type: 'text', value: 'FILE', doc: 'Where control planes are kept (~/.vmeshctl/config).' },
  address: {
    type: 'text',
    value: 'URL',
    doc: 'A control plane for this once: http://HOST:5681, https://HOST:5682.',
  },
  tokenFile: { type: 'text', value: 'FILE', doc: 'User token for it.' },
  caCertFile: { type: 'text', value: 'FILE', doc: 'CA of its certificate: a copy of its DATA/tls/ca.crt.' },
  apiTimeout: { type: 'text', value: 'DURATION', default: '1m', doc: 'Longest time of a request.' },
} as const

export const MESH_OPTION = {
  mesh: {
    type: 'text',
    value: 'MESH',
    short: 'm',
    doc: "Of which mesh; default: the context's, or default.",
  },
} as const

export type TargetOptions = OptionValues<typeof TARGET_OPTIONS>

export interface Session {
  readonly client: ApiClient
  /** Where a command is given none. */
  readonly mesh: string
}

/** Runs `work` with a client for the control plane that is meant, and closes it. */
export async function withSession<T>(
  options: TargetOptions & { readonly mesh?: string | undefined },
  world: World,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { entry, mesh } = await chosen(options, world)
  const client = new ApiClient(await targetOf(entry, options))
  try {
    return await work({ client, mesh: options.mesh ?? mesh })
  } finally {
    await client.close()
  }
}

export async function targetOf(entry: ControlPlaneEntry, options: TargetOptions): Promise<Target> {
  const { caCertFile, clientCertFile, clientKeyFile } = entry
  const timeoutMs = goDurationMs(options.apiTimeout)
  if (timeoutMs === null || timeoutMs < 1) {
    throw misconfigured(`--api-timeout ${options.apiTimeout} is not a duration such as 30s or 1m`)
  }
  return {
    url: entry.url,
    token: entry.token,
    ca:
      caCertFile === null
        ? null
        : await fileText(caCertFile, '--ca-cert-file', /-----BEGIN CERTIFICATE-----/),
    clientCertificate:
      clientCertFile === null || clientKeyFile === null
        ? null
        : {
            cert: await fileText(clientCertFile, '--client-cert-file', /-----BEGIN CERTIFICATE-----/),
            key: await fileText(clientKeyFile, '--client-key-file', /-----BEGIN [A-Z ]*PRIVATE KEY-----/),
          },
    headers: entry.headers,
    timeoutMs,
  }
}

/** A token without the white space around it. Throws `cli.misconfigured` for what cannot be a header's value. */
export async function readToken(path: string): Promise<string> {
  const token = (await fileText(path, '--token-file', /\S/)).trim()
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw misconfigured(`--token-file ${path} holds something else than one token`)
}

async function chosen(
  options: TargetOptions,
  world: World,
): Promise<{ readonly entry: ControlPlaneEntry; readonly mesh: string }> {
  const own = {
    ...(options.caCertFile === undefined ? {} : { caCertFile: options.caCertFile }),
    ...(options.tokenFile === undefined ? {} : { token: await readToken(options.tokenFile) }),
  }
  // a token must not travel to another address than the one it was kept for
  if (options.address !== undefined) {
    return { entry: { ...entryOf('', options.address), ...own }, mesh: 'default' }
  }
  const path = options.configFile ?? world.configFile
  const contexts = await readContexts(path)
  if (await exposesTokens(path, contexts)) {
    world.err(`vmeshctl: others can read the tokens in ${path}; run chmod 600 ${path}\n`)
  }
  const { context, controlPlane } = currentOf(contexts)
  return { entry: { ...controlPlane, ...own }, mesh: context.mesh ?? 'default' }
}

async function fileText(path: string, flag: string, expected: RegExp): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw misconfigured(`${flag} ${path} cannot be read: ${messageOf(error)}`, error)
  })
  if (expected.test(text)) return text
  throw misconfigured(
    `${flag} ${path} does not hold what is expected there${text.trim() === '' ? ': it is empty' : ''}`,
  )
}
