/**
 * Routes by what the paths begin with that they fit, so that of hundreds a request is compared with few. The order in
 * which they are tried stays.
 */
import type { RouteMatch } from '#contract/route.ts'
import { beginningOfPattern } from './regex.ts'
import { asSeen } from './request-view.ts'

export class RouteIndex<R> {
  /** Sorted. */
  readonly #beginnings: readonly string[]
  /** For each beginning: the routes that can fit a path that is not before it, but before the next. */
  readonly #routes: readonly (readonly R[])[]
  /** Those that can fit any path. */
  readonly #general: readonly R[]

  constructor(routes: readonly { readonly match: RouteMatch; readonly route: R }[]) {
    const entries = routes.map(({ match, route }, at) => ({
      at,
      route,
      beginning: beginningOf(match),
      match,
    }))
    const groups = Map.groupBy(entries, ({ beginning }) => beginning)
    const general = groups.get('') ?? []
    this.#general = general.map(({ route }) => route)
    this.#beginnings = [...groups.keys()].filter(beginning => beginning !== '').sort()
    // What is sorted lies behind whatever it begins with, and nothing else lies in between.
    let around: readonly string[] = []
    this.#routes = this.#beginnings.map(beginning => {
      around = [...around.filter(outer => beginning.startsWith(outer)), beginning]
      const inside = around
        .flatMap(outer => groups.get(outer) ?? [])
        .filter(entry => entry.beginning === beginning || entry.match.path?.type !== 'exact')
      return [...general, ...inside].sort((a, b) => a.at - b.at).map(({ route }) => route)
    })
  }

  /** All that can fit the path, in their order, and some that do not. */
  candidates(path: string): readonly R[] {
    let low = 0
    let high = this.#beginnings.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#beginnings[middle] ?? '') <= path) low = middle + 1
      else high = middle
    }
    return this.#routes[low - 1] ?? this.#general
  }
}

/** With which every path begins that fits; ''. */
function beginningOf({ path }: RouteMatch): string {
  if (path === undefined) return ''
  return path.type === 'regex' ? beginningOfPattern(path.value) : asSeen(path.value)
}
