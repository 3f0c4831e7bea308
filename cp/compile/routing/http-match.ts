/** Matches of a MeshHTTPRoute → those of the contract, and which of two routes is tried first (semantics 2.11). */
import type { HeaderMatch, TextMatch } from '#contract/matching/text-match.ts'
import type { Route, RouteMatch } from '#contract/route.ts'
import type { HeaderMatch as HeaderMatchItem } from '../../kinds/header-match.ts'
import type { MeshHTTPRouteSpec } from '../../kinds/routing/mesh-http-route.ts'

type Item = NonNullable<MeshHTTPRouteSpec['to']>[number]
export type Rule = NonNullable<Item['rules']>[number]
type Match = Rule['matches'][number]

export function matchOf({ path, method, headers = [], queryParams = [] }: Match): RouteMatch {
  return {
    ...(path !== undefined && { path: pathOf(path) }),
    ...(method !== undefined && { method: { type: 'exact', value: method } }),
    ...(headers.length > 0 && { headers: headers.map(headerOf) }),
    ...(queryParams.length > 0 && {
      query: queryParams.map(({ type, name, value }) => ({ name, type: TEXT_TYPES[type], value })),
    }),
  }
}

/** Negative when `a` is tried first; 0: in the order of the rules. */
export function compareMatches(
  { match: a }: Pick<Route, 'match'>,
  { match: b }: Pick<Route, 'match'>,
): number {
  return (
    rankOfPath(b.path) - rankOfPath(a.path) ||
    (b.path?.value.length ?? 0) - (a.path?.value.length ?? 0) ||
    Number(b.method !== undefined) - Number(a.method !== undefined) ||
    (b.headers?.length ?? 0) - (a.headers?.length ?? 0) ||
    (b.query?.length ?? 0) - (a.query?.length ?? 0)
  )
}

const TEXT_TYPES = { Exact: 'exact', Prefix: 'prefix', RegularExpression: 'regex' } as const

function pathOf({ type, value }: NonNullable<Match['path']>): TextMatch {
  if (type !== 'PathPrefix') return { type: TEXT_TYPES[type], value }
  return { type: value === '/' ? 'prefix' : 'segments', value }
}

/** Of any policy. */
export function headerOf({ type = 'Exact', name, value = '' }: HeaderMatchItem): HeaderMatch {
  if (type === 'Present') return { type: 'present', name }
  return type === 'Absent' ? { type: 'absent', name } : { type: TEXT_TYPES[type], name, value }
}

/** Rules without a path come after all that have one. */
function rankOfPath(path: TextMatch | undefined): number {
  if (path === undefined) return 0
  return path.type === 'exact' ? 3 : path.type === 'regex' ? 1 : 2
}
