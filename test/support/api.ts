/** The HTTP API on free ports with a memory store, the real kinds, the real door to the store, and one mesh. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Live } from '../../cp/api/request.ts'
import { type Api, createApi } from '../../cp/api/server.ts'
import { LogComponents } from '../../cp/api/system/log-components.ts'
import { auditedStore } from '../../cp/auth/audit/audited-store.ts'
import { startAudit } from '../../cp/auth/audit/start-audit.ts'
import { USER_KEYS, ZONE_KEYS } from '../../cp/auth/keys.ts'
import { startAccess } from '../../cp/auth/rbac/rbac.ts'
import { Tokens } from '../../cp/auth/tokens.ts'
import { MeshAuthority } from '../../cp/ca/mesh-authority.ts'
import { providedCaViolations } from '../../cp/ca/provided-check.ts'
import { ensureServerCertificate } from '../../cp/ca/server-certificate.ts'
import { serverNames, thisMachine } from '../../cp/ca/server-names.ts'
import { type CpFlags, type CpSettings, readCpSettings } from '../../cp/config.ts'
import { Settling } from '../../cp/push/delivery/settling.ts'
import { newMeshHook } from '../../cp/reconcile/defaults.ts'
import { createFirstRoles } from '../../cp/reconcile/first-roles.ts'
import { Scheduler } from '../../cp/snapshot/scheduler.ts'
import { createGuardedStore, type GuardedStore } from '../../cp/store/guarded-store.ts'
import { createMemoryStore } from '../../cp/store/memory-store.ts'
import type { Store } from '../../cp/store/store.ts'
import { CodedError } from '../../dp/base/errors.ts'
import { type Logger, silentLogger } from '../../dp/base/log.ts'
import { Metrics } from '../../dp/base/metrics.ts'

export interface RunningApi {
  readonly store: Store
  readonly guarded: GuardedStore
  readonly tokens: Tokens
  readonly api: Api
  /** `http://127.0.0.1:PORT`. */
  readonly http: string
  readonly https: string
  readonly diagnostics: string
  close(): Promise<void>
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** undefined when it is not JSON. */
  readonly json: unknown
}

export interface StartOptions {
  /** Names as flags have them: `apiServer.maxBodyBytes`. */
  readonly settings?: CpFlags
  /** Left out: in `folder`, made there. */
  readonly folder: string
  readonly insight?: (mesh: string, name: string) => object | undefined
  readonly store?: Store
  /** Answers of data planes; nobody is connected when left out. */
  readonly questions?: Partial<Live['questions']>
  /** Parts of a control plane with sessions, on the same store. */
  readonly live?: Partial<Live>
  readonly log?: Logger
}

/** No mesh is compiled, nobody is connected. */
export function nothingLive(): Live {
  const ask = async (mesh: string, name: string): Promise<never> => {
    throw new CodedError('push.not-connected', `data plane ${name} of mesh ${mesh} is not connected`)
  }
  return {
    mesh: () => undefined,
    questions: { configuration: ask, statistics: ask },
    scheduler: {
      mesh: () => undefined,
      snapshot: () => null,
      cause: () => null,
      caughtUp: async () => {},
    },
    sessions: { get: () => null },
    settling: new Settling(),
    insights: { get: () => undefined },
    store: { epoch: 0, revision: () => 0, watch: () => () => {}, history: async () => [] },
  }
}

export function settingsFor(flags: CpFlags): CpSettings {
  return readCpSettings(
    {
      'apiServer.http.port': '0',
      'apiServer.https.port': '0',
      'apiServer.https.interface': '127.0.0.1',
      'diagnostics.serverPort': '0',
      ...flags,
    },
    undefined,
  )
}

/** With the mesh `default` (without mTLS), its signing key and that of users. */
export async function startApi(options: StartOptions): Promise<RunningApi> {
  const { store = createMemoryStore(), insight = () => undefined, log = silentLogger() } = options
  const tokens = new Tokens(store)
  const settings = settingsFor({ dataDir: options.folder, ...options.settings })
  const metrics = new Metrics()
  const logs = new LogComponents(log)
  const audit = await startAudit({ settings, store, metrics, log })
  const guarded = auditedStore(
    createGuardedStore({
      store,
      zone: 'default',
      hooks: [newMeshHook(store, tokens)],
      checks: [providedCaViolations],
      log: logs.logger('store'),
    }),
    audit.trail,
  )
  const keys = [...(await tokens.keys.missing(USER_KEYS)), ...(await tokens.keys.missing(ZONE_KEYS))]
  const mesh = { type: 'Mesh', mesh: '', name: 'default', labels: {}, spec: {} }
  await store.commit([...keys, mesh].map(resource => ({ op: 'put', resource })))
  const meshKeys = await newMeshHook(store, tokens)(mesh, null, store)
  await store.commit(meshKeys)
  await createFirstRoles({ store, guarded, log })
  const access = await startAccess(store, {
    type: settings['access.type'],
    anonymousRead: settings['apiServer.authn.anonymousRead'],
  })
  const pair = await ensureServerCertificate(options.folder, serverNames(await thisMachine(), []))
  const scheduler = new Scheduler({ store, ca: new MeshAuthority(store), log, onSnapshot: () => {} })
  await scheduler.start()
  const { questions } = options
  const live: Live = {
    ...nothingLive(),
    mesh: name => scheduler.mesh(name),
    scheduler,
    questions: { ...nothingLive().questions, ...questions },
    ...options.live,
  }
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
    version: '0.0.0',
    instanceId: 'test-1234',
    insight,
    live,
    tls: { cert: pair.chainPem, key: pair.privateKeyPem },
  })
  await api.listen()
  const { http, https, diagnostics } = api.ports()
  return {
    store,
    guarded,
    tokens,
    api,
    http: `http://127.0.0.1:${http}`,
    https: `https://127.0.0.1:${https}`,
    diagnostics: `http://127.0.0.1:${diagnostics}`,
    async close() {
      await api.close()
      scheduler.stop()
      access.stop()
      await audit.stop()
      await store.close()
    },
  }
}

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** A value is sent as JSON with its type; text and bytes as they are, without a type. */
  readonly body?: unknown
}

/** One request on its own connection; the server's certificate is not looked at. */
export function send(method: string, url: string, { headers = {}, body }: SendOptions = {}): Promise<Reply> {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
  const payload = body === undefined ? undefined : isRaw ? body : JSON.stringify(body)
  const type = body === undefined || isRaw ? {} : { 'content-type': 'application/json' }
  const length = payload === undefined ? {} : { 'content-length': String(Buffer.byteLength(payload)) }
  return new Promise((resolve, reject) => {
    const all = {
      method,
      headers: { ...type, ...length, ...headers },
      agent: false,
      rejectUnauthorized: false,
    }
    const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, all, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const { statusCode = 0, headers: answered } = response
        resolve({ status: statusCode, headers: answered, text, json: jsonOf(text) })
      })
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(payload)
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
