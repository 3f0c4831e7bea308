/** The inbounds of a data plane → listeners that hand calls to the local application. */
import type { Resource } from '../kinds/kind.ts'
import { enabledBackend } from '../kinds/mesh/mesh.ts'
import { type DataplaneSpec, inboundsOf } from '../kinds/proxy/dataplane.ts'
import type { MeshView } from '../match/view.ts'
import type { Draft } from './draft.ts'
import { carriedAs } from './protocol.ts'
import { probeOf } from './service-probe.ts'

export function compileInbounds(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  const hasMtls = enabledBackend(view.mesh.spec) !== undefined
  for (const inbound of inboundsOf(dataplane.spec)) {
    draft.inbounds.push({
      inbound,
      listener: {
        direction: 'inbound',
        address: inbound.address,
        port: inbound.port,
        protocol: carriedAs(inbound.protocol),
        service: inbound.service,
        upstream: { address: inbound.serviceAddress, port: inbound.servicePort },
        ...probeOf(inbound),
        tls: hasMtls ? { trustDomain: view.mesh.name, permission: { rules: [] } } : null,
      },
    })
  }
}
