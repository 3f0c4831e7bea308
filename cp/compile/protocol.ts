/** How inbounds and services are carried, by the protocol that their tags name. */
import type { Protocol } from '#contract/listener.ts'
import type { Instance, MeshView } from '../match/view.ts'

/** How the data plane carries a value of `kuma.io/protocol`; what it does not know are bytes, Kafka too. */
export function carriedAs(protocol: string): Protocol {
  if (protocol === 'http') return 'http'
  return protocol === 'http2' || protocol === 'grpc' ? 'http2' : 'tcp'
}

const protocols = new WeakMap<readonly Instance[], Protocol>()

/**
 * How a service is called; null: nobody offers it. Instances that do not serve just now count too: a restart must not
 * turn http into tcp. Clients speak either form of HTTP, whatever the application behind each instance does. A service
 * whose instances do not all speak some form of HTTP is carried as tcp (Kuma semantics 3.0).
 */
export function protocolOf(view: MeshView, service: string): Protocol | null {
  const instances = view.instancesOf(service)
  if (instances.length === 0) return null
  let protocol = protocols.get(instances)
  if (protocol === undefined) {
    protocol = instances.every(instance => carriedAs(instance.protocol) !== 'tcp') ? 'http' : 'tcp'
    protocols.set(instances, protocol)
  }
  return protocol
}

/** What all instances of a service have in common by their tags (Kuma semantics 3.0): its section of a policy. */
export function commonProtocol(view: MeshView, service: string): 'grpc' | 'http2' | 'http' | 'tcp' {
  if (protocolOf(view, service) !== 'http') return 'tcp'
  const spoken = new Set(view.instancesOf(service).map(({ protocol }) => protocol))
  if (spoken.has('http')) return 'http'
  return spoken.has('http2') ? 'http2' : 'grpc'
}
