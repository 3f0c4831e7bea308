/** The MeshGateway that a builtin gateway runs (Kuma semantics 1.8, 1.12): one for a data plane, with its listeners. */
import type { Resource } from '../kinds/kind.ts'
import type { DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import { bestOf } from './legacy/selector.ts'
import type { MeshView } from './view.ts'

type Tags = Readonly<Record<string, string>>

/** What matching reads of a MeshGateway. */
export interface GatewaySpec {
  readonly selectors?: readonly { readonly match?: Tags | undefined }[] | undefined
  readonly tags?: Tags | undefined
  readonly conf?:
    | {
        readonly listeners?:
          | readonly {
              readonly port?: number | undefined
              readonly hostname?: string | undefined
              readonly protocol?: string | undefined
              readonly tags?: Tags | undefined
            }[]
          | undefined
      }
    | undefined
}

export interface GatewayListener {
  readonly port: number
  readonly protocol: string
  readonly hostname: string
  readonly tags: Tags
}

/** undefined: the data plane is no builtin gateway, or no MeshGateway selects it. */
export function gatewayOf(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
): Resource<GatewaySpec> | undefined {
  const gateway = dataplane.spec.networking?.gateway
  if (gateway?.type !== 'BUILTIN') return undefined
  const gateways = view.resources('MeshGateway') as readonly Resource<GatewaySpec>[]
  return bestOf(gateways, ({ spec }) => spec.selectors ?? [], [gateway.tags ?? {}])
}

export function listenersOf(gateway: Resource<GatewaySpec>): readonly GatewayListener[] {
  return (gateway.spec.conf?.listeners ?? []).map(({ port, protocol, hostname, tags }) => ({
    port: port ?? 0,
    protocol: protocol ?? 'HTTP',
    hostname: hostname || '*',
    tags: tags ?? {},
  }))
}
