/** Random meshes for fast-check: few names, tags and values, so that everything meets everything. */
import fc from 'fast-check'
import type { LegacyPolicy } from './legacy.ts'
import type { Book, Destination } from './rules.ts'
import type { DataPlane, Entry, Policy, Ref, RouteRule, Tags } from './selection.ts'

export interface RandomMesh extends Book {
  readonly dataplanes: readonly DataPlane[]
}

/** Each field is left out half of the time. */
function maybe(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<object> {
  return fc.record(fields, { requiredKeys: [] })
}

/** Each tag or label is left out half of the time. */
function someOf(values: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<Tags> {
  const pairs = Object.entries(values).map(([key, all]) =>
    fc.option(fc.constantFrom(...all), { freq: 2 }).map(value => (value === null ? {} : { [key]: value })),
  )
  return fc.tuple(...pairs).map(all => Object.assign({}, ...all) as Tags)
}

const services = fc.constantFrom('web', 'api', 'db')
const extras = someOf({ env: ['prod', 'dev'], 'kuma.io/zone': ['east', 'west'], version: ['1', '2'] })
/** Of a data plane. */
export const tags: fc.Arbitrary<Tags> = fc
  .tuple(services, extras)
  .map(([service, extra]) => ({ ...extra, 'kuma.io/service': service }))
const toService = (name: string): Tags => ({ 'kuma.io/service': name })
const appLabels = someOf({ app: ['x', 'y'] })

const NAMES = ['main', 'admin']

export const dataplanes: fc.Arbitrary<readonly DataPlane[]> = fc
  .array(
    fc.record({
      labels: appLabels,
      gateway: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: tags }),
      inbounds: fc.array(
        fc.record(
          { name: fc.constant(''), state: fc.constantFrom('Ready', 'Ignored'), tags },
          { requiredKeys: ['tags'] },
        ),
        { minLength: 1, maxLength: 3 },
      ),
      calls: fc.array(fc.oneof(tags, services.map(toService)), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map(all =>
    all.map(({ labels, gateway, inbounds, calls }, i) => ({
      name: `dp-${i}`,
      labels,
      spec: {
        networking: {
          address: `10.0.0.${i + 1}`,
          ...(gateway === null
            ? {
                inbound: inbounds.map((inbound, j) => ({
                  port: 8080 + j,
                  ...inbound,
                  // no two have the same
                  ...(inbound.name === undefined ? {} : { name: NAMES[j] ?? 'third' }),
                })),
              }
            : { gateway: { type: 'DELEGATED', tags: gateway } }),
          outbound: calls.map((called, j) => ({ port: 10_001 + j, tags: called })),
        },
      },
    })),
  )

const proxyTypes = fc.constantFrom(['Sidecar'], ['Gateway'], ['Gateway', 'Sidecar'])
const sectionName = fc.constantFrom('main', 'admin', '8080', '8081')
const mesh: fc.Arbitrary<Ref> = fc.constant({ kind: 'Mesh' })
const subset: fc.Arbitrary<Ref> = fc.record({ kind: fc.constant('MeshSubset'), tags: extras })
const service: fc.Arbitrary<Ref> = fc.record({ kind: fc.constant('MeshService'), name: services })
const serviceSubset: fc.Arbitrary<Ref> = fc.record({
  kind: fc.constant('MeshServiceSubset'),
  name: services,
  tags: extras,
})

/** What a policy may be for; routes are not for routes. */
const topsOfRoutes: fc.Arbitrary<Ref | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({ kind: fc.constant('Mesh'), proxyTypes }, { requiredKeys: ['kind'] }),
  fc.record(
    { kind: fc.constant('MeshSubset'), tags: extras, proxyTypes },
    { requiredKeys: ['kind', 'tags'] },
  ),
  service,
  serviceSubset,
  fc.record(
    { kind: fc.constant('Dataplane'), name: fc.constantFrom('dp-0', 'dp-1'), sectionName },
    { requiredKeys: ['kind', 'name'] },
  ),
  fc.record({ kind: fc.constant('Dataplane'), labels: appLabels, sectionName }, { requiredKeys: ['kind'] }),
)
const routeNames = fc.constantFrom('MeshHTTPRoute-0', 'MeshHTTPRoute-1')
export const tops: fc.Arbitrary<Ref | undefined> = fc.oneof(
  { weight: 6, arbitrary: topsOfRoutes },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('MeshHTTPRoute'), name: routeNames }) },
)

export const clients = fc.oneof(mesh, subset, service, serviceSubset)
const servers = fc.oneof(
  mesh,
  service,
  fc.record({
    kind: fc.constant('MeshService'),
    name: services,
    sectionName: fc.constantFrom('http', '80', '90'),
  }),
  fc.record({ kind: fc.constant('MeshService'), labels: appLabels }),
)

const scalars = fc.constantFrom<unknown>('1s', '2s', 0, 5, true, false, '')
const lists = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 })
const leaf = maybe({ x: scalars, y: lists, appendZ: lists })
export const confs: fc.Arbitrary<unknown> = maybe({
  a: scalars,
  backends: lists,
  appendModifications: lists,
  http: fc.oneof<fc.Arbitrary<object>[]>(leaf, maybe({ deep: leaf })),
})
const actions = fc.constantFrom('Allow', 'Deny', 'AllowWithShadowDeny').map(action => ({ action }))

const paths = fc.record({ type: fc.constantFrom('Exact', 'PathPrefix'), value: fc.constantFrom('/', '/a') })
const routeMatches = fc.array(maybe({ path: paths, method: fc.constantFrom('GET', 'POST') }), {
  minLength: 1,
  maxLength: 2,
})
export const routeRules: fc.Arbitrary<readonly RouteRule[]> = fc.array(
  fc.record({ matches: routeMatches, default: confs }),
  { minLength: 1, maxLength: 3 },
)

const spiffeID = fc.record({ type: fc.constantFrom('Exact', 'Prefix'), value: fc.constant('spiffe://m/web') })
const sni = fc.constant({ type: 'Exact', value: 'web' })
const ruleMatches = fc.array(maybe({ spiffeID, sni }), { maxLength: 2 })
const inboundEntries: fc.Arbitrary<readonly Entry[]> = fc.array(
  fc.record({ matches: ruleMatches, default: confs }, { requiredKeys: ['default'] }),
  { maxLength: 3 },
)

function entries(targets: fc.Arbitrary<Ref>, conf: fc.Arbitrary<unknown>): fc.Arbitrary<readonly Entry[]> {
  return fc.array(fc.record({ targetRef: targets, default: conf }), { minLength: 1, maxLength: 2 })
}

/** By type: the rest of its spec. Types stand for the shapes of policies that there are. */
const LISTS: Readonly<Record<string, fc.Arbitrary<Omit<Policy['spec'], 'targetRef'>>>> = {
  MeshTrafficPermission: fc.record({ from: entries(clients, actions) }),
  MeshFaultInjection: fc.oneof(
    fc.record({ from: entries(clients, confs) }),
    fc.record({ to: entries(mesh, confs) }),
  ),
  MeshTimeout: fc.oneof(
    fc.record({ to: entries(servers, confs), from: entries(mesh, confs) }),
    fc.record({ rules: inboundEntries }),
    fc.record({ to: entries(servers, confs) }),
  ),
  MeshRetry: fc.record({ to: entries(servers, confs) }),
  MeshTrace: fc.record({ default: confs }),
  MeshHTTPRoute: fc.record({
    to: fc.array(fc.record({ targetRef: service, rules: routeRules }), { minLength: 1, maxLength: 2 }),
  }),
}

const policyLabels = someOf({
  'kuma.io/origin': ['global', 'zone'],
  'kuma.io/display-name': ['first', 'first', 'second'],
  'kuma.io/policy-role': ['system', 'producer', 'consumer', 'workload-owner'],
  'kuma.io/effect': ['shadow', '', '', '', '', ''],
})

/** What holds for calls that take a route says nothing about inbounds: that is refused. */
function specOf(targetRef: Ref | undefined, lists: Omit<Policy['spec'], 'targetRef'>): Policy['spec'] {
  if (targetRef === undefined) return lists
  if (targetRef.kind !== 'MeshHTTPRoute') return { targetRef, ...lists }
  const { from: _from, rules: _rules, ...rest } = lists
  return { targetRef, ...rest }
}

const times = fc.constantFrom('2026-01-01T10:00:00Z', '2026-01-01T11:00:00Z', '2026-01-01T12:00:00Z')

function policiesOf(type: string): fc.Arbitrary<readonly Policy[]> {
  const list = LISTS[type] ?? fc.constant({})
  const one = fc.record({
    labels: policyLabels,
    creationTime: times,
    spec: fc
      .tuple(type === 'MeshHTTPRoute' ? topsOfRoutes : tops, list)
      .map(([targetRef, lists]) => specOf(targetRef, lists)),
  })
  return fc
    .array(one, { maxLength: 3 })
    .map(all => all.map((policy, i) => ({ type, name: `${type}-${i}`, ...policy })))
}

/** Types that have policies in random meshes. */
export const TYPES: readonly string[] = Object.keys(LISTS)

const ports = fc.constantFrom([{ port: 80, name: 'http' }], [{ port: 80, name: 'http' }, { port: 90 }])
const destinations: fc.Arbitrary<readonly Destination[]> = fc
  .uniqueArray(fc.record({ name: services, labels: appLabels, ports }), {
    selector: one => one.name,
    maxLength: 3,
  })
  .map(all => all.map(one => ({ type: 'MeshService', ...one })))

/** As they come out of JSON. */
const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

export const meshes: fc.Arbitrary<RandomMesh> = fc
  .record({
    mesh: fc.constant('default'),
    dataplanes,
    destinations,
    policies: fc.tuple(...TYPES.map(policiesOf)).map(lists => lists.flat()),
  })
  .map(json)

const wildcards = someOf({
  'kuma.io/service': ['*', 'web', 'api'],
  env: ['*', 'prod'],
  'kuma.io/zone': ['*', 'east'],
})
const selectors = fc.array(fc.record({ match: wildcards }), { minLength: 1, maxLength: 2 })
const splits = fc.array(
  fc.record({
    weight: fc.constantFrom(0, 10),
    destination: fc
      .tuple(fc.constantFrom('*', 'web', 'other'), extras)
      .map(([name, extra]) => ({ ...extra, 'kuma.io/service': name })),
  }),
  { minLength: 1, maxLength: 2 },
)

const LEGACY: Readonly<Record<string, fc.Arbitrary<LegacyPolicy['spec']>>> = {
  TrafficRoute: fc.record({
    sources: selectors,
    destinations: selectors,
    conf: fc.record({ split: splits }),
  }),
  Timeout: fc.record({ sources: selectors, destinations: selectors }),
  Retry: fc.record({ sources: selectors, destinations: selectors }),
  TrafficPermission: fc.record({ sources: selectors, destinations: selectors }),
  RateLimit: fc.record({ sources: selectors, destinations: selectors }),
  TrafficTrace: fc.record({ selectors: fc.oneof(fc.constant([]), selectors) }),
}

/** Up to five of each type. Names do not follow the order of creation. */
export const legacyPolicies: fc.Arbitrary<readonly LegacyPolicy[]> = fc
  .tuple(
    ...Object.entries(LEGACY).map(([type, spec]) =>
      fc
        .array(fc.record({ creationTime: times, spec }), { maxLength: 5 })
        .map(all => all.map((one, i) => ({ type, name: `${type}-${i}`, ...one }))),
    ),
  )
  .map(lists => lists.flat())
