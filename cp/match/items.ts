/**
 * The items of policies in one line: policies in precedence, the items of each in their order, so that a later one
 * overrides an earlier one. An item is who it is for (targetRef), its configuration, and where it stands.
 */
import type { Resource } from '../kinds/kind.ts'
import type { TargetRef } from '../kinds/target-ref.ts'
import { tagsOf } from './inbound.ts'
import { mergeConfs, mergeRouteRules } from './merge.ts'
import { isNamed } from './references.ts'
import { MATCHES_TAG, matchesHash } from './route-matches.ts'
import { topLevelRef } from './select.ts'
import type { MeshView } from './view.ts'

export type Tags = Readonly<Record<string, string>>

/** Where a configuration comes from. */
export interface Origin {
  readonly policy: Resource
  /** Index of the item in its list. */
  readonly ruleIndex: number
}

export interface Item extends Origin {
  readonly targetRef: TargetRef
  readonly conf: unknown
}

interface ListSpec {
  readonly default?: unknown
  readonly to?: readonly RawItem[] | undefined
  readonly from?: readonly RawItem[] | undefined
}

interface RawItem {
  readonly targetRef: TargetRef
  readonly default?: unknown
  readonly rules?: readonly RouteRule[] | undefined
  readonly hostnames?: readonly string[] | undefined
}

/** A rule of a MeshHTTPRoute or MeshTCPRoute. */
export interface RouteRule {
  readonly matches?: readonly unknown[] | undefined
  readonly default?: unknown
}

/** @param policies lowest precedence first */
export function itemsOf(policies: readonly Resource[], list: 'to' | 'from'): readonly Item[] {
  return policies.flatMap(policy =>
    ((policy.spec as ListSpec)[list] ?? []).map((item, ruleIndex) => ({
      policy,
      ruleIndex,
      targetRef: item.targetRef,
      conf: confOf(policy.type, item),
    })),
  )
}

/** What holds where a policy has no lists: `default`, merged; undefined: no policy has any. */
export function proxyConf(policies: readonly Resource[]): unknown {
  return mergeConfs(policies.map(policy => (policy.spec as ListSpec).default))
}

/** Merged in the way of the type; undefined when there are none. */
export function mergeItems(items: readonly { readonly policy: Resource; readonly conf: unknown }[]): unknown {
  const confs = items.map(({ conf }) => conf)
  if (confs.length === 0 || items[0]?.policy.type !== 'MeshHTTPRoute') return mergeConfs(confs)
  const routes = confs as readonly { readonly rules: readonly unknown[]; readonly hostnames?: unknown }[]
  return { ...(mergeConfs(confs) as object), rules: mergeRouteRules(routes.map(({ rules }) => rules)) }
}

/** Each policy once, in the order of its first item. */
export function policiesOf(origins: readonly Origin[]): readonly Resource[] {
  return [...new Set(origins.map(({ policy }) => policy))]
}

/** The tags that an item stands for (semantics 2.5); null: it means a resource that tags cannot say. */
export function tagsOfItem(ref: TargetRef): Tags | null {
  if (!BY_TAGS.includes(ref.kind) || ref.sectionName !== undefined) return null
  return ref.kind === 'MeshService' && ref.name === undefined ? null : tagsOf(ref)
}

const BY_TAGS: readonly TargetRef['kind'][] = ['Mesh', 'MeshSubset', 'MeshService', 'MeshServiceSubset']

/** An item with the tags that it stands for. */
export interface TaggedItem extends Origin {
  readonly tags: Tags
  readonly conf: unknown
}

/**
 * Items of `to` as tags. Those of a policy for a MeshHTTPRoute become one for each rule of the route, told by the hash of
 * its matches (semantics 2.5).
 */
export function taggedItems(view: MeshView, items: readonly Item[]): readonly TaggedItem[] {
  return items.flatMap(item => {
    const top = topLevelRef(item.policy)
    const origin = { policy: item.policy, ruleIndex: item.ruleIndex, conf: item.conf }
    if (top.kind === 'MeshHTTPRoute') return rulesOf(view, top).map(tags => ({ ...origin, tags }))
    const tags = tagsOfItem(item.targetRef)
    return tags === null ? [] : [{ ...origin, tags }]
  })
}

/** Items that name a MeshHTTPRoute in `to`: likewise, one for each rule of the route. */
export function routeItems(view: MeshView, items: readonly Item[]): readonly TaggedItem[] {
  return items.flatMap(({ policy, ruleIndex, targetRef, conf }) => {
    if (targetRef.kind !== 'MeshHTTPRoute' || topLevelRef(policy).kind === 'MeshHTTPRoute') return []
    return rulesOf(view, targetRef).map(tags => ({ policy, ruleIndex, conf, tags }))
  })
}

/** Of the MeshHTTPRoutes that a targetRef names, as tags. */
function rulesOf(view: MeshView, route: TargetRef): readonly Tags[] {
  return view
    .policies('MeshHTTPRoute')
    .filter(one => isNamed(one, route))
    .flatMap(ruleTags)
}

function ruleTags(route: Resource): readonly Tags[] {
  return ((route.spec as ListSpec).to ?? []).flatMap(({ targetRef, rules = [] }) =>
    rules.map(({ matches = [] }) => ({
      ...tagsOfItem(targetRef),
      [MATCHES_TAG]: matchesHash(matches),
    })),
  )
}

function confOf(type: string, { default: conf, rules = [], hostnames }: RawItem): unknown {
  if (type === 'MeshHTTPRoute') return { ...(hostnames === undefined ? {} : { hostnames }), rules }
  if (type === 'MeshTCPRoute') return rules[0] ?? {}
  return conf ?? {}
}
