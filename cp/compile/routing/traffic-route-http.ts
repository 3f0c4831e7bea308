/** HTTP rules of a TrafficRoute → matches and changes of the contract (Kuma semantics 3.8). */
import type { TextMatch } from '#contract/matching/text-match.ts'
import type { HeaderEdit, Rewrite, Route, RouteMatch } from '#contract/route.ts'
import type { TrafficRouteSpec } from '../../kinds/legacy/traffic-route.ts'

type Rule = NonNullable<NonNullable<TrafficRouteSpec['conf']>['http']>[number]
type Match = NonNullable<Rule['match']>
type Modify = NonNullable<Rule['modify']>

export function matchOf({ path, method, headers = {} }: Match = {}): RouteMatch {
  const names = Object.entries(headers)
  return {
    ...(path !== undefined && { path: textOf(path) }),
    ...(method !== undefined && { method: textOf(method) }),
    ...(names.length > 0 && {
      headers: names.map(([name, matcher]) => ({ name: name.toLowerCase(), ...textOf(matcher) })),
    }),
  }
}

export function changesOf(
  modify: Modify = {},
): Pick<Route, 'requestHeaders' | 'responseHeaders' | 'rewrite'> {
  const { requestHeaders, responseHeaders } = modify
  const rewrite = rewriteOf(modify)
  return {
    ...(requestHeaders !== undefined && { requestHeaders: editOf(requestHeaders) }),
    ...(responseHeaders !== undefined && { responseHeaders: editOf(responseHeaders) }),
    ...(rewrite !== null && { rewrite }),
  }
}

/** A prefix is one of characters here. */
function textOf({ exact, prefix, regex }: NonNullable<Match['path']>): TextMatch {
  if (prefix !== undefined) return { type: 'prefix', value: prefix }
  return regex === undefined ? { type: 'exact', value: exact ?? '' } : { type: 'regex', value: regex }
}

function rewriteOf({ path, host }: Modify): Rewrite | null {
  if (path === undefined && host === undefined) return null
  const { pattern = '', substitution = '' } = path?.regex ?? {}
  const fromPath = host?.fromPath
  return {
    ...(path !== undefined && {
      path:
        path.rewritePrefix === undefined
          ? { type: 'regex', pattern, substitution }
          : { type: 'prefix', value: path.rewritePrefix },
    }),
    ...(host !== undefined && {
      host:
        fromPath === undefined
          ? { type: 'value', value: host.value ?? '' }
          : { type: 'from-path', pattern: fromPath.pattern ?? '', substitution: fromPath.substitution ?? '' },
    }),
  }
}

/** What is not appended takes the place of all of its name, of several the last. */
function editOf({ add = [], remove = [] }: NonNullable<Modify['requestHeaders']>): HeaderEdit {
  const lines = add.map(({ name = '', value = '', append = false }) => ({
    append,
    line: { name: name.toLowerCase(), value },
  }))
  const set = new Map(lines.flatMap(({ append, line }) => (append ? [] : [[line.name, line]])))
  return {
    remove: remove.map(({ name = '' }) => name.toLowerCase()),
    set: [...set.values()],
    add: lines.flatMap(({ append, line }) => (append ? [line] : [])),
  }
}
