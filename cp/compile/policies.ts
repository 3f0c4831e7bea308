/** The policy compilers in order, each with its reason for standing there. */
import type { Resource } from '../kinds/kind.ts'
import type { DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import type { MeshView } from '../match/view.ts'
import type { Draft } from './draft.ts'
import { compileCircuitBreaker } from './resilience/circuit-breaker.ts'
import { compileFaultInjection } from './resilience/fault-injection.ts'
import { compileHealthCheck } from './resilience/health-check.ts'
import { compileRateLimit } from './resilience/rate-limit.ts'
import { compileRetry } from './resilience/retry.ts'
import { compileTimeout } from './resilience/timeout.ts'
import { compileMeshHttpRoute } from './routing/mesh-http-route.ts'
import { compileMeshLoadBalancingStrategy } from './routing/mesh-load-balancing-strategy.ts'
import { compileMeshTcpRoute } from './routing/mesh-tcp-route.ts'
import { compileTrafficRoute } from './routing/traffic-route.ts'
import { compileTrafficPermission } from './security/traffic-permission.ts'

export interface PolicyCompiler {
  /** The kind of policy it compiles. */
  readonly type: string
  /** The older kind that it compiles too, since one gives way to the other. */
  readonly legacy?: string
  /** Changes the draft; pure. */
  compile(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void
}

export const policyCompilers: readonly PolicyCompiler[] = [
  // first: an inbound is closed to everybody until the permissions say otherwise
  { type: 'MeshTrafficPermission', legacy: 'TrafficPermission', compile: compileTrafficPermission },
  // before what is for calls that no MeshHTTPRoute routes
  { type: 'MeshHTTPRoute', compile: compileMeshHttpRoute },
  // before what is for calls that no policy with a targetRef routes
  { type: 'MeshTCPRoute', compile: compileMeshTcpRoute },
  // after both, which it gives way to; before the balancing, which goes over all clusters that routes name
  { type: 'TrafficRoute', compile: compileTrafficRoute },
  // behind all that name clusters: every one is there now; it acts without a policy too, as the Mesh says
  { type: 'MeshLoadBalancingStrategy', compile: compileMeshLoadBalancingStrategy },
  // behind all that name clusters
  { type: 'MeshHealthCheck', legacy: 'HealthCheck', compile: compileHealthCheck },
  // behind the health checks, whose panic threshold it may say anew
  { type: 'MeshCircuitBreaker', legacy: 'CircuitBreaker', compile: compileCircuitBreaker },
  // after the routes, which may have times of their own
  { type: 'MeshTimeout', legacy: 'Timeout', compile: compileTimeout },
  // after the routes likewise
  { type: 'MeshRetry', legacy: 'Retry', compile: compileRetry },
  // of inbounds, which nobody else changes in that respect
  { type: 'MeshFaultInjection', legacy: 'FaultInjection', compile: compileFaultInjection },
  { type: 'MeshRateLimit', legacy: 'RateLimit', compile: compileRateLimit },
]
