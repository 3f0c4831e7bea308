/**
 * What kinds are called, without what they are: commands need the names of all kinds and the schemas of few, and to load
 * those of all takes as long as most commands run. Each kind says the same of itself, which a test compares.
 */
import { type KindName, named } from './kind-name.ts'

/** In the order of `registry.ts`. */
export const kindNames: readonly KindName[] = [
  named('Mesh', async () => (await import('../mesh/mesh.ts')).mesh, {
    plural: 'meshes',
    shortName: 'm',
    scope: 'Global',
  }),
  named('MeshInsight', async () => (await import('../mesh/mesh-insight.ts')).meshInsight, {
    singular: 'mesh-insight',
    readOnly: true,
    scope: 'Global',
  }),
  named('ServiceInsight', async () => (await import('../mesh/service-insight.ts')).serviceInsight, {
    singular: 'service-insight',
    readOnly: true,
  }),
  named('Dataplane', async () => (await import('../proxy/dataplane.ts')).dataplane, { shortName: 'dp' }),
  named('DataplaneInsight', async () => (await import('../proxy/dataplane-insight.ts')).dataplaneInsight, {
    singular: 'dataplane-insight',
    readOnly: true,
  }),
  named('Zone', async () => (await import('../system/zone.ts')).zone, { shortName: 'z', scope: 'Global' }),
  named('ZoneInsight', async () => (await import('../system/zone-insight.ts')).zoneInsight, {
    singular: 'zone-insight',
    readOnly: true,
    scope: 'Global',
  }),
  named('ZoneIngress', async () => (await import('../proxy/zone-ingress.ts')).zoneIngress, {
    plural: 'zoneingresses',
    aliases: ['zone-ingresses'],
    shortName: 'zi',
    scope: 'Global',
  }),
  named(
    'ZoneIngressInsight',
    async () => (await import('../proxy/zone-proxy-insights.ts')).zoneIngressInsight,
    { singular: 'zone-ingress-insight', readOnly: true, scope: 'Global' },
  ),
  named('ZoneEgress', async () => (await import('../proxy/zone-egress.ts')).zoneEgress, {
    plural: 'zoneegresses',
    shortName: 'ze',
    scope: 'Global',
  }),
  named(
    'ZoneEgressInsight',
    async () => (await import('../proxy/zone-proxy-insights.ts')).zoneEgressInsight,
    { readOnly: true, scope: 'Global' },
  ),
  named('Secret', async () => (await import('../system/secret.ts')).secret, { adminOnly: true }),
  named('GlobalSecret', async () => (await import('../system/global-secret.ts')).globalSecret, {
    singular: 'global-secret',
    aliases: ['globalsecrets'],
    adminOnly: true,
    scope: 'Global',
  }),
  named(
    'MeshTrafficPermission',
    async () => (await import('../security/mesh-traffic-permission.ts')).meshTrafficPermission,
    { shortName: 'mtp', isPolicy: true },
  ),
  named('MeshTLS', async () => (await import('../security/mesh-tls.ts')).meshTLS, {
    plural: 'meshtlses',
    shortName: 'mtls',
    isPolicy: true,
  }),
  named('MeshIdentity', async () => (await import('../security/mesh-identity.ts')).meshIdentity, {
    plural: 'meshidentities',
    shortName: 'mid',
  }),
  named('MeshTrust', async () => (await import('../security/mesh-trust.ts')).meshTrust, {
    shortName: 'mtrust',
  }),
  named('MeshTimeout', async () => (await import('../resilience/mesh-timeout.ts')).meshTimeout, {
    shortName: 'mt',
    isPolicy: true,
  }),
  named('MeshRetry', async () => (await import('../resilience/mesh-retry.ts')).meshRetry, {
    plural: 'meshretries',
    shortName: 'mr',
    isPolicy: true,
  }),
  named(
    'MeshCircuitBreaker',
    async () => (await import('../resilience/mesh-circuit-breaker.ts')).meshCircuitBreaker,
    { shortName: 'mcb', isPolicy: true },
  ),
  named('MeshHealthCheck', async () => (await import('../resilience/mesh-health-check.ts')).meshHealthCheck, {
    shortName: 'mhc',
    isPolicy: true,
  }),
  named('MeshRateLimit', async () => (await import('../resilience/mesh-rate-limit.ts')).meshRateLimit, {
    shortName: 'mrl',
    isPolicy: true,
  }),
  named(
    'MeshFaultInjection',
    async () => (await import('../resilience/mesh-fault-injection.ts')).meshFaultInjection,
    { shortName: 'mfi', isPolicy: true },
  ),
  named('MeshHTTPRoute', async () => (await import('../routing/mesh-http-route.ts')).meshHTTPRoute, {
    shortName: 'mhttpr',
    isPolicy: true,
  }),
  named('MeshTCPRoute', async () => (await import('../routing/mesh-tcp-route.ts')).meshTCPRoute, {
    shortName: 'mtcpr',
    isPolicy: true,
  }),
  named(
    'MeshLoadBalancingStrategy',
    async () => (await import('../routing/mesh-load-balancing-strategy.ts')).meshLoadBalancingStrategy,
    { plural: 'meshloadbalancingstrategies', shortName: 'mlbs', isPolicy: true },
  ),
  named('MeshPassthrough', async () => (await import('../routing/mesh-passthrough.ts')).meshPassthrough, {
    shortName: 'mp',
    isPolicy: true,
  }),
  named('MeshProxyPatch', async () => (await import('../routing/mesh-proxy-patch.ts')).meshProxyPatch, {
    plural: 'meshproxypatches',
    shortName: 'mpp',
    isPolicy: true,
  }),
  named('MeshAccessLog', async () => (await import('../observability/mesh-access-log.ts')).meshAccessLog, {
    shortName: 'mal',
    isPolicy: true,
  }),
  named('MeshTrace', async () => (await import('../observability/mesh-trace.ts')).meshTrace, {
    shortName: 'mtr',
    isPolicy: true,
  }),
  named('MeshMetric', async () => (await import('../observability/mesh-metric.ts')).meshMetric, {
    shortName: 'mm',
    isPolicy: true,
  }),
  named(
    'MeshOpenTelemetryBackend',
    async () => (await import('../observability/mesh-otel-backend.ts')).meshOtelBackend,
    { shortName: 'motb' },
  ),
  named('MeshService', async () => (await import('../destination/mesh-service.ts')).meshService, {
    shortName: 'msvc',
  }),
  named(
    'MeshExternalService',
    async () => (await import('../destination/mesh-external-service.ts')).meshExternalService,
    { shortName: 'extsvc' },
  ),
  named(
    'MeshMultiZoneService',
    async () => (await import('../destination/mesh-multi-zone-service.ts')).meshMultiZoneService,
    { shortName: 'mzsvc' },
  ),
  named(
    'HostnameGenerator',
    async () => (await import('../destination/hostname-generator.ts')).hostnameGenerator,
    { shortName: 'hg', scope: 'Global' },
  ),
  named('Workload', async () => (await import('../destination/workload.ts')).workload, { shortName: 'wl' }),
  named(
    'MeshZoneAddress',
    async () => (await import('../destination/mesh-zone-address.ts')).meshZoneAddress,
    { plural: 'meshzoneaddresses', shortName: 'mza' },
  ),
  named('ExternalService', async () => (await import('../external/external-service.ts')).externalService, {
    singular: 'external-service',
  }),
  named('VirtualOutbound', async () => (await import('../external/virtual-outbound.ts')).virtualOutbound, {
    singular: 'virtual-outbound',
    isPolicy: true,
  }),
  named('MeshGateway', async () => (await import('../gateway/mesh-gateway.ts')).meshGateway, {
    shortName: 'mgw',
  }),
  named('MeshGatewayRoute', async () => (await import('../gateway/mesh-gateway-route.ts')).meshGatewayRoute, {
    isPolicy: true,
  }),
  named('ProxyTemplate', async () => (await import('../external/proxy-template.ts')).proxyTemplate, {
    isPolicy: true,
  }),
  named(
    'TrafficPermission',
    async () => (await import('../legacy/traffic-permission.ts')).trafficPermission,
    { singular: 'traffic-permission', isPolicy: true },
  ),
  named('TrafficRoute', async () => (await import('../legacy/traffic-route.ts')).trafficRoute, {
    singular: 'traffic-route',
    isPolicy: true,
  }),
  named('TrafficLog', async () => (await import('../legacy/traffic-log.ts')).trafficLog, {
    singular: 'traffic-log',
    isPolicy: true,
  }),
  named('TrafficTrace', async () => (await import('../legacy/traffic-trace.ts')).trafficTrace, {
    singular: 'traffic-trace',
    isPolicy: true,
  }),
  named('FaultInjection', async () => (await import('../legacy/fault-injection.ts')).faultInjection, {
    singular: 'fault-injection',
    isPolicy: true,
  }),
  named('HealthCheck', async () => (await import('../legacy/health-check.ts')).healthCheck, {
    path: 'health-checks',
    isPolicy: true,
  }),
  named('CircuitBreaker', async () => (await import('../legacy/circuit-breaker.ts')).circuitBreaker, {
    singular: 'circuit-breaker',
    isPolicy: true,
  }),
  named('Retry', async () => (await import('../legacy/retry.ts')).retry, {
    plural: 'retries',
    isPolicy: true,
  }),
  named('Timeout', async () => (await import('../legacy/timeout.ts')).timeout, { isPolicy: true }),
  named('RateLimit', async () => (await import('../legacy/rate-limit.ts')).rateLimit, {
    singular: 'rate-limit',
    isPolicy: true,
  }),
  named('AccessRole', async () => (await import('../access/access-role.ts')).accessRole, {
    singular: 'access-role',
    scope: 'Global',
  }),
  named(
    'AccessRoleBinding',
    async () => (await import('../access/access-role-binding.ts')).accessRoleBinding,
    { singular: 'access-role-binding', scope: 'Global' },
  ),
  named('AccessAudit', async () => (await import('../access/access-audit.ts')).accessAudit, {
    scope: 'Global',
  }),
  named('OPAPolicy', async () => (await import('../kong/opa-policy.ts')).opaPolicy, {
    singular: 'opa-policy',
    plural: 'opa-policies',
    isPolicy: true,
  }),
  named('MeshOPA', async () => (await import('../kong/mesh-opa.ts')).meshOpa, { isPolicy: true }),
  named(
    'MeshGlobalRateLimit',
    async () => (await import('../kong/mesh-global-rate-limit.ts')).meshGlobalRateLimit,
    { isPolicy: true },
  ),
]

const byType = new Map(kindNames.map(one => [one.type, one]))
const byArgument = new Map(
  kindNames.flatMap(one =>
    [one.type, one.singular, one.plural, one.path, ...one.aliases, one.shortName]
      .filter(word => word !== '')
      .map(word => [argumentKey(word), one] as const),
  ),
)

/** By the value of `type`. */
export function nameByType(type: string): KindName | undefined {
  return byType.get(type)
}

/** By what people type: singular, plural, path, type or short name, in any case, with dashes or without. */
export function nameByArgument(argument: string): KindName | undefined {
  return byArgument.get(argumentKey(argument))
}

/** kumactl has changed its mind on dashes more than once: `zone-ingress`, `zoneingress`, `healthcheck`. */
function argumentKey(text: string): string {
  return text.toLowerCase().replaceAll('-', '')
}
