/**
 * The data planes of a mesh, each with what insights count it by: state, type, versions, certificate, services. In: the
 * store and what is known of sessions at this moment. Read once for a whole answer.
 */

import { ZONE_TAG } from '../../kinds/fields.ts'
import type { Resource } from '../../kinds/kind.ts'
import { type DataplaneSpec, inboundsOf } from '../../kinds/proxy/dataplane.ts'
import type { DataplaneInsightSpec } from '../../kinds/proxy/dataplane-insight.ts'
import { SERVICE_TAG } from '../../kinds/spiffe.ts'
import type { ApiContext } from '../request.ts'
import { INSIGHT, withReadiness } from './live.ts'

export type ProxyState = 'online' | 'offline' | 'partiallyDegraded'
export type ProxyType = 'standard' | 'gatewayBuiltin' | 'gatewayDelegated'

export interface CountedProxy {
  readonly mesh: string
  readonly name: string
  readonly type: ProxyType
  readonly state: ProxyState
  /** Service → whether this data plane serves it now. */
  readonly services: ReadonlyMap<string, boolean>
  readonly zone: string
  /** Of daemon and proxy; `unknown`: it never connected. */
  readonly kumaDp: string
  readonly envoy: string
  readonly issuedBackend: string | undefined
  readonly supportedBackends: readonly string[]
}

/** Sorted by mesh, then name. */
export async function proxiesOf(
  context: ApiContext,
  mesh: string | undefined,
): Promise<readonly CountedProxy[]> {
  const [dataplanes, stored] = await Promise.all([
    context.store.list('Dataplane', mesh),
    context.store.list(INSIGHT, mesh),
  ])
  const storedOf = new Map(stored.map(insight => [`${insight.mesh}/${insight.name}`, insight.spec]))
  return dataplanes.map(dataplane => {
    const { mesh, name } = dataplane
    const insight = context.insight(mesh, name) ?? storedOf.get(`${mesh}/${name}`)
    return proxyOf(withReadiness(context, dataplane), insight as DataplaneInsightSpec | undefined)
  })
}

function proxyOf(
  { mesh, name, spec }: Resource<DataplaneSpec>,
  insight: DataplaneInsightSpec | undefined,
): CountedProxy {
  const gateway = spec.networking?.gateway
  const subscriptions = insight?.subscriptions ?? []
  const isConnected = subscriptions.some(
    ({ connectTime, disconnectTime }) => connectTime !== undefined && disconnectTime === undefined,
  )
  const inbounds = inboundsOf(spec).filter(({ state }) => state !== 'Ignored')
  const isReady = inbounds.every(({ state }) => state === 'Ready')
  const services = new Map<string, boolean>()
  for (const { service, state } of inbounds) {
    if (service === '') continue
    services.set(service, (services.get(service) ?? true) && isConnected && state === 'Ready')
  }
  const ownService = gateway?.tags?.[SERVICE_TAG]
  if (ownService !== undefined) services.set(ownService, isConnected)
  const version = subscriptions.at(-1)?.version
  return {
    mesh,
    name,
    type:
      gateway === undefined ? 'standard' : gateway.type === 'BUILTIN' ? 'gatewayBuiltin' : 'gatewayDelegated',
    state: isConnected ? (isReady ? 'online' : 'partiallyDegraded') : 'offline',
    services,
    zone: gateway?.tags?.[ZONE_TAG] ?? inbounds[0]?.tags[ZONE_TAG] ?? '',
    kumaDp: version?.kumaDp?.version || 'unknown',
    envoy: version?.envoy?.version || 'unknown',
    issuedBackend: insight?.mTLS?.issuedBackend,
    supportedBackends: insight?.mTLS?.supportedBackends ?? [],
  }
}
