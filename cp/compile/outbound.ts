/**
 * The declared outbounds of a data plane → listeners and the clusters behind them. A service whose instances do not
 * all speak some form of HTTP is carried as tcp (Kuma semantics 3.0).
 */
import type { Protocol } from '#contract/listener.ts'
import type { Resource } from '../kinds/kind.ts'
import { type DataplaneSpec, outboundsOf } from '../kinds/proxy/dataplane.ts'
import { destinationName } from '../match/destination-name.ts'
import type { MeshView } from '../match/view.ts'
import { clusterOf } from './cluster.ts'
import type { Draft } from './draft.ts'
import { carriedAs } from './inbound.ts'

export function compileOutbounds(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  for (const outbound of outboundsOf(dataplane.spec)) {
    const cluster = destinationName(outbound.tags)
    draft.outbounds.push({
      direction: 'outbound',
      address: outbound.address,
      port: outbound.port,
      protocol: protocolOf(view, outbound.service),
      cluster,
    })
    if (!draft.clusters.has(cluster))
      draft.clusters.set(cluster, clusterOf(view, outbound.service, outbound.tags))
  }
}

/**
 * Instances that do not serve just now count too: a restart must not turn http into tcp. Clients speak either form of
 * HTTP, whatever the application behind each instance does.
 */
function protocolOf(view: MeshView, service: string): Protocol {
  const instances = view.instancesOf(service)
  const areHttp = instances.length > 0 && instances.every(instance => carriedAs(instance.protocol) !== 'tcp')
  return areHttp ? 'http' : 'tcp'
}
