/** Which inbounds callers of a service know, and which of those they may call. */
import type { DataplaneInbound } from '../kinds/proxy/dataplane.ts'
import type { Instance } from '../match/view.ts'
import type { Readiness } from './readiness.ts'

/**
 * `lost`: its lease ran out; `left`: it said goodbye and may still finish calls; `out`: it serves nobody, as after its
 * goodbye or when it could not run its first snapshot.
 */
export type Rotation = 'in' | 'lost' | 'left' | 'out'

/** A data plane that offers the service. */
export interface Provider {
  readonly name: string
  readonly inbounds: readonly DataplaneInbound[]
  readonly readiness: Readiness
  readonly rotation: Rotation
}

/** @param providers sorted by name */
export function instancesFrom(service: string, providers: readonly Provider[]): readonly Instance[] {
  const staying = providers.filter(({ rotation }) => rotation === 'in' || rotation === 'lost')
  const lost = staying.filter(({ rotation }) => rotation === 'lost')
  // a control plane that lost sight of more than half of a service is more likely blind than right
  const trustsLosses = lost.length * 2 <= staying.length
  const isIn = ({ rotation }: Provider): boolean =>
    rotation === 'in' ||
    (rotation === 'lost' && !trustsLosses) ||
    // whoever leaves as the last one stays listed until its listener closes (the session ends)
    (rotation === 'left' && staying.length === 0)
  // a new array each time, also an empty one: what is made of it is kept by its identity
  return providers.flatMap(provider =>
    provider.inbounds
      .filter(inbound => inbound.service === service && inbound.state !== 'Ignored')
      .map(inbound => ({
        dataplane: provider.name,
        address: inbound.advertisedAddress,
        port: inbound.port,
        protocol: inbound.protocol,
        tags: inbound.tags,
        isServing: isIn(provider) && provider.readiness.isReady(inbound),
      })),
  )
}
