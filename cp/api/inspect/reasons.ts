/**
 * Why a merged configuration is as it is: for each of its values the item that set it. The items are those that merging
 * takes, in its order (cp/match/merge.ts); nothing is matched anew.
 */
import { type Item, mergeItems, type Origin, type RouteRule, type Tags } from '../../match/items.ts'
import { matchesHash } from '../../match/route-matches.ts'

/** One value of a merged configuration. */
export interface Reason {
  /** Path of the value: `loadBalancer.type`. Lists are one value, since merging replaces them as a whole. */
  readonly field: string
  readonly value: unknown
  /** Who set it; several for lists that are joined (`append…`). The last one is the strongest. */
  readonly origins: readonly Origin[]
}

type Said = Origin & { readonly conf: unknown }

/** @param items lowest precedence first, all of one type */
export function reasonsOf(items: readonly Said[]): readonly Reason[] {
  if (items[0]?.policy.type === 'MeshHTTPRoute') return routeReasons(items)
  return leavesOf(mergeItems(items), '').map(([field, value]) => ({
    field,
    value,
    origins: originsOf(items, field),
  }))
}

/** As `reasonsOf`, of the rules of routes: each stands for itself, by its matches. */
function routeReasons(items: readonly Said[]): readonly Reason[] {
  const rules = (mergeItems(items) as { readonly rules?: readonly RouteRule[] } | undefined)?.rules ?? []
  return rules.flatMap(({ matches = [], default: merged }, position) => {
    const hash = matchesHash(matches)
    const said = items.flatMap(({ conf, ...origin }) =>
      ((conf as { readonly rules?: readonly RouteRule[] }).rules ?? [])
        .filter(rule => matchesHash(rule.matches ?? []) === hash)
        .map(rule => ({ ...origin, conf: rule.default })),
    )
    const at = `rules[${position}]`
    const of = (field: string): readonly Origin[] => originsOf(said, field)
    return [
      { field: `${at}.matches`, value: matches, origins: said.slice(-1) },
      ...leavesOf(merged, '').map(([field, value]) => ({
        field: `${at}.default.${field}`,
        value,
        origins: of(field),
      })),
    ]
  })
}

/** Sets of tags for which items of `from` say something, each with the items that hold for it. */
export function clientGroups(
  items: readonly (Said & { readonly tags: Tags })[],
): readonly { readonly tags: Tags; readonly items: readonly Said[] }[] {
  const sets = new Map(items.map(({ tags }) => [JSON.stringify(Object.entries(tags).sort()), tags]))
  return [...sets.values()].map(tags => ({
    tags,
    items: items.filter(item => Object.entries(item.tags).every(([key, value]) => tags[key] === value)),
  }))
}

/** The `default` of policies without lists, as items. */
export function wholeItems(policies: readonly Item['policy'][]): readonly Said[] {
  return policies.map(policy => ({
    policy,
    ruleIndex: 0,
    conf: (policy.spec as { readonly default?: unknown }).default,
  }))
}

function originsOf(items: readonly Said[], field: string): readonly Origin[] {
  const setting = items.filter(({ conf }) => valueAt(conf, field) !== undefined)
  const isJoined = (field.split('.').at(-1) ?? '').startsWith('append')
  return (isJoined ? setting : setting.slice(-1)).map(({ policy, ruleIndex }) => ({ policy, ruleIndex }))
}

function leavesOf(value: unknown, path: string): [string, unknown][] {
  if (value === undefined) return []
  const isBranch = typeof value === 'object' && value !== null && !Array.isArray(value)
  const members = isBranch ? Object.entries(value) : []
  if (members.length === 0) return path === '' ? [] : [[path, value]]
  return members.flatMap(([name, member]) => leavesOf(member, path === '' ? name : `${path}.${name}`))
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (of, name) =>
        typeof of === 'object' && of !== null && Object.hasOwn(of, name)
          ? (of as Readonly<Record<string, unknown>>)[name]
          : undefined,
      value,
    )
}
