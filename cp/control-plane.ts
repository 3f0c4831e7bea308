/**
 * The assembly of the control plane: every part built once, in order, each given only what it needs. Stopping is the
 * reverse.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { CodedError, codeOf, messageOf } from '#base/errors.ts'
import { makeFolder } from '#base/files.ts'
import type { Logger } from '#base/log.ts'
import { Metrics } from '#base/metrics.ts'
import { VERSION } from '#base/version.ts'
import type { Live } from './api/request.ts'
import { type Api, createApi } from './api/server.ts'
import { LogComponents } from './api/system/log-components.ts'
import { auditedStore } from './auth/audit/audited-store.ts'
import { startAudit } from './auth/audit/start-audit.ts'
import { proveProxy } from './auth/proxy-proof.ts'
import { startAccess } from './auth/rbac/rbac.ts'
import { Tokens } from './auth/tokens.ts'
import { MeshAuthority } from './ca/mesh-authority.ts'
import { providedCaViolations } from './ca/provided-check.ts'
import {
  ensureServerCertificate,
  pinOf,
  readOperatorPair,
  type ServerCertificate,
} from './ca/server-certificate.ts'
import { serverNames, thisMachine } from './ca/server-names.ts'
import type { CpSettings } from './config.ts'
import { startCleanup } from './push/cleanup.ts'
import { createPushContext } from './push/context.ts'
import type { Insights } from './push/insights.ts'
import { awaitReturns } from './push/returning.ts'
import { PushServer } from './push/server.ts'
import { defaultPoliciesHook } from './reconcile/default-policies.ts'
import { createFirstResources, newMeshHook } from './reconcile/defaults.ts'
import { createFirstRoles } from './reconcile/first-roles.ts'
import { Scheduler } from './snapshot/scheduler.ts'
import { createGuardedStore, type GuardedStore } from './store/guarded-store.ts'
import { type JsonStore, openJsonStore } from './store/json-store.ts'

/** Longest wait of setTimeout; a certificate that is renewed later is looked at again. */
const LONGEST_TIMER_MS = 2_147_483_647
/** Least wait between two looks at the certificate, whatever the clock says. */
const SHORTEST_TIMER_MS = 60_000

export class ControlPlane {
  readonly #settings: CpSettings
  readonly #log: Logger
  readonly #logs: LogComponents
  readonly #instanceId = `${hostname()}-${randomBytes(2).toString('hex')}`
  readonly #stops: (() => void | Promise<void>)[] = []

  constructor(settings: CpSettings, log: Logger) {
    this.#settings = settings
    this.#log = log
    this.#logs = new LogComponents(log)
  }

  /** Throws a CodedError with what, where and what to do; what was started is stopped again. */
  async start(): Promise<void> {
    try {
      await this.#start()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** What cannot be stopped keeps nothing else from being stopped. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) {
      try {
        await stop()
      } catch (error) {
        this.#log.error({ err: error }, 'a part of the control plane did not stop in good order')
      }
    }
  }

  async #start(): Promise<void> {
    const settings = this.#settings
    const logs = this.#logs
    await makeDataFolder(settings.dataDir)
    const history = {
      revisionsPerResource: settings['store.history.revisionsPerResource'],
      maxBytes: settings['store.history.maxBytes'],
    }
    const store = await openJsonStore({
      dir: join(settings.dataDir, 'store'),
      log: logs.logger('store'),
      history,
    })
    this.#stops.push(() => store.close())
    const tokens = new Tokens(store)
    const ca = new MeshAuthority(store)
    const metrics = new Metrics()
    const audit = await startAudit({ settings, store, metrics, log: logs.logger('audit') })
    this.#stops.push(() => audit.stop())
    const written = createGuardedStore({
      store,
      zone: settings['multizone.zone.name'],
      hooks: [newMeshHook(store, tokens), defaultPoliciesHook(settings['multizone.zone.name'])],
      checks: [providedCaViolations],
      log: logs.logger('store'),
    })
    const guarded = auditedStore(written, audit.trail)
    await createFirstResources({
      store,
      guarded,
      tokens,
      zone: settings['multizone.zone.name'],
      skipMeshCreation: settings['defaults.skipMeshCreation'],
      skipHostnameGenerators: settings['defaults.skipHostnameGenerators'],
      bootstrapAdminToken: settings['apiServer.authn.tokens.bootstrapAdminToken'],
      log: logs.logger('reconcile'),
    })
    await createFirstRoles({ store, guarded, log: logs.logger('reconcile') })
    const access = await startAccess(store, {
      type: settings['access.type'],
      anonymousRead: settings['apiServer.authn.anonymousRead'],
    })
    this.#stops.push(() => access.stop())
    const certificate = await this.#certificate()
    const { insights, push, port, live } = await this.#startPush({ store, guarded, tokens, ca, certificate })
    const api = createApi({
      settings,
      store,
      guarded,
      tokens,
      access: access.control,
      audit: audit.trail,
      metrics,
      log: logs.logger('api'),
      logs,
      version: VERSION,
      instanceId: this.#instanceId,
      insight: (mesh, name) => insights.spec(mesh, name),
      live,
      tls: { cert: certificate.chainPem, key: certificate.privateKeyPem },
    })
    await api.listen()
    this.#stops.push(() => api.close())
    this.#renewInTime(certificate, push, api)
    // what a data plane is given as --ca-cert-sha256, where the file is not at hand
    const caCertSha256 = certificate.caPem === null ? undefined : pinOf(certificate.caPem)
    const listening = listeningAt(settings, { ...api.ports(), dp: port })
    const { dataDir } = settings
    this.#log.info(
      { instance: this.#instanceId, version: VERSION, dataDir, ...listening, caCertSha256 },
      'control plane is ready',
    )
  }

  async #startPush(parts: {
    store: JsonStore
    guarded: GuardedStore
    tokens: Tokens
    ca: MeshAuthority
    certificate: ServerCertificate
  }): Promise<{ insights: Insights; push: PushServer; port: number; live: Live }> {
    const { store, guarded, tokens, ca, certificate } = parts
    const settings = this.#settings
    const log = this.#logs.logger('push')
    const scheduler = new Scheduler({
      store,
      ca,
      log: this.#logs.logger('snapshot'),
      onSnapshot: (mesh, name, snapshot) => push.offer(mesh, name, snapshot),
    })
    const context = createPushContext({
      store,
      guarded,
      scheduler,
      ca,
      log,
      controlPlane: this.#instanceId,
      zone: settings['multizone.zone.name'],
      pingMs: settings['dpServer.pingInterval'],
      leaseMs: settings['dpServer.lease'],
      flushMs: settings['metrics.dataplane.flushInterval'],
    })
    const { insights, sessions, turns } = context
    const known = await insights.start()
    this.#stops.push(() => insights.stop())
    const push = new PushServer({
      context,
      tls: { cert: certificate.chainPem, key: certificate.privateKeyPem },
      prove: (authorization, mesh, name) => proveProxy(tokens, store, { authorization, mesh, name }),
    })
    await scheduler.start()
    this.#stops.push(() => scheduler.stop())
    this.#stops.push(
      await awaitReturns({ store, scheduler, sessions, insights, known, controlPlane: this.#instanceId }),
    )
    const port = await push.listen(settings['dpServer.interface'], settings['dpServer.port'])
    this.#stops.push(() => push.close())
    this.#stops.push(push.watchDataplanes())
    const ageMs = settings['runtime.universal.dataplaneCleanupAge']
    const remove = context.removeDataplane
    this.#stops.push(startCleanup({ store, insights, sessions, turns, ageMs, log, remove }))
    const { questions, settling } = context
    const mesh = (name: string) => scheduler.mesh(name)
    const live = { mesh, insights, questions, scheduler, sessions, settling, store }
    return { insights, push, port, live }
  }

  async #certificate(): Promise<ServerCertificate> {
    const { dataDir, tlsSan } = this.#settings
    const certFile = this.#settings['general.tlsCertFile']
    const keyFile = this.#settings['general.tlsKeyFile']
    if (certFile !== null && keyFile !== null) {
      const [certPem, keyPem] = await Promise.all([readPem(certFile), readPem(keyFile)])
      return readOperatorPair({ certFile, certPem, keyFile, keyPem })
    }
    if (certFile !== null || keyFile !== null) {
      const [given, other] = certFile === null ? ['tlsKeyFile', 'tlsCertFile'] : ['tlsCertFile', 'tlsKeyFile']
      throw new CodedError('ca.server-pair', `general.${given} is set without general.${other}; give both`, {
        details: { permanent: true },
      })
    }
    return ensureServerCertificate(join(dataDir, 'tls'), serverNames(await thisMachine(), tlsSan))
  }

  #renewInTime(certificate: ServerCertificate, push: PushServer, api: Api): void {
    if (certificate.renewAtMs === null) return
    const waitMs = Math.min(Math.max(certificate.renewAtMs - Date.now(), SHORTEST_TIMER_MS), LONGEST_TIMER_MS)
    const timer = setTimeout(async () => {
      try {
        const renewed = await this.#certificate()
        const tls = { cert: renewed.chainPem, key: renewed.privateKeyPem }
        push.setTls(tls)
        api.setTls(tls)
        this.#renewInTime(renewed, push, api)
      } catch (error) {
        this.#log.error({ err: error }, "cannot renew the control plane's certificate; tried again in a day")
        this.#renewInTime({ ...certificate, renewAtMs: Date.now() + 86_400_000 }, push, api)
      }
    }, waitMs).unref()
    this.#stops.push(() => clearTimeout(timer))
  }
}

/** What listens where, for the log; a port that is switched off is left out. */
function listeningAt(
  settings: CpSettings,
  ports: { http: number | null; https: number | null; diagnostics: number | null; dp: number },
): Readonly<Record<string, string>> {
  const servers = [
    ['http', 'http', settings['apiServer.http.interface'], ports.http],
    ['https', 'https', settings['apiServer.https.interface'], ports.https],
    ['dataPlanes', 'https', settings['dpServer.interface'], ports.dp],
    ['diagnostics', 'http', settings['diagnostics.serverInterface'], ports.diagnostics],
  ] as const
  return Object.fromEntries(
    servers.flatMap(([name, scheme, host, port]) =>
      port === null ? [] : [[name, `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`]],
    ),
  )
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new CodedError(
      'ca.server-pair',
      `cannot read the control plane's own TLS file: ${messageOf(error)}`,
      {
        cause: error,
        details: { permanent: true },
      },
    )
  }
}

async function makeDataFolder(path: string): Promise<void> {
  try {
    await makeFolder(path)
  } catch (error) {
    // room can be made while we try again; rights and names are for a person
    const permanent = !['ENOSPC', 'EDQUOT', 'EIO'].includes(codeOf(error))
    throw new CodedError(
      'store.data-dir',
      `data folder ${path}: ${messageOf(error)}; give another one with --data-dir`,
      {
        cause: error,
        details: { permanent },
      },
    )
  }
}
