/** Regular expressions of an outbound that cannot be used, with their paths: looked at before a snapshot is taken over. */
import type { OutboundListener } from '#contract/listener.ts'
import type { Violation } from '#contract/reader.ts'
import type { HostRewrite, PathRewrite, Route } from '#contract/route.ts'
import { regexFault } from './regex.ts'

/** `path`: of the listener's section. */
export function patternFaults({ routes = [] }: OutboundListener, path: string): Violation[] {
  return routes
    .flatMap((route, i) => patternsOf(route).map(([at, pattern]) => [`routes[${i}].${at}`, pattern] as const))
    .map(([at, pattern]) => ({ path: `${path}.${at}`, message: regexFault(pattern) }))
    .filter(({ message }) => message !== '')
}

function patternsOf({ match, rewrite, redirect }: Route): [string, string][] {
  const { path, method, headers = [], query = [] } = match
  const tests: [string, object | undefined][] = [
    ['match.path.value', path],
    ['match.method.value', method],
    ...headers.map((one, i): [string, object] => [`match.headers[${i}].value`, one]),
    ...query.map((one, i): [string, object] => [`match.query[${i}].value`, one]),
  ]
  return [
    ...tests.flatMap(([at, test]): [string, string][] =>
      test !== undefined && 'value' in test && 'type' in test && test.type === 'regex'
        ? [[at, String(test.value)]]
        : [],
    ),
    ...substitution('rewrite.path', rewrite?.path),
    ...substitution('rewrite.host', rewrite?.host),
    ...substitution('redirect.path', redirect?.path),
  ]
}

function substitution(at: string, change: PathRewrite | HostRewrite | undefined): [string, string][] {
  return change !== undefined && 'pattern' in change ? [[`${at}.pattern`, change.pattern]] : []
}
