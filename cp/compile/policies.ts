/** The policy compilers in order, each with its reason for standing there. */
import type { Resource } from '../kinds/kind.ts'
import type { DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import type { MeshView } from '../match/view.ts'
import type { Draft } from './draft.ts'
import { compileCircuitBreaker } from './resilience/circuit-breaker.ts'
import { compileMeshCircuitBreaker } from './resilience/mesh-circuit-breaker.ts'
import { compileMeshHttpRoute } from './routing/mesh-http-route.ts'
import { compileMeshLoadBalancingStrategy } from './routing/mesh-load-balancing-strategy.ts'
import { compileMeshTcpRoute } from './routing/mesh-tcp-route.ts'
import { compileTrafficRoute } from './routing/traffic-route.ts'
import { compileMeshTrafficPermission } from './security/mesh-traffic-permission.ts'

export interface PolicyCompiler {
  /** The kind of policy it compiles. */
  readonly type: string
  /** Changes the draft; pure. */
  compile(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void
}

export const policyCompilers: readonly PolicyCompiler[] = [
  // first: an inbound is closed to everybody until the permissions say otherwise
  { type: 'MeshTrafficPermission', compile: compileMeshTrafficPermission },
  // before what is for calls that no MeshHTTPRoute routes
  { type: 'MeshHTTPRoute', compile: compileMeshHttpRoute },
  // before what is for calls that no policy with a targetRef routes
  { type: 'MeshTCPRoute', compile: compileMeshTcpRoute },
  // after both, which it gives way to; before the balancing, which goes over all clusters that routes name
  { type: 'TrafficRoute', compile: compileTrafficRoute },
  // behind the routes: every cluster is there now
  { type: 'CircuitBreaker', compile: compileCircuitBreaker },
  // behind CircuitBreaker, whose limits and detectors it replaces
  { type: 'MeshCircuitBreaker', compile: compileMeshCircuitBreaker },
  // last of those for outgoing calls: every cluster is there now; it acts without a policy too, as the Mesh says
  { type: 'MeshLoadBalancingStrategy', compile: compileMeshLoadBalancingStrategy },
]
