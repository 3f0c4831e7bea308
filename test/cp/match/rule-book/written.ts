/** Random policies that the API accepts: real fields of the kinds that are compiled, and of some that are not. */
import fc from 'fast-check'
import { clients, tops } from './meshes.ts'
import type { Entry, Ref, RouteRule } from './selection.ts'

/** Without labels and times, which the control plane gives. */
export interface WrittenPolicy {
  readonly type: string
  readonly name: string
  readonly spec: object
}

/** Path of each type in the API. */
export const PATHS: Readonly<Record<string, string>> = {
  MeshTrafficPermission: 'meshtrafficpermissions',
  MeshTimeout: 'meshtimeouts',
  MeshRetry: 'meshretries',
  MeshHTTPRoute: 'meshhttproutes',
  MeshTCPRoute: 'meshtcproutes',
  MeshLoadBalancingStrategy: 'meshloadbalancingstrategies',
}

/** What every one of the types takes at the top. */
const plainTops = tops.filter(
  ref => ref?.kind !== 'MeshHTTPRoute' && ref?.sectionName === undefined && ref?.proxyTypes === undefined,
)
const services: fc.Arbitrary<Ref> = fc.oneof(
  fc.constant({ kind: 'Mesh' }),
  fc.record({ kind: fc.constant('MeshService'), name: fc.constantFrom('web', 'api') }),
)
const durations = fc.constantFrom('1s', '90s', '2h')
const timeouts = fc.record(
  {
    connectionTimeout: durations,
    http: fc.record({ requestTimeout: durations, streamIdleTimeout: durations }),
  },
  { requiredKeys: ['connectionTimeout'] },
)
const retries = fc.record({
  http: fc.record({ numRetries: fc.nat(3), retryOn: fc.subarray(['5xx', 'Reset'], { minLength: 1 }) }),
})
const strategies = fc.record({
  loadBalancer: fc.record({ type: fc.constantFrom('RoundRobin', 'Random', 'LeastRequest') }),
})
const oneService: fc.Arbitrary<Ref> = fc.record({
  kind: fc.constant('MeshService'),
  name: fc.constantFrom('web', 'api'),
})
const backendRefs = fc.array(
  fc.record({
    kind: fc.constant('MeshService'),
    name: fc.constantFrom('web', 'api', 'db'),
    weight: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 2 },
)
const matches = fc.array(
  fc.record({
    path: fc.record({ type: fc.constantFrom('Exact', 'PathPrefix'), value: fc.constantFrom('/', '/a') }),
  }),
  { minLength: 1, maxLength: 2 },
)
const httpRules: fc.Arbitrary<readonly RouteRule[]> = fc.array(
  fc.record({ matches, default: fc.record({ backendRefs }) }),
  { minLength: 1, maxLength: 2 },
)
const tcpRules: fc.Arbitrary<readonly RouteRule[]> = fc
  .record({ default: fc.record({ backendRefs }) })
  .map(rule => [rule])
const actions = fc.record({ action: fc.constantFrom('Allow', 'Deny') })

function items(refs: fc.Arbitrary<Ref>, conf: fc.Arbitrary<object>): fc.Arbitrary<readonly Entry[]> {
  return fc.array(fc.record({ targetRef: refs, default: conf }), { minLength: 1, maxLength: 2 })
}

function routes(rules: fc.Arbitrary<readonly RouteRule[]>): fc.Arbitrary<readonly Entry[]> {
  return fc.array(fc.record({ targetRef: oneService, rules }), { minLength: 1, maxLength: 2 })
}

const LISTS: Readonly<Record<string, fc.Arbitrary<object>>> = {
  MeshTrafficPermission: fc.record({ from: items(clients, actions) }),
  MeshTimeout: fc.record({
    to: items(services, timeouts),
    from: items(fc.constant({ kind: 'Mesh' }), timeouts),
  }),
  MeshRetry: fc.record({ to: items(services, retries) }),
  MeshHTTPRoute: fc.record({ to: routes(httpRules) }),
  MeshTCPRoute: fc.record({ to: routes(tcpRules) }),
  MeshLoadBalancingStrategy: fc.record({ to: items(services, strategies) }),
}

/** Three of each type, always with the same names: each list takes the place of the one before. */
export const writtenPolicies: fc.Arbitrary<readonly WrittenPolicy[]> = fc
  .tuple(
    ...Object.entries(LISTS).map(([type, lists]) =>
      fc.array(fc.tuple(plainTops, lists), { minLength: 3, maxLength: 3 }).map(all =>
        all.map(([targetRef, rest], i) => ({
          type,
          name: `p-${i}`,
          spec: { ...(targetRef === undefined ? {} : { targetRef }), ...rest },
        })),
      ),
    ),
  )
  .map(lists => lists.flat())
