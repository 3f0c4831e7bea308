/** What is known of one data plane's sessions, and the form in which the API shows it and the store keeps it. */
import { randomUUID } from 'node:crypto'
import type { DataplaneInsightSpec } from '../kinds/proxy/dataplane-insight.ts'

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

/** A session that begins at `nowMs`. */
export function newSubscription(
  of: Pick<Subscription, 'controlPlane' | 'dpVersion' | 'address' | 'appliedVersion'>,
  nowMs: number,
): Subscription {
  return {
    id: randomUUID(),
    connectTimeMs: nowMs,
    disconnectTimeMs: null,
    updateTimeMs: nowMs,
    sent: 0,
    acknowledged: 0,
    rejected: 0,
    refusal: '',
    ...of,
  }
}

export function showState(state: InsightState): DataplaneInsightSpec {
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

export function readState(mesh: string, name: string, spec: DataplaneInsightSpec): InsightState {
  const metadata = (spec.metadata ?? {}) as Readonly<Record<string, unknown>>
  const mtls = spec.mTLS
  return {
    mesh,
    name,
    subscriptions: (spec.subscriptions ?? []).map(shown => ({
      id: shown.id ?? '',
      controlPlane: shown.controlPlaneInstanceId ?? '',
      connectTimeMs: parseTime(shown.connectTime),
      disconnectTimeMs: shown.disconnectTime === undefined ? null : parseTime(shown.disconnectTime),
      updateTimeMs: parseTime(shown.status?.lastUpdateTime ?? shown.connectTime),
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
            notAfterMs: parseTime(mtls.certificateExpirationTime),
            issuedAtMs: parseTime(mtls.lastCertificateRegeneration),
            regenerations: mtls.certificateRegenerations ?? 0,
            backend: mtls.issuedBackend ?? '',
          },
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}

/** What nobody can read was long ago. */
function parseTime(text: string | undefined): number {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? 0 : ms
}
