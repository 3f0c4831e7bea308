/** All kinds, in the order in which documents show them, and the ways to find one. */

import { accessAudit } from './access/access-audit.ts'
import { accessRole } from './access/access-role.ts'
import { accessRoleBinding } from './access/access-role-binding.ts'
import { hostnameGenerator } from './destination/hostname-generator.ts'
import { meshExternalService } from './destination/mesh-external-service.ts'
import { meshMultiZoneService } from './destination/mesh-multi-zone-service.ts'
import { meshService } from './destination/mesh-service.ts'
import { meshZoneAddress } from './destination/mesh-zone-address.ts'
import { workload } from './destination/workload.ts'
import { externalService } from './external/external-service.ts'
import { proxyTemplate } from './external/proxy-template.ts'
import { virtualOutbound } from './external/virtual-outbound.ts'
import { meshGateway } from './gateway/mesh-gateway.ts'
import { meshGatewayRoute } from './gateway/mesh-gateway-route.ts'
import type { Kind } from './kind.ts'
import { meshGlobalRateLimit } from './kong/mesh-global-rate-limit.ts'
import { meshOpa } from './kong/mesh-opa.ts'
import { opaPolicy } from './kong/opa-policy.ts'
import { circuitBreaker } from './legacy/circuit-breaker.ts'
import { faultInjection } from './legacy/fault-injection.ts'
import { healthCheck } from './legacy/health-check.ts'
import { rateLimit } from './legacy/rate-limit.ts'
import { retry } from './legacy/retry.ts'
import { timeout } from './legacy/timeout.ts'
import { trafficLog } from './legacy/traffic-log.ts'
import { trafficPermission } from './legacy/traffic-permission.ts'
import { trafficRoute } from './legacy/traffic-route.ts'
import { trafficTrace } from './legacy/traffic-trace.ts'
import { mesh } from './mesh/mesh.ts'
import { meshInsight } from './mesh/mesh-insight.ts'
import { serviceInsight } from './mesh/service-insight.ts'
import { meshAccessLog } from './observability/mesh-access-log.ts'
import { meshMetric } from './observability/mesh-metric.ts'
import { meshOtelBackend } from './observability/mesh-otel-backend.ts'
import { meshTrace } from './observability/mesh-trace.ts'
import { dataplane } from './proxy/dataplane.ts'
import { dataplaneInsight } from './proxy/dataplane-insight.ts'
import { zoneEgress } from './proxy/zone-egress.ts'
import { zoneIngress } from './proxy/zone-ingress.ts'
import { zoneEgressInsight, zoneIngressInsight } from './proxy/zone-proxy-insights.ts'
import { meshCircuitBreaker } from './resilience/mesh-circuit-breaker.ts'
import { meshFaultInjection } from './resilience/mesh-fault-injection.ts'
import { meshHealthCheck } from './resilience/mesh-health-check.ts'
import { meshRateLimit } from './resilience/mesh-rate-limit.ts'
import { meshRetry } from './resilience/mesh-retry.ts'
import { meshTimeout } from './resilience/mesh-timeout.ts'
import { meshHTTPRoute } from './routing/mesh-http-route.ts'
import { meshLoadBalancingStrategy } from './routing/mesh-load-balancing-strategy.ts'
import { meshPassthrough } from './routing/mesh-passthrough.ts'
import { meshProxyPatch } from './routing/mesh-proxy-patch.ts'
import { meshTCPRoute } from './routing/mesh-tcp-route.ts'
import { meshIdentity } from './security/mesh-identity.ts'
import { meshTLS } from './security/mesh-tls.ts'
import { meshTrafficPermission } from './security/mesh-traffic-permission.ts'
import { meshTrust } from './security/mesh-trust.ts'
import { globalSecret } from './system/global-secret.ts'
import { secret } from './system/secret.ts'
import { zone } from './system/zone.ts'
import { zoneInsight } from './system/zone-insight.ts'

export const kinds: readonly Kind[] = [
  mesh,
  meshInsight,
  serviceInsight,
  dataplane,
  dataplaneInsight,
  zone,
  zoneInsight,
  zoneIngress,
  zoneIngressInsight,
  zoneEgress,
  zoneEgressInsight,
  secret,
  globalSecret,
  // security
  meshTrafficPermission,
  meshTLS,
  meshIdentity,
  meshTrust,
  // resilience
  meshTimeout,
  meshRetry,
  meshCircuitBreaker,
  meshHealthCheck,
  meshRateLimit,
  meshFaultInjection,
  // routing
  meshHTTPRoute,
  meshTCPRoute,
  meshLoadBalancingStrategy,
  meshPassthrough,
  meshProxyPatch,
  // observability
  meshAccessLog,
  meshTrace,
  meshMetric,
  meshOtelBackend,
  // destinations
  meshService,
  meshExternalService,
  meshMultiZoneService,
  hostnameGenerator,
  workload,
  meshZoneAddress,
  // gateways and external services
  externalService,
  virtualOutbound,
  meshGateway,
  meshGatewayRoute,
  proxyTemplate,
  // legacy policies
  trafficPermission,
  trafficRoute,
  trafficLog,
  trafficTrace,
  faultInjection,
  healthCheck,
  circuitBreaker,
  retry,
  timeout,
  rateLimit,
  // access
  accessRole,
  accessRoleBinding,
  accessAudit,
  // Kong Mesh
  opaPolicy,
  meshOpa,
  meshGlobalRateLimit,
]

const byType = new Map(kinds.map(kind => [kind.type, kind]))
const byPath = new Map(kinds.flatMap(kind => [kind.path, ...kind.aliases].map(path => [path, kind] as const)))

/** By the value of `type`. */
export function kindByType(type: string): Kind | undefined {
  return byType.get(type)
}

/** By a segment of an API path. */
export function kindByPath(path: string): Kind | undefined {
  return byPath.get(path)
}
