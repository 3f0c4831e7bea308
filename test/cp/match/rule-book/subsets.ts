/** The rule book read literally, 2.5 to 2.7 in the form of 2.14: rules with negated tags, by brute force. */
import { merge } from './merging.ts'
import type { Ref, Tags } from './selection.ts'

export interface Item {
  readonly policy: string
  readonly tags: Tags
  readonly conf: unknown
}

export interface Tag {
  readonly key: string
  readonly value: string
  readonly not: boolean
}

export interface Rule {
  readonly matchers: readonly Tag[]
  readonly conf: unknown
  /** Names of policies. */
  readonly origin: readonly string[]
}

type Merge = (confs: readonly unknown[]) => unknown

/** 2.5; null: not to be said with tags, as a section or what is chosen by labels. */
export function tagsOf(ref: Ref = { kind: 'Mesh' }): Tags | null {
  if (ref.sectionName !== undefined || ref.labels !== undefined) return null
  switch (ref.kind) {
    case 'Mesh':
      return {}
    case 'MeshSubset':
      return ref.tags ?? {}
    case 'MeshService':
      return ref.name === undefined ? null : { 'kuma.io/service': ref.name }
    case 'MeshServiceSubset':
      return ref.name === undefined ? null : { ...ref.tags, 'kuma.io/service': ref.name }
    default:
      return null
  }
}

/** 2.6. @param mayShorten `to` and single items: no negations where at most one key is in use */
export function rulesOf(items: readonly Item[], mayShorten: boolean, merged: Merge = merge): readonly Rule[] {
  const keys = new Set(items.flatMap(item => Object.keys(item.tags)))
  const combinations =
    mayShorten && keys.size <= 1 ? withoutDoubles(items) : cliques(items).flatMap(combinationsOf)
  return combinations
    .flatMap(matchers => {
      const inside = items.filter(item => contains(item.tags, matchers))
      if (inside.length === 0) return []
      const origin = [...new Set(inside.map(item => item.policy))]
      return [{ matchers, conf: merged(inside.map(item => item.conf)), origin }]
    })
    .toSorted((a, b) => positives(b.matchers) - positives(a.matchers))
}

function withoutDoubles(items: readonly Item[]): readonly (readonly Tag[])[] {
  const all = items.map(({ tags }) =>
    Object.entries(tags).map(([key, value]) => ({ key, value, not: false })),
  )
  return all.filter((one, i) => all.findIndex(other => sameText(one, other)) === i)
}

const sameText = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const positives = (matchers: readonly Tag[]): number => matchers.filter(tag => !tag.not).length

function contains(tags: Tags, matchers: readonly Tag[]): boolean {
  return Object.entries(tags).every(([key, value]) =>
    matchers.some(tag => tag.key === key && tag.value === value && !tag.not),
  )
}

/** All sets of items that intersect with each other; then those that no further item fits. */
function cliques(items: readonly Item[]): readonly (readonly Item[])[] {
  const meets = (i: number, j: number): boolean => {
    const [a, b] = [items[i]?.tags ?? {}, items[j]?.tags ?? {}]
    return Object.entries(a).every(([key, value]) => !Object.hasOwn(b, key) || b[key] === value)
  }
  const fits = (id: number, ids: readonly number[]): boolean => ids.every(one => meets(one, id))
  let all: readonly (readonly number[])[] = [[]]
  for (const id of items.keys()) {
    all = all.concat(all.filter(ids => fits(id, ids)).map(ids => [...ids, id]))
  }
  const found = all.filter(
    ids => ids.length > 0 && !items.some((_, id) => !ids.includes(id) && fits(id, ids)),
  )
  const text = (ids: readonly number[]): string => ids.join(':')
  return found.toSorted((a, b) => (text(a) < text(b) ? 1 : -1)).map(ids => ids.flatMap(i => items[i] ?? []))
}

/**
 * Per key a wheel of its values, the last first, and then "none of them"; the first key turns fastest; the
 * combination with every key at its last value comes at the end.
 */
function combinationsOf(group: readonly Item[]): readonly (readonly Tag[])[] {
  const keys = [...new Set(group.flatMap(item => Object.keys(item.tags)))].toSorted()
  const wheels = keys.map(key => {
    const values = new Set(group.flatMap(item => item.tags[key] ?? []))
    const sorted = [...values].toSorted()
    const turns = sorted.toReversed().map(value => [{ key, value, not: false }])
    return [...turns, sorted.map(value => ({ key, value, not: true }))]
  })
  const all = wheels.reduce<readonly (readonly Tag[])[]>(
    (before, wheel) => wheel.flatMap(turn => before.map(tags => [...tags, ...turn])),
    [[]],
  )
  const [atLast = [], ...rest] = all
  return [...rest, atLast]
}

/** 2.6, the end: the first rule that contains it; a key that is absent passes where it is negated. */
export function lookUp(rules: readonly Rule[], tags: Tags): Rule | undefined {
  return rules.find(rule =>
    rule.matchers.every(({ key, value, not }) => (not ? tags[key] !== value : tags[key] === value)),
  )
}
