/**
 * Where each value of a merged configuration comes from: the same walk as merge.ts, with the item beside every value. What
 * comes out is what `mergeItems` gives, field by field.
 */

import { isDeepStrictEqual } from 'node:util'
import { isObject } from '#base/shape.ts'
import { fieldAt, itemAt, keyAt } from '../../kinds/field-path.ts'
import type { Resource } from '../../kinds/kind.ts'
import { mergeItems, type RouteRule } from '../items.ts'

/** An item of a policy, or all of a policy that has no items. */
export interface Author {
  readonly policy: Resource
  /** Index in its list; null: the policy has no list. */
  readonly ruleIndex: number | null
}

export interface Said extends Author {
  readonly conf: unknown
}

export interface TracedValue extends Author {
  /** As violations name fields: `http.requestTimeout`, `rules[0].matches`. Lists are one value, but for those that grow. */
  readonly path: string
  readonly value: unknown
}

interface Step {
  readonly value: unknown
  readonly author: Author
}

/** @param items of one type, lowest precedence first */
export function traced(items: readonly Said[]): readonly TracedValue[] {
  if (items[0]?.policy.type === 'MeshHTTPRoute') return tracedRoutes(items)
  return valuesAt('', stepsOf(items))
}

function stepsOf(items: readonly Said[]): readonly Step[] {
  return items.map(author => ({ value: author.conf, author }))
}

/** Rules are told by their matches: each is merged of all that have the same. */
function tracedRoutes(items: readonly Said[]): readonly TracedValue[] {
  const merged = mergeItems(items) as { readonly rules: readonly RouteRule[] }
  const all = items.flatMap(item => {
    const { rules } = item.conf as { readonly rules: readonly RouteRule[] }
    return rules.toReversed().map(rule => ({ rule, author: item }))
  })
  return merged.rules.flatMap(({ matches }, i) => {
    const same = all.filter(({ rule }) => isDeepStrictEqual(rule.matches, matches))
    return valuesAt(
      itemAt('rules', i),
      same.map(({ rule, author }) => ({ value: rule, author })),
    )
  })
}

function valuesAt(path: string, steps: readonly Step[]): readonly TracedValue[] {
  const acting = actingOf(steps)
  const last = acting.at(-1)
  if (last === undefined) return []
  if (!isObject(last.value)) return [traceOf(path, last.value, last.author)]
  const keys = new Set(acting.flatMap(({ value }) => (isObject(value) ? Object.keys(value) : [])))
  if (keys.size === 0) return [traceOf(path, last.value, last.author)]
  return [...keys].flatMap(key => {
    const below = acting.flatMap(({ value, author }) =>
      isObject(value) && Object.hasOwn(value, key) ? [{ value: value[key], author }] : [],
    )
    // names of tags have dots and slashes
    const place = /^[\w-]+$/.test(key) ? fieldAt(path, key) : keyAt(path, key)
    return key.startsWith('append') ? grown(place, below) : valuesAt(place, below)
  })
}

/** A value that is no object takes the place of all before it. */
function actingOf(steps: readonly Step[]): readonly Step[] {
  const acting: Step[] = []
  for (const step of steps) {
    if (step.value === undefined) continue
    if (!isObject(step.value) || !isObject(acting.at(-1)?.value)) acting.length = 0
    if (step.value !== null) acting.push(step)
  }
  return acting
}

/** Lists of such a field are put one behind the other. */
function grown(path: string, steps: readonly Step[]): readonly TracedValue[] {
  const lists = steps.filter(({ value }) => Array.isArray(value))
  if (lists.length < steps.length) return valuesAt(path, steps)
  const elements = lists.flatMap(({ value, author }) =>
    (value as readonly unknown[]).map(element => ({ element, author })),
  )
  const last = lists.at(-1)
  if (elements.length === 0 && last !== undefined) return [traceOf(path, [], last.author)]
  return elements.map(({ element, author }, i) => traceOf(itemAt(path, i), element, author))
}

function traceOf(path: string, value: unknown, { policy, ruleIndex }: Author): TracedValue {
  return { path, value, policy, ruleIndex }
}
