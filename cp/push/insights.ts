/**
 * What is known of each data plane's sessions, as DataplaneInsight shows it. Kept in memory and written to the store
 * at most every `flushMs`, since it can be rebuilt.
 */
import { setTimeout as after } from 'node:timers'
import type { Logger } from '#base/log.ts'
import type { DataplaneInsightSpec } from '../kinds/proxy/dataplane-insight.ts'
import type { Store } from '../store/store.ts'

const SUBSCRIPTIONS_KEPT = 2

/** One session of a data plane. */
export interface Subscription {
  readonly id: string
  readonly controlPlane: string
  readonly connectTimeMs: number
  disconnectTimeMs: number | null
  updateTimeMs: number
  sent: number
  acknowledged: number
  rejected: number
  readonly dpVersion: string
  readonly address: string
  /** Version last acknowledged, and why a later one was refused. */
  appliedVersion: string
  refusal: string
}

export interface CertificateState {
  notAfterMs: number
  issuedAtMs: number
  regenerations: number
  backend: string
}

export interface InsightState {
  readonly mesh: string
  readonly name: string
  subscriptions: Subscription[]
  certificate: CertificateState | null
}

export class Insights {
  readonly #store: Store
  readonly #log: Logger
  readonly #flushMs: number
  readonly #states = new Map<string, InsightState>()
  readonly #dirty = new Set<string>()
  #timer: NodeJS.Timeout | null = null

  constructor(options: { store: Store; log: Logger; flushMs: number }) {
    this.#store = options.store
    this.#log = options.log
    this.#flushMs = options.flushMs
  }

  /** Takes back what the last process wrote; sessions that it left open are of nobody now. */
  async start(): Promise<readonly InsightState[]> {
    for (const resource of await this.#store.list('DataplaneInsight')) {
      const state = readState(resource.mesh, resource.name, resource.spec as DataplaneInsightSpec)
      this.#states.set(`${state.mesh}/${state.name}`, state)
    }
    return [...this.#states.values()]
  }

  get(mesh: string, name: string): InsightState | undefined {
    return this.#states.get(`${mesh}/${name}`)
  }

  /** The form that the API shows; undefined: never connected. */
  spec(mesh: string, name: string): DataplaneInsightSpec | undefined {
    const state = this.get(mesh, name)
    return state === undefined ? undefined : showState(state)
  }

  all(): Iterable<InsightState> {
    return this.#states.values()
  }

  open(mesh: string, name: string, subscription: Subscription): InsightState {
    const key = `${mesh}/${name}`
    const state = this.#states.get(key) ?? { mesh, name, subscriptions: [], certificate: null }
    for (const older of state.subscriptions) older.disconnectTimeMs ??= subscription.connectTimeMs
    state.subscriptions = [...state.subscriptions, subscription].slice(-SUBSCRIPTIONS_KEPT)
    this.#states.set(key, state)
    this.touch(state)
    return state
  }

  touch(state: InsightState): void {
    this.#dirty.add(`${state.mesh}/${state.name}`)
    this.#timer ??= after(() => void this.flush(), this.#flushMs).unref()
  }

  forget(mesh: string, name: string): void {
    this.#states.delete(`${mesh}/${name}`)
    this.#dirty.delete(`${mesh}/${name}`)
  }

  /** Writes what changed; also called at the end of the process. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const states = [...this.#dirty].flatMap(key => this.#states.get(key) ?? [])
    this.#dirty.clear()
    const present = new Set((await this.#store.list('Dataplane')).map(({ mesh, name }) => `${mesh}/${name}`))
    const writes = states
      .filter(({ mesh, name }) => present.has(`${mesh}/${name}`))
      .map(state => ({
        op: 'put' as const,
        resource: {
          type: 'DataplaneInsight',
          mesh: state.mesh,
          name: state.name,
          labels: {},
          spec: showState(state),
        },
      }))
    if (writes.length === 0) return
    await this.#store.commit(writes).catch((error: unknown) => {
      this.#log.warn({ err: error }, 'cannot write the status of data planes; it stays in memory')
    })
  }
}

function showState(state: InsightState): DataplaneInsightSpec {
  const { certificate } = state
  return {
    subscriptions: state.subscriptions.map(showSubscription),
    ...(certificate === null
      ? {}
      : {
          mTLS: {
            certificateExpirationTime: time(certificate.notAfterMs),
            lastCertificateRegeneration: time(certificate.issuedAtMs),
            certificateRegenerations: certificate.regenerations,
            issuedBackend: certificate.backend,
            supportedBackends: [certificate.backend],
          },
        }),
    metadata: {
      address: state.subscriptions.at(-1)?.address ?? '',
      appliedVersion: state.subscriptions.at(-1)?.appliedVersion ?? '',
      ...(state.subscriptions.at(-1)?.refusal ? { refusal: state.subscriptions.at(-1)?.refusal ?? '' } : {}),
    },
  }
}

type ShownSubscription = NonNullable<DataplaneInsightSpec['subscriptions']>[number]

/** Kuma counts by xDS type; vmesh has one kind of snapshot, so only `total` is counted. */
function showSubscription(subscription: Subscription): ShownSubscription {
  const { sent, acknowledged, rejected } = subscription
  return {
    id: subscription.id,
    controlPlaneInstanceId: subscription.controlPlane,
    connectTime: time(subscription.connectTimeMs),
    ...(subscription.disconnectTimeMs === null
      ? {}
      : { disconnectTime: time(subscription.disconnectTimeMs) }),
    status: {
      lastUpdateTime: time(subscription.updateTimeMs),
      total: {
        ...(sent > 0 ? { responsesSent: String(sent) } : {}),
        ...(acknowledged > 0 ? { responsesAcknowledged: String(acknowledged) } : {}),
        ...(rejected > 0 ? { responsesRejected: String(rejected) } : {}),
      },
      cds: {},
      eds: {},
      lds: {},
      rds: {},
    },
    version: {
      kumaDp: { version: subscription.dpVersion, kumaCpCompatible: true },
      envoy: {
        version: subscription.dpVersion,
        build: `vmesh-dp/${subscription.dpVersion}`,
        kumaDpCompatible: true,
      },
    },
  }
}

function readState(mesh: string, name: string, spec: DataplaneInsightSpec): InsightState {
  const metadata = (spec.metadata ?? {}) as Readonly<Record<string, unknown>>
  const mtls = spec.mTLS
  return {
    mesh,
    name,
    subscriptions: (spec.subscriptions ?? []).map(shown => ({
      id: shown.id ?? '',
      controlPlane: shown.controlPlaneInstanceId ?? '',
      connectTimeMs: Date.parse(shown.connectTime ?? ''),
      disconnectTimeMs: shown.disconnectTime === undefined ? null : Date.parse(shown.disconnectTime),
      updateTimeMs: Date.parse(shown.status?.lastUpdateTime ?? shown.connectTime ?? ''),
      sent: Number(shown.status?.total?.responsesSent ?? 0),
      acknowledged: Number(shown.status?.total?.responsesAcknowledged ?? 0),
      rejected: Number(shown.status?.total?.responsesRejected ?? 0),
      dpVersion: shown.version?.kumaDp?.version ?? '',
      address: typeof metadata['address'] === 'string' ? metadata['address'] : '',
      appliedVersion: typeof metadata['appliedVersion'] === 'string' ? metadata['appliedVersion'] : '',
      refusal: typeof metadata['refusal'] === 'string' ? metadata['refusal'] : '',
    })),
    certificate:
      mtls === undefined
        ? null
        : {
            notAfterMs: Date.parse(mtls.certificateExpirationTime ?? ''),
            issuedAtMs: Date.parse(mtls.lastCertificateRegeneration ?? ''),
            regenerations: mtls.certificateRegenerations ?? 0,
            backend: mtls.issuedBackend ?? '',
          },
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
