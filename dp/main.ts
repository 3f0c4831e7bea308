/** `vmesh-dp`: argv → settings → DataPlane.start → signal → stop → exit. The only process.exit on this side. */
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { command, group, runProgram, usageError } from '#base/command-line.ts'
import { CodedError, messageOf } from '#base/errors.ts'
import { createLogger, type Logger } from '#base/log.ts'
import { EXIT, exitCodeOf } from '#base/process/exit-codes.ts'
import { STDIO, sayBug, versionCommand, watchOutput } from '#base/process/program.ts'
import { untilSignal } from '#base/process/signals.ts'
import { createNotifier, isUnderJournal, type Notifier } from '#base/process/systemd.ts'
import { settingOptions } from '#base/settings/flags.ts'
import { formatStatus } from './admin/status.ts'
import { createEngine } from './apply/applier.ts'
import type { Engine } from './apply/engine.ts'
import { CELLS_BYTES } from './apply/shared-cells.ts'
import type { WorkerData } from './apply/workers/messages.ts'
import { serveWorker } from './apply/workers/worker.ts'
import { Workers } from './apply/workers/workers.ts'
import type { Limits } from './codec/limits.ts'
import { LOAD_BYTES } from './codec/load.ts'
import {
  DP_SETTINGS,
  type DpSettings,
  dpRemarks,
  engineLimitsOf,
  environment,
  probeMeansOf,
  readDpSettings,
  stateDirOf,
  stateFolders,
  variablesOf,
} from './config.ts'
import { DataPlane } from './data-plane.ts'
import { KUMA_DP_FLAGS } from './from-kuma/flags.ts'
import { type Definition, readDefinition } from './link/definition.ts'

const RUN_OPTIONS = settingOptions(DP_SETTINGS, undefined, {
  mesh: 'm',
  dataplaneFile: 'd',
  dataplaneVar: 'v',
})

const program = group({
  name: 'vmesh-dp',
  doc: 'vmesh data plane: runs beside a service and carries its calls over mutual TLS',
  commands: [
    command({
      name: 'run',
      doc: 'run the data plane until SIGTERM',
      options: {
        ...RUN_OPTIONS,
        check: { type: 'switch', doc: 'check flags and files, and end; calls nobody and changes nothing' },
      },
      run: async ({ options }) => {
        const { check, ...flags } = options
        const settings = readDpSettings(flags)
        if (check) STDIO.out(await checked(settings))
        else await run(settings)
        return EXIT.ok
      },
    }),
    command({
      name: 'status',
      doc: 'show what a running data plane does',
      options: {
        name: { type: 'text', value: 'NAME', doc: 'which data plane; not needed where only one runs' },
        mesh: { type: 'text', value: 'MESH', short: 'm', doc: 'its mesh' },
        stateDir: RUN_OPTIONS.stateDir,
        output: {
          type: 'text',
          value: 'FORMAT',
          short: 'o',
          doc: 'text or json',
          choices: ['text', 'json'],
          default: 'text',
        },
      },
      run: async ({ options }) => {
        const { findStatus } = await import('./admin/find.ts')
        const folders = options.stateDir === undefined ? stateFolders() : [options.stateDir]
        const status = await findStatus(folders, options)
        STDIO.out(
          options.output === 'json'
            ? `${JSON.stringify(status, null, 2)}\n`
            : formatStatus(status, Date.now()),
        )
        return EXIT.ok
      },
    }),
    versionCommand('vmesh-dp'),
  ],
})

interface Prepared {
  readonly limits: Partial<Limits>
  readonly definition: Definition | null
  readonly mesh: string
  readonly name: string
  readonly address: URL
  readonly ca: string | null
  readonly caPin: string | null
  readToken(): Promise<string>
}

/** All that can be wrong with flags and files, before anything is done. */
async function prepared(settings: DpSettings): Promise<Prepared> {
  const { dataplaneFile, dataplaneVar } = settings
  const limits = engineLimitsOf(settings)
  const definition =
    dataplaneFile === null ? null : await readDefinition(dataplaneFile, variablesOf(dataplaneVar))
  return {
    limits,
    definition,
    ...identify(settings, definition),
    address: addressOf(settings.cpAddress),
    ...(await trustOf(settings)),
    readToken: tokenReader(settings),
  }
}

/** For `--check`: what would be run. */
async function checked(settings: DpSettings): Promise<string> {
  const { definition, mesh, name, address, readToken } = await prepared(settings)
  await readToken()
  const fields =
    definition === null
      ? ''
      : `Its fields are checked by the control plane, and here by: vmeshctl lint ${settings.dataplaneFile}\n`
  return `data plane ${mesh}/${name} of ${address.origin}, state in ${stateDirOf(settings, mesh, name)}: flags and files are right\n${fields}`
}

async function run(settings: DpSettings): Promise<void> {
  const logging = { level: settings.logLevel, name: 'vmesh-dp', journal: isUnderJournal(environment()) }
  const root = createLogger(logging)
  const remarks = dpRemarks()
  if (remarks.length > 0) root.warn({ remarks }, 'variables of kuma-dp are not read')
  const notifier = createNotifier(environment())
  const { mesh, name, limits, ...given } = await prepared(settings)
  const bindings = { mesh, dataplane: name }
  const log = root.child(bindings)
  const dataPlane = new DataPlane({
    ...given,
    mesh,
    name,
    stateDir: stateDirOf(settings, mesh, name),
    drainTimeMs: settings.drainTime,
    log,
    engine: engineOf(settings.concurrency, limits, log, { ...logging, bindings }),
    probeMeans: probeMeansOf(settings),
    onState: state => notifier.status(state),
  })
  const stopped = untilSignal()
  await Promise.race([started(dataPlane, notifier, log), stopped])
  await stopped
  notifier.stopping()
  log.info('stopping')
  await dataPlane.stop()
  notifier.close()
  log.info('stopped')
}

/** One worker runs in this thread; several have a thread each. */
function engineOf(
  concurrency: number,
  limits: Partial<Limits>,
  log: Logger,
  workerLog: WorkerData['log'],
): Engine {
  const count = concurrency === 0 ? availableParallelism() : concurrency
  if (count === 1) return createEngine({ log, limits })
  const load = new SharedArrayBuffer(LOAD_BYTES)
  const cells = new SharedArrayBuffer(CELLS_BYTES)
  // The same file, since a bundle is one: below it sees that it is not the main thread.
  const entry = new URL(import.meta.url)
  const start = (number: number): Worker => {
    const data: WorkerData = { number, limits, load, cells, log: workerLog }
    return new Worker(entry, { workerData: data, name: `worker ${number}` })
  }
  return new Workers({ count, start, log })
}

async function started(dataPlane: DataPlane, notifier: Notifier, log: Logger): Promise<void> {
  await dataPlane.start()
  notifier.ready()
  const { mesh, name, controlPlane, snapshot, engine } = await dataPlane.status()
  const listening = (listeners: readonly { readonly address: string; readonly port: number }[]): string[] =>
    listeners.map(({ address, port }) => `${address}:${port}`)
  log.info(
    {
      mesh,
      dataplane: name,
      controlPlane: controlPlane.address,
      snapshot: snapshot?.version,
      inbounds: listening(engine.inbounds),
      outbounds: listening(engine.outbounds),
    },
    'data plane is ready',
  )
}

function identify(settings: DpSettings, definition: Definition | null): { mesh: string; name: string } {
  if (definition !== null) {
    if (settings.name !== null || settings.mesh !== null) {
      throw usageError(
        '--name and --mesh are taken from --dataplane-file; give the file or the two, not both',
      )
    }
    return definition
  }
  if (settings.name === null)
    throw usageError('give --dataplane-file, or --name of a Dataplane that exists already')
  return { name: settings.name, mesh: settings.mesh ?? 'default' }
}

function addressOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null || url.protocol !== 'https:') {
    throw permanent('settings.invalid', `--cp-address ${text}: expected https://HOST:5678`)
  }
  if (url.port === '') url.port = '5678'
  return url
}

async function trustOf(settings: DpSettings): Promise<{ ca: string | null; caPin: string | null }> {
  const { caCertFile, caCertSha256 } = settings
  if (caCertFile === null && caCertSha256 === null) {
    const help =
      "copy DATA/tls/ca.crt of the control plane's data folder here and give it as --ca-cert-file, or its fingerprint as --ca-cert-sha256"
    throw permanent('data-plane.no-ca', `no CA for the control plane's certificate: ${help}`)
  }
  if (caCertFile === null) return { ca: null, caPin: caCertSha256 }
  const ca = await readFile(caCertFile, 'utf8').catch((error: unknown) => {
    throw permanent('data-plane.no-ca', `cannot read --ca-cert-file: ${messageOf(error)}`)
  })
  const fault = caFault(ca)
  if (fault !== null) {
    const help = 'copy DATA/tls/ca.crt of the control plane again'
    throw permanent('data-plane.no-ca', `--ca-cert-file ${caCertFile}: ${fault}; ${help}`)
  }
  return { ca, caPin: null }
}

/** null: it holds certificates in PEM. */
function caFault(pem: string): string | null {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) return 'it holds no PEM certificate'
  try {
    for (const block of blocks) new X509Certificate(block)
    return null
  } catch (error) {
    return `it cannot be read as a certificate (${messageOf(error)})`
  }
}

function tokenReader(settings: DpSettings): () => Promise<string> {
  const { dataplaneToken, dataplaneTokenFile } = settings
  if (dataplaneToken !== null) return async () => dataplaneToken.trim()
  if (dataplaneTokenFile === null) {
    throw permanent(
      'data-plane.no-token',
      'no data plane token: make one with `vmeshctl generate dataplane-token` and give its file as --dataplane-token-file',
    )
  }
  return async () => {
    const text = await readFile(dataplaneTokenFile, 'utf8').catch((error: unknown) => {
      throw permanent('data-plane.no-token', `cannot read --dataplane-token-file: ${messageOf(error)}`)
    })
    return text.trim()
  }
}

function permanent(code: string, message: string): CodedError {
  return new CodedError(code, message, { details: { permanent: true } })
}

if (!isMainThread && parentPort !== null) serveWorker(parentPort, workerData)
else {
  watchOutput('vmesh-dp', code => process.exit(code))
  runProgram(program, process.argv.slice(2), STDIO, { foreignFlags: KUMA_DP_FLAGS }).then(
    code => setImmediate(() => process.exit(code)),
    (error: unknown) => {
      sayBug('vmesh-dp', error)
      process.exit(exitCodeOf(error))
    },
  )
}
