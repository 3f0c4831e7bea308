/**
 * The settings of `vmesh-dp run` as one table: flags as kuma-dp's, each also as a variable `VMESH_…`. The only reader
 * of the environment on this side.
 */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CodedError } from '#base/errors.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { foreignRemarks } from '#base/settings/foreign-remarks.ts'
import {
  defineSettings,
  type FlagValue,
  readSettings,
  type Settings,
  settingsOrThrow,
} from '#base/settings.ts'
import { limitsOf } from './apply/limit-settings.ts'
import type { Limits } from './codec/limits.ts'
import { DEFAULT_LOAD_LIMITS } from './codec/load.ts'
import { KUMA_DP_FLAGS } from './from-kuma/flags.ts'
import type { ProbeMeans } from './probe/ask.ts'

const MEGABYTE = 1024 * 1024

export const DP_SETTINGS = defineSettings({
  cpAddress: {
    type: 'string',
    default: 'https://localhost:5678',
    doc: 'Where the control plane takes data planes: https://HOST:5678.',
  },
  caCertFile: {
    type: 'path',
    default: null,
    doc: "CA that signed the control plane's certificate: a copy of DATA/tls/ca.crt of the control plane.",
  },
  caCertSha256: {
    type: 'string',
    default: null,
    doc: 'Instead of caCertFile: the SHA-256 fingerprint of that CA.',
  },
  name: { type: 'string', default: null, doc: 'Of a Dataplane that exists already; without dataplaneFile.' },
  mesh: { type: 'string', default: null, doc: 'Mesh of `name`; default when it is not given.' },
  dataplaneFile: {
    type: 'path',
    default: null,
    doc: 'The Dataplane that this daemon registers, YAML or JSON; - reads standard input.',
  },
  dataplaneVar: {
    type: 'list',
    default: [],
    doc: 'Variables key=value for {{ key }} in the file; the flag may be repeated.',
  },
  dataplaneTokenFile: {
    type: 'path',
    default: null,
    doc: 'File with the data plane token; read again for each connection.',
  },
  dataplaneToken: {
    type: 'string',
    default: null,
    isSecret: true,
    doc: 'The token itself; a file is safer, since others can see command lines.',
  },
  drainTime: {
    type: 'duration',
    default: '30s',
    doc: 'How long running calls may take to finish when the daemon stops.',
  },
  stateDir: {
    type: 'path',
    default: null,
    doc: 'Folder for the last good snapshot, the certificate and its key. Default: MESH/NAME under $STATE_DIRECTORY, or under vmesh-dp in $XDG_STATE_HOME (~/.local/state).',
  },
  concurrency: {
    type: 'integer',
    default: 1,
    min: 0,
    max: 64,
    doc: 'Worker threads that carry calls; each can use one core. 0: as many as the machine has cores.',
  },
  maxClients: {
    type: 'integer',
    default: DEFAULT_LOAD_LIMITS.maxClients,
    min: 1,
    unit: 'connections',
    doc: 'Connections of clients at a time, of applications and of other data planes; more are refused.',
  },
  maxCalls: {
    type: 'integer',
    default: DEFAULT_LOAD_LIMITS.maxCalls,
    min: 1,
    unit: 'calls',
    doc: 'HTTP calls and TCP connections carried at a time; more are answered with 503 and x-vmesh-reason: overload.',
  },
  maxMemoryMb: {
    type: 'integer',
    default: DEFAULT_LOAD_LIMITS.maxMemoryBytes / MEGABYTE,
    min: 0,
    unit: 'megabytes',
    doc: 'Resident memory from which on new clients and calls are refused; 0: no such limit.',
  },
  limit: {
    type: 'list',
    default: [],
    doc: 'Any other limit as NAME=VALUE, such as maxHead=128KiB or http2.maxStreams=100; the flag may be repeated. REFERENCE.md has all of them.',
  },
  allowExecProbes: {
    type: 'boolean',
    default: false,
    doc: 'Run the programs that serviceProbe.exec of inbounds names, as the user of this daemon; who may write Dataplanes then runs programs on this machine.',
  },
  logLevel: {
    type: 'enum',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
    doc: 'Least level that is logged.',
  },
})

export type DpSettings = Settings<typeof DP_SETTINGS>
export type DpFlags = { readonly [Name in keyof DpSettings]?: FlagValue }

/** Variables with our prefix that the control plane has: both may share an environment. */
const OTHER_VARIABLES: readonly string[] = [
  'VMESH_CONFIG_FILE',
  'VMESH_DATA_DIR',
  'VMESH_TLS_SAN',
  'VMESH_GENERAL_*',
  'VMESH_API_SERVER_*',
  'VMESH_DP_SERVER_*',
  'VMESH_DIAGNOSTICS_*',
  'VMESH_DEFAULTS_*',
  'VMESH_RUNTIME_*',
  'VMESH_METRICS_*',
  'VMESH_MULTIZONE_*',
  'VMESH_ACCESS_*',
  'VMESH_STORE_*',
]

/** What the engine is limited by. Throws `settings.invalid`. */
export function engineLimitsOf(settings: DpSettings): Partial<Limits> {
  const { maxClients, maxCalls, maxMemoryMb, limit } = settings
  return { ...limitsOf(limit), maxClients, maxCalls, maxMemoryBytes: maxMemoryMb * MEGABYTE }
}

/** Throws `settings.invalid` with all faults. */
export function readDpSettings(flags: DpFlags): DpSettings {
  return settingsOrThrow(
    readSettings(DP_SETTINGS, { environment: process.env, flags, otherVariables: OTHER_VARIABLES }),
  )
}

/** Which variables of kuma-dp are not read, one sentence each. */
export function dpRemarks(): readonly string[] {
  return foreignRemarks(KUMA_DP_FLAGS, [], { environment: process.env, prefix: 'KUMA_' })
}

/** `key=value` → map. Throws `settings.invalid`. */
export function variablesOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {}
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at < 1) {
      const message = `--dataplane-var ${pair}: expected key=value`
      throw new CodedError('settings.invalid', message, { details: { exitCode: EXIT.configuration } })
    }
    variables[pair.slice(0, at)] = pair.slice(at + 1)
  }
  return variables
}

export function stateDirOf(settings: Pick<DpSettings, 'stateDir'>, mesh: string, name: string): string {
  if (settings.stateDir !== null) return settings.stateDir
  const systemd = process.env['STATE_DIRECTORY']
  if (systemd !== undefined && systemd !== '') return join(systemd, mesh, name)
  return join(userStateDir(), mesh, name)
}

/** Where daemons of this machine may have their state: for `vmesh-dp status`. */
export function stateFolders(): readonly string[] {
  const systemd = process.env['STATE_DIRECTORY'] ?? ''
  return [...(systemd === '' ? [] : [systemd]), UNIT_STATE_DIR, userStateDir()]
}

/** StateDirectory= of systemd/system/vmesh-dp@.service. */
const UNIT_STATE_DIR = '/var/lib/vmesh-dp'

function userStateDir(): string {
  return join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'vmesh-dp')
}

/** What probes may use of this machine; a program that they run sees no token. */
export function probeMeansOf({ allowExecProbes }: DpSettings): ProbeMeans {
  const { PATH = '/usr/local/bin:/usr/bin:/bin', LANG = 'C.UTF-8' } = process.env
  return { allowsExec: allowExecProbes, environment: { PATH, LANG }, systemctl: 'systemctl' }
}

/** For what systemd tells its services. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env
}
