/** The rule book read literally, 1.1 to 1.8 and 1.10: which legacy policy wins where. */
import type { DataPlane, Inbound, Tags } from './selection.ts'

export interface LegacyPolicy {
  readonly type: string
  readonly name: string
  readonly creationTime: string
  readonly spec: {
    readonly sources?: readonly { readonly match: Tags }[]
    readonly destinations?: readonly { readonly match: Tags }[]
    readonly selectors?: readonly { readonly match: Tags }[]
    readonly conf?: { readonly split?: readonly { readonly weight: number; readonly destination: Tags }[] }
  }
}

interface Rank {
  readonly exact: number
  readonly wildcard: number
}

/** 1.1 and 1.2; null: no match. */
function rank(match: Tags, tags: Tags): Rank | null {
  const pairs = Object.entries(match)
  const isMatch = pairs.every(([key, value]) => key in tags && (value === '*' || tags[key] === value))
  return isMatch ? rankOfSelector(match) : null
}

function rankOfSelector(match: Tags): Rank {
  const values = Object.values(match)
  const wildcard = values.filter(value => value === '*').length
  return { exact: values.length - wildcard, wildcard }
}

/** Above 0: `a` is higher. */
function compare(a: Rank, b: Rank): number {
  const total = a.exact + a.wildcard - b.exact - b.wildcard
  return total === 0 ? a.exact - b.exact : total
}

function best(selectors: readonly { readonly match: Tags }[], sets: readonly Tags[]): Rank | null {
  const ranks = selectors.flatMap(({ match }) => sets.flatMap(tags => rank(match, tags) ?? []))
  return ranks.toSorted((a, b) => compare(b, a))[0] ?? null
}

function tagSets({ spec }: DataPlane): readonly Tags[] {
  const { inbound = [], gateway } = spec.networking
  return [...inbound.map(({ tags }) => tags), gateway?.tags ?? {}]
}

/** 1.3. */
function winner(candidates: readonly (readonly [LegacyPolicy, Rank | null])[]): string | null {
  const byName = candidates.toSorted(([a], [b]) => (a.name < b.name ? -1 : 1))
  let won: readonly [LegacyPolicy, Rank] | null = null
  for (const [policy, its] of byName) {
    if (its === null) continue
    if (won === null) {
      won = [policy, its]
      continue
    }
    const order = compare(its, won[1])
    const isYounger = Date.parse(policy.creationTime) > Date.parse(won[0].creationTime)
    if (order > 0 || (order === 0 && isYounger)) won = [policy, its]
  }
  return won === null ? null : won[0].name
}

/** 1.5. */
export function ofOutbound(
  policies: readonly LegacyPolicy[],
  proxy: DataPlane,
  service: string,
): string | null {
  return winner(
    policies.map(policy => {
      const source = best(policy.spec.sources ?? [], tagSets(proxy))
      const destination = best(policy.spec.destinations ?? [], [{ 'kuma.io/service': service }])
      if (source === null || destination === null) return [policy, null] as const
      const sum = {
        exact: source.exact + destination.exact,
        wildcard: source.wildcard + destination.wildcard,
      }
      return [policy, sum] as const
    }),
  )
}

/** 1.6: sources play no part. */
export function ofInbound(policies: readonly LegacyPolicy[], { tags }: Inbound): string | null {
  return winner(policies.map(policy => [policy, best(policy.spec.destinations ?? [], [tags])] as const))
}

/** 1.7: all of them, each once. */
export function allOfInbound(policies: readonly LegacyPolicy[], { tags }: Inbound): readonly string[] {
  const ofFirst = ({ spec }: LegacyPolicy): Rank => rankOfSelector(spec.sources?.[0]?.match ?? {})
  return policies
    .filter(({ spec }) => best(spec.destinations ?? [], [tags]) !== null)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .toSorted(
      (a, b) => compare(ofFirst(b), ofFirst(a)) || Date.parse(b.creationTime) - Date.parse(a.creationTime),
    )
    .map(({ name }) => name)
}

/** 1.8. */
export function ofProxy(policies: readonly LegacyPolicy[], proxy: DataPlane): string | null {
  return winner(
    policies.map(policy => {
      const { selectors = [] } = policy.spec
      const isForAll = selectors.length === 0
      return [policy, isForAll ? { exact: 0, wildcard: 0 } : best(selectors, tagSets(proxy))] as const
    }),
  )
}

/** 1.5 and 1.10: outbounds, and the services that their routes split to. Sorted. */
export function calledServices(routes: readonly LegacyPolicy[], proxy: DataPlane): readonly string[] {
  const called = (proxy.spec.networking.outbound ?? []).flatMap(({ tags = {} }) => {
    const service = tags['kuma.io/service'] ?? ''
    const route = routes.find(({ name }) => name === ofOutbound(routes, proxy, service))
    const splits = (route?.spec.conf?.split ?? []).map(({ destination }) => {
      const named = Object.entries(destination).filter(([, value]) => value !== '*')
      return { ...tags, ...Object.fromEntries(named) }['kuma.io/service'] ?? ''
    })
    return [service, ...splits]
  })
  return [...new Set(called)].toSorted()
}

/** All of it for one data plane: `PART TYPE` → names of policies. Parts are `in PORT`, `out PORT`, `service NAME`, `all`. */
export function attachmentsOf(
  of: (type: string) => readonly LegacyPolicy[],
  dataplane: DataPlane,
): Readonly<Record<string, readonly string[]>> {
  const found: [string, readonly string[]][] = []
  const add = (part: string, type: string, names: readonly (string | null)[]): void => {
    const known = names.filter(name => name !== null)
    if (known.length > 0) found.push([`${part} ${type}`, known])
  }
  const { inbound = [], outbound = [] } = dataplane.spec.networking
  for (const one of inbound) {
    add(`in ${one.port}`, 'TrafficPermission', [ofInbound(of('TrafficPermission'), one)])
    add(`in ${one.port}`, 'RateLimit', allOfInbound(of('RateLimit'), one))
  }
  for (const { port, tags = {} } of outbound) {
    const service = tags['kuma.io/service'] ?? ''
    for (const type of ['TrafficRoute', 'Timeout']) {
      add(`out ${port}`, type, [ofOutbound(of(type), dataplane, service)])
    }
  }
  for (const service of calledServices(of('TrafficRoute'), dataplane)) {
    add(`service ${service}`, 'Retry', [ofOutbound(of('Retry'), dataplane, service)])
  }
  add('all', 'TrafficTrace', [ofProxy(of('TrafficTrace'), dataplane)])
  return Object.fromEntries(found)
}
