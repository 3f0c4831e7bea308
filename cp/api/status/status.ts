/**
 * How a data plane is, in one object: connection and health as two things, the snapshot it should run and the one it
 * runs, why it refused one, its certificate. From the Dataplane, its insight, its session and the scheduler.
 */

import type { Kind, Resource } from '../../kinds/kind.ts'
import {
  type DataplaneSpec,
  dataplane as dataplaneKind,
  inboundsOf,
  tagSetsOf,
} from '../../kinds/proxy/dataplane.ts'
import type { DataplaneInsightSpec } from '../../kinds/proxy/dataplane-insight.ts'
import { kinds } from '../../kinds/registry.ts'
import { unenforcedOf } from '../../kinds/show.ts'
import { SERVICE_TAG } from '../../kinds/spiffe.ts'
import type { Shown } from '../../kinds/table/columns.ts'
import { selectsProxy } from '../../match/proxy.ts'
import type { Delivery } from '../../push/delivery/outbox.ts'
import { Readiness } from '../../snapshot/readiness.ts'
import type { ApiContext } from '../request.ts'

/** A data plane that was cut off is lost, and after this long offline. */
const LOST_MS = 60_000

/** @param insight as in the store or from memory; undefined: it never connected */
export function statusOf(
  context: ApiContext,
  dataplane: Resource<DataplaneSpec>,
  insight: DataplaneInsightSpec | undefined,
  nowMs: number,
): Shown {
  const { mesh, name, spec } = dataplane
  const session = context.live.sessions.get(mesh, name)
  const certificate = certificateOf(insight, nowMs)
  const version = insight?.subscriptions?.at(-1)?.version?.kumaDp?.version
  return {
    mesh,
    name,
    services: servicesOf(spec),
    connection: connectionOf(insight, session !== null, nowMs),
    health: healthOf(spec, readinessOf(context, dataplane), isServing(context, dataplane, insight)),
    snapshot: snapshotOf(context, dataplane, session?.delivery ?? null, insight),
    ...(certificate === null ? {} : { certificate }),
    ...(version ? { version } : {}),
    unenforced: unenforcedCount(context, dataplane),
  }
}

function servicesOf(spec: DataplaneSpec): readonly string[] {
  const services = tagSetsOf(spec).flatMap(tags => tags[SERVICE_TAG] ?? [])
  return [...new Set(services)].sort()
}

function connectionOf(
  insight: DataplaneInsightSpec | undefined,
  isConnected: boolean,
  nowMs: number,
): object {
  const last = insight?.subscriptions?.at(-1)
  if (last === undefined) return { state: 'never' }
  const address = insight?.metadata?.['address']
  const where = {
    ...(typeof address === 'string' && address !== '' ? { address } : {}),
    ...(last.controlPlaneInstanceId ? { controlPlane: last.controlPlaneInstanceId } : {}),
  }
  if (isConnected) return { state: 'online', since: last.connectTime, ...where }
  // it was connected to another process, which has not said that it is gone
  if (last.disconnectTime === undefined) return { state: 'lost', since: startTime(), ...where }
  const isLost = nowMs - Date.parse(last.disconnectTime) < LOST_MS
  return { state: isLost ? 'lost' : 'offline', since: last.disconnectTime, ...where }
}

/** Of this process: since when it misses those who were connected to the last one. */
function startTime(): string {
  return new Date(Date.now() - process.uptime() * 1000).toISOString()
}

/** Its callers have it. While the control plane waits for who was connected before its start, they keep it. */
function isServing(
  { live }: ApiContext,
  { mesh, name }: Resource,
  insight: DataplaneInsightSpec | undefined,
): boolean {
  const rotation = live.mesh(mesh)?.rotation(name) ?? 'in'
  return rotation === 'in' && (insight?.subscriptions ?? []).length > 0
}

function readinessOf({ live }: ApiContext, { mesh, name }: Resource): Readiness {
  return live.mesh(mesh)?.readiness(name) ?? Readiness.UNKNOWN
}

/** What neither its Dataplane nor probes tell of an inbound is not known. */
function healthOf(spec: DataplaneSpec, readiness: Readiness, serves: boolean): object {
  const inbounds = inboundsOf(spec).filter(({ state }) => state !== 'Ignored')
  const notReady = inbounds
    .filter(inbound => !readiness.isReady(inbound))
    .map(inbound => {
      const { reason, sinceMs } = readiness.whyNot(inbound)
      const since = sinceMs === null ? {} : { since: new Date(sinceMs).toISOString() }
      return { port: inbound.port, service: inbound.service, reason, ...since }
    })
  const serving = serves ? inbounds.filter(inbound => readiness.isReady(inbound)) : []
  const ready = serving.filter(inbound => inbound.isHealthTold || readiness.isTold(inbound)).length
  return { ready, notProbed: serving.length - ready, total: inbounds.length, notReady }
}

/** `wanted` is known of connected data planes: for others nothing is compiled. */
function snapshotOf(
  { live }: ApiContext,
  { mesh, name }: Resource,
  delivery: Delivery | null,
  insight: DataplaneInsightSpec | undefined,
): object {
  const wanted = live.scheduler.snapshot(mesh, name)?.version
  const told = insight?.metadata?.['appliedVersion']
  const applied =
    delivery?.acknowledged != null
      ? textOf(delivery.acknowledged)
      : typeof told === 'string'
        ? dashed(told)
        : ''
  const refusal = delivery === null ? refusalTold(insight) : refusalIn(delivery)
  const acknowledgedMs = delivery?.acknowledgedMs ?? null
  return {
    ...(wanted === undefined ? {} : { wanted: textOf(wanted) }),
    ...(applied === '' ? {} : { applied }),
    ...(acknowledgedMs === null ? {} : { appliedTime: new Date(acknowledgedMs).toISOString() }),
    isCurrent: delivery?.isSettled === true && delivery.acknowledged !== null && refusal === null,
    ...(refusal === null ? {} : { refusal }),
  }
}

function refusalIn({ refusal }: Delivery): object | null {
  return refusal === null ? null : { version: textOf(refusal.version), violations: refusal.violations }
}

/** Of a session that is over only the sentence is left: `VERSION: PATH: MESSAGE; …`. */
function refusalTold(insight: DataplaneInsightSpec | undefined): object | null {
  const told = insight?.metadata?.['refusal']
  const match = typeof told === 'string' ? /^(\d+[.-]\d+): (.*)$/s.exec(told) : null
  return match === null
    ? null
    : { version: dashed(match[1] ?? ''), violations: [{ path: '', message: match[2] ?? '' }] }
}

function certificateOf(insight: DataplaneInsightSpec | undefined, nowMs: number): object | null {
  const {
    certificateExpirationTime: expires,
    lastCertificateRegeneration: issued,
    issuedBackend,
  } = insight?.mTLS ?? {}
  if (expires === undefined || issued === undefined) return null
  const [endMs, startMs] = [Date.parse(expires), Date.parse(issued)]
  const left = (endMs - nowMs) / Math.max(1, endMs - startMs)
  const lifeLeftPercent = Math.round(Math.min(1, Math.max(0, left)) * 100)
  return { expires, issued, lifeLeftPercent, backend: issuedBackend ?? '' }
}

/** What the Dataplane itself and the policies that select it ask for, and nothing enforces yet. */
function unenforcedCount({ live }: ApiContext, dataplane: Resource<DataplaneSpec>): number {
  const own = unenforcedOf(dataplaneKind, dataplane).length
  const view = live.mesh(dataplane.mesh)
  if (view === undefined) return own
  let count = own
  for (const kind of POLICY_KINDS) {
    for (const policy of view.policies(kind.type)) {
      const found = unenforcedOf(kind, policy).length
      if (found > 0 && selectsProxy(view, policy, dataplane)) count += found
    }
  }
  return count
}

const POLICY_KINDS: readonly Kind[] = kinds.filter(kind => kind.isPolicy)

/** As in ETags. */
function textOf({ epoch, revision }: { readonly epoch: number; readonly revision: number }): string {
  return `${epoch}-${revision}`
}

/** Insights that an older control plane wrote part the two by a dot. */
function dashed(version: string): string {
  return version.replace('.', '-')
}
