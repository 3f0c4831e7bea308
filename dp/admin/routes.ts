/** Routes of an outbound as lines for people, in the order in which they are tried. */
import type { OutboundListener } from '#contract/listener.ts'
import type { HeaderMatch, TextMatch } from '#contract/matching/text-match.ts'
import type { Backend, Route, RouteMatch } from '#contract/route.ts'

/** One for each route, and one for what none of them fits, where that is shared by several. */
export function routeLines({
  routes = [],
  backends,
  policy = '',
}: Pick<OutboundListener, 'routes' | 'backends' | 'policy'>): readonly string[] {
  const lines = routes.map(route => [matchText(route.match), leadText(route), route.policy])
  if (backends !== undefined) lines.push(['all else', backendsText(backends), policy])
  return lines.map(([match, lead, by]) => `${match} -> ${lead}  ${by}`.trimEnd())
}

function matchText({ method, path, headers = [], query = [] }: RouteMatch): string {
  const parts = [
    ...(method === undefined ? [] : [textOf(method)]),
    ...(path === undefined ? [] : [textOf(path)]),
    ...headers.map(headerText),
    ...query.map(one => `?${one.name}=${textOf(one)}`),
  ]
  return parts.length === 0 ? 'all' : parts.join(' ')
}

function headerText(match: HeaderMatch): string {
  if ('value' in match) return `${match.name}:${textOf(match)}`
  return match.type === 'present' ? `${match.name}:*` : `no ${match.name}`
}

function textOf({ type, value }: TextMatch): string {
  switch (type) {
    case 'exact':
      return value
    case 'prefix':
      return `${value}*`
    case 'segments':
      return `${value}[/*]`
    case 'regex':
      return `~${value}`
  }
}

function leadText({ redirect, backends, mirrors = [] }: Route): string {
  const lead = redirect === undefined ? backendsText(backends) : `redirect ${redirect.status}`
  return lead + mirrors.map(({ cluster, percentage }) => `, copies ${percentage} % to ${cluster}`).join('')
}

function backendsText(backends: readonly Backend[]): string {
  if (backends.length === 1) return backends.map(({ cluster }) => cluster).join('')
  return backends.map(({ cluster, weight }) => `${weight} ${cluster}`).join(', ')
}
