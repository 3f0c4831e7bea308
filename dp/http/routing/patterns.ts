/** Regular expressions of an outbound that cannot be used, with their paths: looked at before a snapshot is taken over. */
import type { OutboundListener } from '#contract/listener.ts'
import type { HeaderMatch } from '#contract/matching/text-match.ts'
import type { Violation } from '#contract/reader.ts'
import type { Retry } from '#contract/resilience/retry.ts'
import type { HostRewrite, PathRewrite, Route } from '#contract/route.ts'
import { regexFault } from './regex.ts'

/** `path`: of the listener's section. */
export function patternFaults({ routes = [], retry }: OutboundListener, path: string): Violation[] {
  const ofRoutes = routes.flatMap((route, i) =>
    [...patternsOf(route), ...retryPatterns(route.retry)].map(
      ([at, pattern]) => [`routes[${i}].${at}`, pattern] as const,
    ),
  )
  return [...ofRoutes, ...retryPatterns(retry)]
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

function retryPatterns({
  requestHeaders = [],
  responseHeaders = [],
}: Partial<Retry> = {}): [string, string][] {
  const of = (name: string, matches: readonly HeaderMatch[]): [string, string][] =>
    matches.flatMap((match, i): [string, string][] =>
      match.type === 'regex' ? [[`retry.${name}[${i}].value`, match.value]] : [],
    )
  return [...of('requestHeaders', requestHeaders), ...of('responseHeaders', responseHeaders)]
}

function substitution(at: string, change: PathRewrite | HostRewrite | undefined): [string, string][] {
  return change !== undefined && 'pattern' in change ? [[`${at}.pattern`, change.pattern]] : []
}
