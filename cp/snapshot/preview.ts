/**
 * What a data plane would run now, whether it is connected or not: its sections compiled on demand, on request as if
 * shadow policies acted; and its outbounds as people ask for them.
 */
import { clustersOf } from '#contract/listener.ts'
import { compile, draftOf } from '../compile/compile.ts'
import type { Draft } from '../compile/draft.ts'
import { EFFECT_LABEL } from '../kinds/meta.ts'
import { isShadow } from '../match/select.ts'
import type { MeshView } from '../match/view.ts'

/** Section values by name, sorted; null: there is no such Dataplane. No section holds a secret. */
export function previewOf(
  view: MeshView,
  name: string,
  options: { readonly withShadow?: boolean } = {},
): Readonly<Record<string, object>> | null {
  const dataplane = view.dataplane(name)
  if (dataplane === undefined) return null
  const sections = compile(options.withShadow === true ? withShadowPolicies(view) : view, dataplane)
  return Object.fromEntries([...sections].sort(([a], [b]) => (a < b ? -1 : 1)))
}

export interface OutboundPreview {
  readonly address: string
  readonly port: number
  readonly protocol: string
  readonly service: string
  /** Name of the cluster. */
  readonly cluster: string
  readonly endpoints: readonly EndpointPreview[]
  /** Clusters to which its routes lead besides. */
  readonly others: readonly { readonly cluster: string; readonly endpoints: readonly EndpointPreview[] }[]
}

interface EndpointPreview {
  readonly address: string
  readonly port: number
  readonly dataplane: string
}

/** null: there is no such Dataplane. */
export function outboundPreview(view: MeshView, name: string): readonly OutboundPreview[] | null {
  const dataplane = view.dataplane(name)
  if (dataplane === undefined) return null
  const draft = draftOf(view, dataplane)
  return draft.outbounds.map(({ outbound: { address, port, service }, listener }) => {
    const { protocol, cluster } = listener
    const others = clustersOf(listener).filter(other => other !== cluster)
    return {
      address,
      port,
      protocol,
      service,
      cluster,
      endpoints: endpointsOf(view, draft, cluster),
      others: others.map(other => ({ cluster: other, endpoints: endpointsOf(view, draft, other) })),
    }
  })
}

function endpointsOf(view: MeshView, { clusters }: Draft, name: string): readonly EndpointPreview[] {
  const found = clusters.get(name)
  if (found === undefined) return []
  const instances = view.instancesOf(found.destination.service)
  const holders = new Map(
    instances.map(({ address, port, dataplane }) => [`${address}:${port}`, dataplane] as const),
  )
  return found.cluster.endpoints.map(({ address, port }) => ({
    address,
    port,
    dataplane: holders.get(`${address}:${port}`) ?? '',
  }))
}

/** The same mesh where shadow policies act like all others. */
function withShadowPolicies(view: MeshView): MeshView {
  return {
    mesh: view.mesh,
    dataplane: name => view.dataplane(name),
    instancesOf: service => view.instancesOf(service),
    resources: type => view.resources(type),
    roots: () => view.roots(),
    policies: type =>
      view.policies(type).map(policy => {
        if (!isShadow(policy)) return policy
        const { [EFFECT_LABEL]: _shadow, ...labels } = policy.labels
        return { ...policy, labels }
      }),
  }
}
