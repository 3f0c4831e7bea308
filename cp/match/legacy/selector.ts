/**
 * Selectors of the legacy policies (Kuma semantics 1.1 to 1.3): does a tag map match, how specific is it, and which of
 * several policies wins. A value `*` demands only the key.
 */
import type { Resource } from '../../kinds/kind.ts'

type Tags = Readonly<Record<string, string>>

export type Selectors = readonly { readonly match?: Tags | undefined }[]

/** How specific: keys with a value and keys with `*`. */
export interface Rank {
  readonly exact: number
  readonly wildcard: number
}

const NOTHING: Rank = { exact: 0, wildcard: 0 }

/** null: it does not match. An empty map matches all. */
export function rankOf(match: Tags, tags: Tags): Rank | null {
  let exact = 0
  let wildcard = 0
  for (const [key, value] of Object.entries(match)) {
    if (!Object.hasOwn(tags, key)) return null
    if (value === '*') wildcard++
    else if (tags[key] === value) exact++
    else return null
  }
  return { exact, wildcard }
}

/** Of the most specific selector that matches one of the tag sets; null: none does. */
export function bestRank(selectors: Selectors, tagSets: readonly Tags[]): Rank | null {
  let best: Rank | null = null
  for (const { match = {} } of selectors) {
    for (const tags of tagSets) {
      const rank = rankOf(match, tags)
      if (rank !== null && (best === null || compareRanks(rank, best) > 0)) best = rank
    }
  }
  return best
}

/** Positive when `a` is more specific: more keys first, then more of them with a value. */
export function compareRanks(a: Rank, b: Rank): number {
  return a.exact + a.wildcard - (b.exact + b.wildcard) || a.exact - b.exact
}

export function addRanks(a: Rank, b: Rank): Rank {
  return { exact: a.exact + b.exact, wildcard: a.wildcard + b.wildcard }
}

export interface Ranked<P extends Resource = Resource> {
  readonly policy: P
  readonly rank: Rank
}

/** The most specific; of equals the one created last, then the one whose name sorts first. */
export function winnerOf<P extends Resource>(candidates: readonly Ranked<P>[]): P | undefined {
  return candidates.toSorted(byPrecedence)[0]?.policy
}

/** Winner first. */
export function byPrecedence(a: Ranked, b: Ranked): number {
  return compareRanks(b.rank, a.rank) || byAge(a.policy, b.policy)
}

/** The policy with the best selector; one without selectors matches all. */
export function bestOf<P extends Resource>(
  policies: readonly P[],
  selectorsOf: (policy: P) => Selectors,
  tagSets: readonly Tags[],
): P | undefined {
  return winnerOf(
    policies.flatMap(policy => {
      const selectors = selectorsOf(policy)
      const rank = selectors.length === 0 ? NOTHING : bestRank(selectors, tagSets)
      return rank === null ? [] : [{ policy, rank }]
    }),
  )
}

/** Youngest first; an update does not make it younger. */
function byAge(a: Resource, b: Resource): number {
  const age = Date.parse(b.creationTime) - Date.parse(a.creationTime)
  return age || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
}
