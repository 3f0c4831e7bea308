/**
 * The filters of lists (kuma-api 1.5): query → which resources, or what is wrong with the query. `name` and
 * `filter[labels.KEY]` are for all kinds; `tag` and `gateway` for Dataplanes, elsewhere they are not looked at.
 */
import type { Kind, Resource, Violation } from '../kinds/kind.ts'
import { type DataplaneSpec, tagSetsOf } from '../kinds/proxy/dataplane.ts'

export type Filter =
  /** null: all of them. */
  | { readonly ok: true; readonly matches: ((resource: Resource) => boolean) | null }
  | { readonly ok: false; readonly violations: readonly Violation[] }

type Test = (resource: Resource) => boolean

/** @param route pattern of the route, which Kuma puts before the parameter */
export function readFilter(kind: Kind, query: URLSearchParams, route: string): Filter {
  const violations: Violation[] = []
  const tests: Test[] = []
  const name = query.get('name') ?? ''
  if (name !== '') tests.push(resource => resource.name.includes(name))
  tests.push(...labelTests(query, route, violations))
  if (kind.type === 'Dataplane') tests.push(...dataplaneTests(query, route, violations))
  if (violations.length > 0) return { ok: false, violations }
  return { ok: true, matches: tests.length === 0 ? null : resource => tests.every(test => test(resource)) }
}

/** Exact; all have to fit; of a repeated key the last counts. */
function labelTests(query: URLSearchParams, route: string, violations: Violation[]): Test[] {
  const wanted = new Map<string, string>()
  for (const [parameter, value] of query) {
    if (!parameter.startsWith('filter[')) continue
    const key = /^filter\[labels\.([^\]]*)\](.*)$/.exec(parameter)
    const fault = key === null ? 'filters are only supported on labels' : 'advanced filters are not supported'
    if (key?.[1] === undefined || key[2] !== '')
      violations.push({ field: `${route}.${parameter}`, message: fault })
    else wanted.set(key[1], value)
  }
  return [...wanted].map(
    ([key, value]) =>
      ({ labels }) =>
        Object.hasOwn(labels, key) && labels[key] === value,
  )
}

function dataplaneTests(query: URLSearchParams, route: string, violations: Violation[]): Test[] {
  const tests: Test[] = []
  const gateway = (query.get('gateway') ?? '').toLowerCase()
  const ofGateway = GATEWAY_TESTS[gateway]
  if (ofGateway !== undefined) tests.push(resource => ofGateway(gatewayOf(resource)))
  else if (gateway !== '') {
    const message = `shoud use \`true\`, \`false\`, 'builtin' or 'delegated' instead of ${gateway}`
    violations.push({ field: `${route}.gateway`, message })
  }
  const tags = tagsIn(query.getAll('tag'))
  if (tags.length > 0) tests.push(resource => carriesTags(resource, tags))
  return tests
}

type Gateway = NonNullable<NonNullable<DataplaneSpec['networking']>['gateway']>

const GATEWAY_TESTS: Readonly<Record<string, (gateway: Gateway | undefined) => boolean>> = {
  true: gateway => gateway !== undefined,
  false: gateway => gateway === undefined,
  builtin: gateway => gateway?.type === 'BUILTIN',
  delegated: gateway => gateway !== undefined && gateway.type !== 'BUILTIN',
}

/** What is not KEY:VALUE says nothing, as in Kuma; values may hold colons. */
function tagsIn(parameters: readonly string[]): readonly (readonly [string, string])[] {
  const tags = new Map<string, string>()
  for (const parameter of parameters) {
    const colon = parameter.indexOf(':')
    if (colon >= 0) tags.set(parameter.slice(0, colon), parameter.slice(colon + 1))
  }
  return [...tags]
}

/** One inbound, or the gateway, has to carry all of them; a part of the value is enough. */
function carriesTags(resource: Resource, wanted: readonly (readonly [string, string])[]): boolean {
  return tagSetsOf(specOf(resource)).some(tags =>
    wanted.every(([tag, value]) => Object.hasOwn(tags, tag) && tags[tag]?.includes(value)),
  )
}

function gatewayOf(resource: Resource): Gateway | undefined {
  return specOf(resource).networking?.gateway
}

/** Only asked for resources of type Dataplane, whose specs were checked when they were written. */
function specOf(resource: Resource): DataplaneSpec {
  return resource.spec as DataplaneSpec
}
