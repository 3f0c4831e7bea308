/**
 * Items for tag sets → rules that say for which tags which merged configuration holds, with negated tags, in the order
 * and with the origins that Kuma 2.14 shows (semantics 2.6). For the inspect API; what is enforced takes the items that
 * fit, in order, and merges them (2.7), since the rules do not always part the space.
 */
import type { Resource } from '../kinds/kind.ts'
import { mergeItems, policiesOf, type TaggedItem, type Tags } from './items.ts'

export interface SubsetTag {
  readonly key: string
  readonly value: string
  readonly not: boolean
}

export interface SubsetRule {
  /** All have to hold; empty: everybody. */
  readonly subset: readonly SubsetTag[]
  readonly conf: unknown
  /** Lowest precedence first. */
  readonly origins: readonly Resource[]
}

/** Tags of one group of items beyond which rules are not told apart by negations: their number doubles with each. */
const MOST_TAGS = 10
/** Rules with negations beyond which items stand for themselves alone. */
const MOST_RULES = 4_096
/** Groups beyond which items stand for themselves alone. */
const MOST_GROUPS = 256

/**
 * @param items lowest precedence first
 * @param isOneKey items with at most one distinct key are not negated (`to` and policies for the whole data plane)
 */
export function subsetRules(items: readonly TaggedItem[], isOneKey: boolean): readonly SubsetRule[] {
  const keys = new Set(items.flatMap(({ tags }) => Object.keys(tags)))
  const combinations = isOneKey && keys.size <= 1 ? plainSubsets(items) : partition(items)
  const rules = combinations.flatMap(subset => ruleFor(subset, items))
  return rules.toSorted((a, b) => positives(b) - positives(a))
}

/** The first rule that fits; undefined: none. A tag that is absent fits a negated one. */
export function findRule(rules: readonly SubsetRule[], tags: Tags): SubsetRule | undefined {
  return rules.find(({ subset }) => subset.every(({ key, value, not }) => (tags[key] === value) !== not))
}

/** The configuration that holds for these tags, without rules: all items that fit, merged; undefined: none. */
export function confFor(items: readonly TaggedItem[], tags: Tags): unknown {
  return mergeItems(
    items.filter(item => Object.entries(item.tags).every(([key, value]) => tags[key] === value)),
  )
}

function ruleFor(subset: readonly SubsetTag[], items: readonly TaggedItem[]): SubsetRule[] {
  const contributing = items.filter(({ tags }) =>
    Object.entries(tags).every(([key, value]) =>
      subset.some(tag => tag.key === key && tag.value === value && !tag.not),
    ),
  )
  if (contributing.length === 0) return []
  return [{ subset, conf: mergeItems(contributing), origins: policiesOf(contributing) }]
}

function plainSubsets(items: readonly TaggedItem[]): readonly (readonly SubsetTag[])[] {
  const byText = new Map(items.map(({ tags }) => [JSON.stringify(sortedTags([tags])), sortedTags([tags])]))
  return [...byText.values()]
}

function partition(items: readonly TaggedItem[]): readonly (readonly SubsetTag[])[] {
  const groups = cliques(items)
  if (groups.length > MOST_GROUPS) return plainSubsets(items)
  let left = MOST_RULES
  return groups
    .toSorted((a, b) => (a.join(':') < b.join(':') ? 1 : -1))
    .flatMap(group => {
      const members = group.flatMap(i => items[i] ?? [])
      const tags = sortedTags(members.map(member => member.tags))
      if (tags.length > MOST_TAGS || 2 ** tags.length > left) return plainSubsets(members)
      left -= 2 ** tags.length
      return signsOf(tags)
    })
}

/** All ways to negate the tags: a binary counter whose first digit is the first tag; all positive comes last. */
function signsOf(tags: readonly SubsetTag[]): readonly (readonly SubsetTag[])[] {
  const count = 2 ** tags.length
  return Array.from({ length: count }, (_, i) =>
    tags.map((tag, digit) => ({ ...tag, not: Math.floor(((i + 1) % count) / 2 ** digit) % 2 === 1 })),
  )
}

/** By key, then value; each once. */
function sortedTags(sets: readonly Tags[]): readonly SubsetTag[] {
  const known = new Map<string, SubsetTag>()
  for (const tags of sets) {
    for (const [key, value] of Object.entries(tags)) {
      known.set(JSON.stringify([key, value]), { key, value, not: false })
    }
  }
  return [...known.values()].sort((a, b) => compare(a.key, b.key) || compare(a.value, b.value))
}

/** Groups of items of which any two may hold for the same client, as large as they can be: indexes, ascending. */
function cliques(items: readonly TaggedItem[]): readonly (readonly number[])[] {
  const meets = items.map(a => items.map(b => a !== b && intersects(a.tags, b.tags)))
  const found: (readonly number[])[] = []
  const expand = (chosen: readonly number[], open: readonly number[], done: readonly number[]): void => {
    if (found.length > MOST_GROUPS) return
    if (open.length === 0 && done.length === 0) {
      found.push(chosen.toSorted((a, b) => a - b))
      return
    }
    const pivot = [...open, ...done].toSorted((a, b) => degree(b, open) - degree(a, open))[0] ?? 0
    let rest = open
    let seen = done
    for (const node of open.filter(one => meets[pivot]?.[one] !== true)) {
      const near = (one: number): boolean => meets[node]?.[one] === true
      expand([...chosen, node], rest.filter(near), seen.filter(near))
      rest = rest.filter(one => one !== node)
      seen = [...seen, node]
    }
  }
  const degree = (node: number, among: readonly number[]): number =>
    among.filter(one => meets[node]?.[one] === true).length
  expand([], [...items.keys()], [])
  return found
}

/** Not where the same key has another value. */
function intersects(a: Tags, b: Tags): boolean {
  return Object.entries(a).every(([key, value]) => !Object.hasOwn(b, key) || b[key] === value)
}

function positives({ subset }: SubsetRule): number {
  return subset.filter(({ not }) => !not).length
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
