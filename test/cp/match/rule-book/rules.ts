/** The rule book read literally, 2.5 to 2.10: everything that `_rules` says about one data plane (kuma-api 1.10). */
import { createHash } from 'node:crypto'
import { merge, mergeRouteRules } from './merging.ts'
import {
  compareByAttributes,
  compareByName,
  type DataPlane,
  type Entry,
  type Inbound,
  inOrder,
  type Policy,
  type Ref,
  type RouteRule,
  select,
  type Tags,
} from './selection.ts'
import { type Item, type Rule, rulesOf, tagsOf } from './subsets.ts'

/** A MeshService: its ports are its sections. */
export interface Destination {
  readonly type: string
  readonly name: string
  readonly labels: Tags
  readonly ports: readonly { readonly port: number; readonly name?: string }[]
}

export interface Book {
  readonly mesh: string
  readonly policies: readonly Policy[]
  readonly destinations: readonly Destination[]
}

export interface ResourceRule {
  readonly resource: string
  readonly section: string
  readonly conf: unknown
  /** `POLICY/INDEX`. */
  readonly origin: readonly string[]
}

export interface MatchEntry {
  readonly match: unknown
  readonly conf: unknown
  readonly origin: string
}

/** Lists are empty where there is nothing to say. */
export interface RulesOfType {
  readonly type: string
  readonly proxyRule: { readonly conf: unknown; readonly origin: readonly string[] } | null
  readonly toRules: readonly Rule[]
  /** By resource and section. */
  readonly toResourceRules: readonly ResourceRule[]
  /** By port of the inbound. */
  readonly fromRules: readonly { readonly port: number; readonly rules: readonly Rule[] }[]
  readonly inboundRules: readonly { readonly port: number; readonly rules: readonly MatchEntry[] }[]
}

/** 2.9: those whose `from` for the whole mesh is an entry of `rules`. */
const FROM_AS_RULES = ['MeshTimeout', 'MeshCircuitBreaker', 'MeshRateLimit', 'MeshAccessLog', 'MeshTLS']

/** null: nothing is said. */
export function rulesOfType(book: Book, proxy: DataPlane, type: string): RulesOfType | null {
  const routes = book.policies.filter(policy => policy.type === 'MeshHTTPRoute')
  const all = inOrder(book.policies.filter(policy => policy.type === type))
  const matched = all.filter(policy => select(policy, proxy, routes).isSelected)
  const ofInbound = (inbound: Inbound): readonly Policy[] =>
    all.filter(policy => select(policy, proxy, routes).inbounds.includes(inbound))
  const inbounds = proxy.spec.networking.inbound ?? []
  const singles = matched.filter(({ spec }) => spec.default !== undefined)
  const rules: RulesOfType = {
    type,
    proxyRule:
      singles.length === 0
        ? null
        : { conf: merge(singles.map(({ spec }) => spec.default)), origin: singles.map(({ name }) => name) },
    toRules: rulesOf(
      matched.flatMap(policy => toItems(policy, routes)),
      true,
      mergeOf(type),
    ),
    toResourceRules: resourceRules(book, matched),
    fromRules: inbounds
      .map(inbound => ({
        port: inbound.port,
        rules: rulesOf(ofInbound(inbound).flatMap(fromItems), false),
      }))
      .filter(one => one.rules.length > 0),
    inboundRules: inbounds
      .map(inbound => ({ port: inbound.port, rules: entriesOf(ofInbound(inbound)) }))
      .filter(one => one.rules.length > 0),
  }
  const { proxyRule, toRules, toResourceRules, fromRules, inboundRules } = rules
  const count = toRules.length + toResourceRules.length + fromRules.length + inboundRules.length
  return proxyRule === null && count === 0 ? null : rules
}

function mergeOf(type: string): (confs: readonly unknown[]) => unknown {
  if (type !== 'MeshHTTPRoute') return merge
  return confs => {
    const lists = confs.map(conf => (conf as { readonly rules: readonly RouteRule[] }).rules)
    return { rules: mergeRouteRules(lists) }
  }
}

function confOf(type: string, entry: Entry): unknown {
  if (type === 'MeshHTTPRoute') return { rules: entry.rules ?? [] }
  return type === 'MeshTCPRoute' ? (entry.rules?.[0] ?? {}) : (entry.default ?? {})
}

function toItems(policy: Policy, routes: readonly Policy[]): readonly Item[] {
  const { targetRef: top, to = [] } = policy.spec
  if (top?.kind === 'MeshHTTPRoute')
    return itemsForRoute(
      policy,
      to,
      routes.find(({ name }) => name === top.name),
    )
  return to.flatMap(entry => {
    const tags = tagsOf(entry.targetRef)
    return tags === null ? [] : [{ policy: policy.name, tags, conf: confOf(policy.type, entry) }]
  })
}

/** 2.5: each item once for every rule of the route. */
function itemsForRoute(policy: Policy, to: readonly Entry[], route: Policy | undefined): readonly Item[] {
  const hashes = (route?.spec.to ?? []).flatMap(entry =>
    (entry.rules ?? []).map(rule => ({
      'kuma.io/service': entry.targetRef?.name ?? '',
      '__rule-matches-hash__': hashOf(rule.matches ?? []),
    })),
  )
  return to.flatMap(entry => hashes.map(tags => ({ policy: policy.name, tags, conf: entry.default ?? {} })))
}

/** Only paths and methods are written here: `value` stands before `type`. */
function hashOf(matches: readonly object[]): string {
  const text = matches.map(match => {
    const { path, method } = match as { path?: { type: string; value: string }; method?: string }
    return { ...(path && { path: { value: path.value, type: path.type } }), ...(method && { method }) }
  })
  return createHash('sha256').update(JSON.stringify(text)).digest('base64')
}

function fromItems(policy: Policy): readonly Item[] {
  return (policy.spec.from ?? []).flatMap(entry => {
    const tags = tagsOf(entry.targetRef)
    return tags === null ? [] : [{ policy: policy.name, tags, conf: entry.default ?? {} }]
  })
}

/** 2.9: one entry for each match, then a stable sort by match. */
function entriesOf(policies: readonly Policy[]): readonly MatchEntry[] {
  const entries = policies.flatMap(({ type, name, spec }) => {
    const rules = spec.rules ?? []
    const from = FROM_AS_RULES.includes(type) && rules.length === 0 ? (spec.from ?? []) : []
    return [...rules, ...from.filter(one => (one.targetRef?.kind ?? 'Mesh') === 'Mesh')].flatMap(
      (entry, i) => {
        const matches: readonly unknown[] =
          (entry.matches ?? []).length === 0 ? [null] : (entry.matches ?? [])
        return matches.map(match => ({ match, conf: entry.default ?? {}, origin: `${name}/${i}` }))
      },
    )
  })
  type Match = { spiffeID?: { type: string }; sni?: object }
  const of = ({ match }: MatchEntry): Match => (match ?? {}) as Match
  const before = (isIt: boolean, isOther: boolean): number => Number(isOther) - Number(isIt)
  return entries.toSorted(
    (a, b) =>
      before(of(a).spiffeID !== undefined, of(b).spiffeID !== undefined) ||
      before(of(a).spiffeID?.type === 'Exact', of(b).spiffeID?.type === 'Exact') ||
      before(of(a).sni !== undefined, of(b).sni !== undefined),
  )
}

const TO_KINDS = ['Mesh', 'MeshService', 'MeshHTTPRoute']

interface Target {
  readonly resource: string
  readonly section: string
}

/** 2.10: one rule for each resource that is named. */
function resourceRules(book: Book, policies: readonly Policy[]): readonly ResourceRule[] {
  const items = policies
    .flatMap(policy => (policy.spec.to ?? []).map((entry, index) => ({ policy, entry, index })))
    .toSorted((a, b) => {
      const rank = ({ targetRef: ref = { kind: 'Mesh' } }: Entry): number =>
        TO_KINDS.indexOf(ref.kind) * 2 + Number(ref.sectionName !== undefined)
      return (
        compareByAttributes(a.policy, b.policy) ||
        rank(a.entry) - rank(b.entry) ||
        compareByName(a.policy, b.policy) ||
        a.index - b.index
      )
    })
    .map(item => ({ ...item, targets: targetsOf(book, item.policy, item.entry.targetRef) }))
  const named = items.flatMap(item => item.targets)
  const isSame = (a: Target, b: Target): boolean => a.resource === b.resource && a.section === b.section
  return named
    .filter((target, i) => named.findIndex(other => isSame(other, target)) === i)
    .map(target => {
      const relevant = items.filter(item =>
        item.targets.some(
          one =>
            one.resource === `Mesh/${book.mesh}` ||
            (one.resource === target.resource && (one.section === '' || one.section === target.section)),
        ),
      )
      const type = relevant[0]?.policy.type ?? ''
      const conf = mergeOf(type)(relevant.map(({ entry }) => confOf(type, entry)))
      return { ...target, conf, origin: relevant.map(({ policy, index }) => `${policy.name}/${index}`) }
    })
    .toSorted((a, b) => (`${a.resource} ${a.section}` < `${b.resource} ${b.section}` ? -1 : 1))
}

/** What a policy for a MeshHTTPRoute says holds for that route, not for all of the mesh. */
function targetsOf(book: Book, policy: Policy, ref: Ref = { kind: 'Mesh' }): readonly Target[] {
  const top = policy.spec.targetRef
  if (top?.kind === 'MeshHTTPRoute') {
    const isThere = book.policies.some(({ type, name }) => type === 'MeshHTTPRoute' && name === top.name)
    return isThere ? [{ resource: `MeshHTTPRoute/${top.name}`, section: '' }] : []
  }
  if (ref.kind === 'Mesh') return [{ resource: `Mesh/${book.mesh}`, section: '' }]
  return book.destinations
    .filter(({ type, name, labels }) => {
      if (type !== ref.kind) return false
      return ref.name === undefined
        ? Object.entries(ref.labels ?? {}).every(([key, value]) => labels[key] === value)
        : name === ref.name
    })
    .flatMap(({ type, name, ports }) => {
      if (ref.sectionName === undefined) return [{ resource: `${type}/${name}`, section: '' }]
      const port = ports.find(one => [one.name, String(one.port)].includes(ref.sectionName))
      return port === undefined
        ? []
        : [{ resource: `${type}/${name}`, section: port.name ?? String(port.port) }]
    })
}

/** 2.7: what is enforced for a client with these tags, one value each; undefined: no item speaks of it. */
export function confForClient(
  book: Book,
  proxy: DataPlane,
  type: string,
  inbound: Inbound,
  client: Tags,
): unknown {
  const routes = book.policies.filter(policy => policy.type === 'MeshHTTPRoute')
  const items = inOrder(book.policies.filter(policy => policy.type === type))
    .filter(policy => select(policy, proxy, routes).inbounds.includes(inbound))
    .flatMap(fromItems)
  return merge(
    items
      .filter(({ tags }) => Object.entries(tags).every(([key, value]) => client[key] === value))
      .map(({ conf }) => conf),
  )
}
