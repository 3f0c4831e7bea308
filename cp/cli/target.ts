/** The options that say which control plane is meant → a client for it: one-off flags win over the context. */
import { readFile } from 'node:fs/promises'
import { type OptionValues, usageError } from '#base/command-line.ts'
import { goDurationMs } from '#base/duration.ts'
import { messageOf } from '#base/errors.ts'
import { ApiClient, type Target } from './client.ts'
import {
  builtinContexts,
  type Contexts,
  type ControlPlaneEntry,
  currentOf,
  entryOf,
  exposesTokens,
  readContexts,
} from './contexts.ts'
import { misconfigured } from './errors.ts'
import type { World } from './world.ts'

/** Of all commands; accepted before and after the command's name. */
export const TARGET_OPTIONS = {
  configFile: {
    type: 'text',
    value: 'FILE',
    variable: 'VMESHCTL_CONFIG_FILE',
    hides: ['noConfig'],
    doc: 'Where control planes are kept (~/.vmeshctl/config); a file of kumactl will do.',
  },
  noConfig: {
    type: 'switch',
    variable: 'VMESHCTL_NO_CONFIG',
    hides: ['configFile'],
    doc: 'Use no such file: the control plane of this host.',
  },
  context: {
    type: 'text',
    value: 'NAME',
    variable: 'VMESHCTL_CONTEXT',
    excludes: ['address'],
    hides: ['address', 'tokenFile', 'caCertFile', 'clientCertFile', 'clientKeyFile', 'skipVerify'],
    doc: 'Another control plane of that file for this once, called as the file says: no variable changes that.',
  },
  address: {
    type: 'text',
    value: 'URL',
    variable: 'VMESHCTL_ADDRESS',
    hides: ['context'],
    doc: 'A control plane for this once: http://HOST:5681, https://HOST:5682.',
  },
  tokenFile: { type: 'text', value: 'FILE', variable: 'VMESHCTL_TOKEN_FILE', doc: 'User token for it.' },
  caCertFile: {
    type: 'text',
    value: 'FILE',
    variable: 'VMESHCTL_CA_CERT_FILE',
    doc: 'CA of its certificate: a copy of its DATA/tls/ca.crt.',
  },
  clientCertFile: {
    type: 'text',
    value: 'FILE',
    variable: 'VMESHCTL_CLIENT_CERT_FILE',
    doc: 'Client certificate to show.',
  },
  clientKeyFile: {
    type: 'text',
    value: 'FILE',
    variable: 'VMESHCTL_CLIENT_KEY_FILE',
    doc: 'Its private key.',
  },
  skipVerify: {
    type: 'switch',
    variable: 'VMESHCTL_SKIP_VERIFY',
    doc: 'Trust whoever answers at the address: for tests only.',
  },
  apiTimeout: {
    type: 'text',
    value: 'DURATION',
    variable: 'VMESHCTL_API_TIMEOUT',
    default: '1m',
    doc: 'Longest time of a request.',
  },
  quiet: { type: 'switch', short: 'q', variable: 'VMESHCTL_QUIET', doc: 'No warnings.' },
  logLevel: {
    type: 'text',
    value: 'LEVEL',
    variable: 'VMESHCTL_LOG_LEVEL',
    default: 'off',
    choices: ['off', 'info', 'debug'],
    doc: 'debug shows every request on standard error.',
  },
} as const

export const MESH_OPTION = {
  mesh: {
    type: 'text',
    value: 'MESH',
    short: 'm',
    variable: 'VMESHCTL_MESH',
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
  const client = new ApiClient(await targetOf(entry, options, world))
  try {
    return await work({ client, mesh: options.mesh ?? mesh })
  } finally {
    await client.close()
  }
}

/** The mesh that commands mean, without calling anybody. */
export async function meshOf(
  options: TargetOptions & { readonly mesh?: string | undefined },
  world: World,
): Promise<string> {
  return options.mesh ?? (await chosen(options, world)).mesh
}

export async function targetOf(
  entry: ControlPlaneEntry,
  options: TargetOptions,
  world: World,
): Promise<Target> {
  const { caCertFile, clientCertFile, clientKeyFile } = entry
  return {
    url: entry.url,
    token: entry.token,
    skipVerify: entry.skipVerify,
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
    timeoutMs: durationOf(options.apiTimeout, '--api-timeout', misconfigured),
    remark: line => void (options.quiet || world.err(`vmeshctl: ${line}\n`)),
    trace: options.logLevel === 'debug' ? line => world.err(`${line}\n`) : null,
  }
}

/** A duration that a person gave, in ms; over zero. Throws what `fault` makes, a usage error by default. */
export function durationOf(
  text: string,
  flag: string,
  fault: (message: string) => Error = usageError,
): number {
  const ms = goDurationMs(text)
  if (ms !== null && ms > 0) return ms
  throw fault(
    `${flag} ${text} is not a duration; give one in hours, minutes or seconds, such as 30s, 1m or 720h`,
  )
}

/** The path of the file with the contexts, or null: none is to be used. */
export function configFileOf(
  options: Pick<TargetOptions, 'configFile' | 'noConfig'>,
  world: World,
): string | null {
  return options.noConfig ? null : (options.configFile ?? world.configFile)
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
  const { caCertFile, clientCertFile, clientKeyFile, tokenFile } = options
  const own = {
    ...(caCertFile === undefined ? {} : { caCertFile }),
    ...(clientCertFile === undefined ? {} : { clientCertFile }),
    ...(clientKeyFile === undefined ? {} : { clientKeyFile }),
    ...(options.skipVerify ? { skipVerify: true } : {}),
    ...(tokenFile === undefined ? {} : { token: await readToken(tokenFile) }),
  }
  // a token must not travel to another address than the one it was kept for
  if (options.address !== undefined) {
    return { entry: { ...entryOf('', options.address), ...own }, mesh: 'default' }
  }
  const { context, controlPlane } = currentOf(await contextsOf(options, world), options.context)
  return { entry: { ...controlPlane, ...own }, mesh: context.mesh ?? 'default' }
}

async function contextsOf(options: TargetOptions, world: World): Promise<Contexts> {
  const path = configFileOf(options, world)
  if (path === null) return builtinContexts()
  const contexts = await readContexts(path, options.configFile !== undefined)
  if (await exposesTokens(path, contexts)) {
    world.err(`vmeshctl: others can read the tokens in ${path}; run chmod 600 ${path}\n`)
  }
  return contexts
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
