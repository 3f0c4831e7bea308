/**
 * The filters of lists (kuma-api 1.5): query → which resources, or what is wrong with the query. `name` and
 * `filter[labels.KEY]` are for all kinds; `tag` for Dataplanes and ExternalServices, `gateway` for Dataplanes, `type` for
 * ServiceInsights; elsewhere they are not looked at.
 */
import type { Tags } from '../kinds/fields.ts'
import type { Kind, Resource, Violation } from '../kinds/kind.ts'
import type { ServiceInsightSpec } from '../kinds/mesh/service-insight.ts'
import { type DataplaneSpec, tagSetsOf } from '../kinds/proxy/dataplane.ts'
import type { Answer } from './http/answer.ts'
import { invalid, problem } from './problem.ts'

export type Filter =
  /** null: all of them. */
  | { readonly ok: true; readonly matches: ((resource: Resource) => boolean) | null }
  | { readonly ok: false; readonly answer: Answer }

const TITLE = 'Could not retrieve resources'

type Test = (resource: Resource) => boolean

/** @param route pattern of the route, which Kuma puts before the parameter */
export function readFilter(kind: Kind, query: URLSearchParams, route: string): Filter {
  const violations: Violation[] = []
  const tests: Test[] = []
  const name = query.get('name') ?? ''
  if (name !== '') tests.push(resource => resource.name.includes(name))
  tests.push(...labelTests(query, route, violations))
  if (kind.type === 'Dataplane') tests.push(...gatewayTests(query, route, violations))
  if (Object.hasOwn(TAG_SETS, kind.type)) tests.push(...tagTests(query, kind))
  if (violations.length > 0) return { ok: false, answer: invalid(TITLE, violations) }
  if (kind.type === 'ServiceInsight') {
    const types = query.get('type') ?? ''
    if (types !== '') {
      const wanted = types.split(',')
      if (!wanted.every(type => SERVICE_TYPES.includes(type))) return UNSUPPORTED_SERVICE_TYPE
      tests.push(({ spec }) => wanted.includes((spec as ServiceInsightSpec).serviceType ?? 'internal'))
    }
  }
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

function gatewayTests(query: URLSearchParams, route: string, violations: Violation[]): Test[] {
  const tests: Test[] = []
  const gateway = (query.get('gateway') ?? '').toLowerCase()
  const ofGateway = GATEWAY_TESTS[gateway]
  if (ofGateway !== undefined) tests.push(resource => ofGateway(gatewayOf(resource)))
  else if (gateway !== '') {
    const message = `shoud use \`true\`, \`false\`, 'builtin' or 'delegated' instead of ${gateway}`
    violations.push({ field: `${route}.gateway`, message })
  }
  return tests
}

/** Type → the tag sets of a resource; only asked for resources of that type, which were checked when written. */
const TAG_SETS: Readonly<Record<string, (spec: unknown) => readonly Tags[]>> = {
  Dataplane: spec => tagSetsOf(spec as DataplaneSpec),
  ExternalService: spec => [(spec as { readonly tags?: Tags }).tags ?? {}],
}

/** One set has to carry all of them; a part of the value is enough. */
function tagTests(query: URLSearchParams, kind: Kind): Test[] {
  const wanted = tagsIn(query.getAll('tag'))
  if (wanted.length === 0) return []
  return [
    ({ spec }) =>
      TAG_SETS[kind.type]?.(spec).some(tags =>
        wanted.every(([tag, value]) => Object.hasOwn(tags, tag) && tags[tag]?.includes(value)),
      ) === true,
  ]
}

type Gateway = NonNullable<NonNullable<DataplaneSpec['networking']>['gateway']>

const GATEWAY_TESTS: Readonly<Record<string, (gateway: Gateway | undefined) => boolean>> = {
  true: gateway => gateway !== undefined,
  false: gateway => gateway === undefined,
  builtin: gateway => gateway?.type === 'BUILTIN',
  delegated: gateway => gateway !== undefined && gateway.type !== 'BUILTIN',
}

const SERVICE_TYPES: readonly string[] = ['internal', 'external', 'gateway_builtin', 'gateway_delegated']
const UNSUPPORTED_SERVICE_TYPE: Filter = {
  ok: false,
  answer: problem({ status: 400, title: 'Bad Request', detail: 'bad request: unsupported service type' }),
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

function gatewayOf(resource: Resource): Gateway | undefined {
  return specOf(resource).networking?.gateway
}

/** Only asked for resources of type Dataplane, whose specs were checked when they were written. */
function specOf(resource: Resource): DataplaneSpec {
  return resource.spec as DataplaneSpec
}
