/**
 * What a data plane would run now, whether it is connected or not: its sections compiled on demand, on request as if
 * shadow policies acted; and its outbounds as people ask for them.
 */
import type { Cluster } from '#contract/cluster.ts'
import type { OutboundListener } from '#contract/listener.ts'
import { compile } from '../compile/compile.ts'
import { EFFECT_LABEL } from '../kinds/meta.ts'
import { outboundsOf } from '../kinds/proxy/dataplane.ts'
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
  readonly endpoints: readonly {
    readonly address: string
    readonly port: number
    readonly dataplane: string
  }[]
}

/** null: there is no such Dataplane. */
export function outboundPreview(view: MeshView, name: string): readonly OutboundPreview[] | null {
  const sections = previewOf(view, name)
  const dataplane = view.dataplane(name)
  if (sections === null || dataplane === undefined) return null
  return outboundsOf(dataplane.spec).flatMap(({ address, port, service }) => {
    const listener = sections[`listener/${address}:${port}`] as OutboundListener | undefined
    if (listener?.direction !== 'outbound') return []
    const cluster = sections[`cluster/${listener.cluster}`] as Cluster | undefined
    const holders = new Map(
      view.instancesOf(service).map(instance => [`${instance.address}:${instance.port}`, instance.dataplane]),
    )
    const endpoints = (cluster?.endpoints ?? []).map(endpoint => ({
      address: endpoint.address,
      port: endpoint.port,
      dataplane: holders.get(`${endpoint.address}:${endpoint.port}`) ?? '',
    }))
    return [{ address, port, protocol: listener.protocol, service, cluster: listener.cluster, endpoints }]
  })
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
