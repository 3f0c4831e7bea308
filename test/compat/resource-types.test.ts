/** `/_resources` and `/policies` field by field, against the tables of kuma-api 1.6 and 4.1: GUI and kumactl decide by them. */
import t from 'tap'
import { NAMES } from '../cp/kinds/registry.table.ts'
import { send, startApi } from '../support/api.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
type Entry = Readonly<Record<string, unknown>> & { readonly name: string }
const entries = async (path: string, key: string): Promise<readonly Entry[]> => {
  const { json } = await send('GET', `${run.http}${path}`)
  return (json as Readonly<Record<string, readonly Entry[]>>)[key] ?? []
}

const KONG = ['AccessAudit', 'AccessRole', 'AccessRoleBinding', 'MeshGlobalRateLimit', 'MeshOPA', 'OPAPolicy']
/** hasTo, hasFrom, hasRules, isFromAsRules: one letter each for those that are true. */
const FLAGS: Readonly<Record<string, string>> = {
  MeshAccessLog: 'tfra',
  MeshCircuitBreaker: 'tfra',
  MeshRateLimit: 'tfra',
  MeshTimeout: 'tfra',
  MeshFaultInjection: 'tfr',
  MeshTrafficPermission: 'fr',
  MeshTLS: 'fra',
  MeshHTTPRoute: 't',
  MeshTCPRoute: 't',
  MeshHealthCheck: 't',
  MeshLoadBalancingStrategy: 't',
  MeshRetry: 't',
  MeshMetric: '',
  MeshPassthrough: '',
  MeshProxyPatch: '',
  MeshTrace: '',
}
const NOT_IN_FEDERATION =
  /^(Dataplane(Insight)?|MeshInsight|MeshService|MeshZoneAddress|ServiceInsight|Workload|Zone((In|E)gress)?(Insight)?)$/
const DISPLAYED: Readonly<Record<string, readonly [singular: string, plural: string]>> = {
  MeshHTTPRoute: ['Mesh HTTP Route', 'Mesh HTTP Routes'],
  MeshTCPRoute: ['Mesh TCP Route', 'Mesh TCP Routes'],
  MeshTLS: ['Mesh TLS', 'Mesh TLSes'],
  MeshOpenTelemetryBackend: ['Mesh OpenTelemetry Backend', 'Mesh OpenTelemetry Backends'],
  MeshRetry: ['Mesh Retry', 'Mesh Retries'],
  Retry: ['Retry', 'Retries'],
  MeshProxyPatch: ['Mesh Proxy Patch', 'Mesh Proxy Patches'],
  MeshIdentity: ['Mesh Identity', 'Mesh Identities'],
  ZoneEgress: ['Zone Egress', 'Zone Egresses'],
  ZoneIngress: ['Zone Ingress', 'Zone Ingresses'],
  Mesh: ['Mesh', 'Meshes'],
  MeshLoadBalancingStrategy: ['Mesh Load Balancing Strategy', 'Mesh Load Balancing Strategies'],
  MeshZoneAddress: ['Mesh Zone Address', 'Mesh Zone Addresses'],
}
const bytewise = (a: string, b: string): number => (a < b ? -1 : 1)

t.test('lists the 53 types of Kuma 2.14 and those of Kong Mesh, in the order of bytes', async t => {
  const names = (await entries('/_resources', 'resources')).map(({ name }) => name)
  t.same(names, NAMES.map(([type]) => type).sort(bytewise))
  t.equal(names.filter(name => !KONG.includes(name)).length, 53)
})

t.test('tells of every type what its clients decide by', async t => {
  const resources = new Map((await entries('/_resources', 'resources')).map(entry => [entry.name, entry]))
  for (const [type, scope, path, , , shortName, traits] of NAMES) {
    const { policy, singularDisplayName, pluralDisplayName, ...entry } = resources.get(type) ?? { name: '' }
    t.same(
      entry,
      {
        name: type,
        scope,
        readOnly: traits === 'read only',
        path: type === 'GlobalSecret' ? 'globalsecrets' : path,
        shortName,
        includeInFederation: !NOT_IN_FEDERATION.test(type),
      },
      type,
    )
    if (DISPLAYED[type] !== undefined) t.same([singularDisplayName, pluralDisplayName], DISPLAYED[type])
    t.equal(policy !== undefined, traits === 'policy', `${type} is a policy or not`)
    if (traits !== 'policy' || KONG.includes(type)) continue
    const flags = FLAGS[type] ?? ''
    t.same(
      policy,
      {
        isTargetRef: type in FLAGS,
        hasToTargetRef: flags.includes('t'),
        hasFromTargetRef: flags.includes('f'),
        hasRulesTargetRef: flags.includes('r'),
        isFromAsRules: flags.includes('a'),
      },
      type,
    )
  }
})

t.test('lists the 29 policies of Kuma 2.14 as clients of 2.5 read them', async t => {
  const policies = await entries('/policies', 'policies')
  const names = policies.map(({ name }) => name)
  t.same(names, names.toSorted(bytewise))
  t.equal(names.filter(name => !KONG.includes(name)).length, 29)
  t.notOk(names.includes('MeshGateway'))
  for (const { name, singularDisplayName, pluralDisplayName, path, ...rest } of policies) {
    t.type(path, 'string')
    t.type(singularDisplayName, 'string')
    t.type(pluralDisplayName, 'string')
    if (KONG.includes(name)) continue
    const flags = FLAGS[name] ?? ''
    const isInbound = flags.includes('f')
    const isOutbound = flags.includes('t')
    t.same(
      rest,
      { readOnly: false, isExperimental: false, isTargetRefBased: name in FLAGS, isInbound, isOutbound },
      name,
    )
  }
})
