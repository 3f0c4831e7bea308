/**
 * A destination (service, or subset of it by tags) → cluster with its endpoints. Data planes with the same
 * destination get the same object, so it is serialised once for all of them.
 */
import type { Cluster } from '#contract/cluster.ts'
import { enabledBackend } from '../kinds/mesh/mesh.ts'
import { SERVICE_TAG, serviceUri } from '../kinds/spiffe.ts'
import { destinationName } from '../match/destination-name.ts'
import { hasTags } from '../match/select.ts'
import type { Instance, MeshView } from '../match/view.ts'

/** Until MeshTimeout is enforced: what Kuma's default policy says. */
const CONNECT_TIMEOUT_MS = 5_000

export type Tags = Readonly<Record<string, string>>

/** Who is called. */
export interface Destination {
  readonly service: string
  /** `kuma.io/service` is one of them. */
  readonly tags: Tags
}

export function serviceDestination(service: string, tags: Tags = {}): Destination {
  return { service, tags: { ...tags, [SERVICE_TAG]: service } }
}

const known = new WeakMap<readonly Instance[], Map<string, Cluster>>()

export function clusterOf(view: MeshView, destination: Destination): Cluster {
  const { service, tags } = destination
  const instances = view.instancesOf(service)
  const hasMtls = enabledBackend(view.mesh.spec) !== undefined
  const name = destinationName(tags)
  const key = `${hasMtls} ${name}`
  const ofInstances = known.get(instances) ?? new Map<string, Cluster>()
  known.set(instances, ofInstances)
  const found = ofInstances.get(key)
  if (found !== undefined) return found
  const cluster: Cluster = {
    name,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    endpoints: servingInstances(view, destination).map(({ address, port }) => ({ address, port })),
    tls: hasMtls
      ? {
          sni: `${service}{mesh=${view.mesh.name}}`,
          trustDomain: view.mesh.name,
          serverIds: [serviceUri(view.mesh.name, service)],
        }
      : null,
  }
  ofInstances.set(key, cluster)
  return cluster
}

/** The endpoints of a destination, in the order of its cluster. */
export function servingInstances(view: MeshView, { service, tags }: Destination): readonly Instance[] {
  return view.instancesOf(service).filter(instance => instance.isServing && hasTags(instance.tags, tags))
}
