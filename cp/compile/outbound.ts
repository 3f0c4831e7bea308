/** The declared outbounds of a data plane → listeners and the clusters behind them. */
import type { Resource } from '../kinds/kind.ts'
import { type DataplaneSpec, outboundsOf } from '../kinds/proxy/dataplane.ts'
import type { MeshView } from '../match/view.ts'
import type { Draft } from './draft.ts'
import { protocolOf } from './protocol.ts'

export function compileOutbounds(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  for (const outbound of outboundsOf(dataplane.spec)) {
    const { cluster } = draft.cluster(view, outbound)
    draft.outbounds.push({
      outbound,
      listener: {
        direction: 'outbound',
        address: outbound.address,
        port: outbound.port,
        protocol: protocolOf(view, outbound.service) ?? 'tcp',
        cluster: cluster.name,
      },
      routedBy: 'nobody',
    })
  }
}
