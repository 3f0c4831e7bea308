/** Unknown JSON → Route, faults noted with their paths. */
import { isHostText, isOfConnection, isPathText } from '#base/text/http.ts'
import type { OutboundListener } from './listener.ts'
import { readHeaderMatch, readNamed, readText } from './matching/text-match.ts'
import type { Reader, Violation } from './reader.ts'
import { readRetry } from './resilience/retry.ts'
import { readTimeouts } from './resilience/timeouts.ts'
import {
  type Backend,
  type HeaderEdit,
  type HeaderLine,
  type HostRewrite,
  MAX_WEIGHT,
  type PathRewrite,
  type Redirect,
  type Rewrite,
  type Route,
  type RouteMatch,
} from './route.ts'

export function readRoute(reader: Reader): Route {
  return {
    policy: reader.text('policy'),
    match: readMatch(reader.object('match')),
    backends: readBackends(reader),
    ...(reader.has('requestHeaders') && { requestHeaders: readEdit(reader.object('requestHeaders')) }),
    ...(reader.has('responseHeaders') && { responseHeaders: readEdit(reader.object('responseHeaders')) }),
    ...(reader.has('rewrite') && { rewrite: readRewrite(reader.object('rewrite')) }),
    ...(reader.has('redirect') && { redirect: readRedirect(reader.object('redirect')) }),
    ...(reader.has('timeouts') && { timeouts: readTimeouts(reader.object('timeouts')) }),
    ...(reader.has('retry') && { retry: readRetry(reader.object('retry')) }),
    ...(reader.has('mirrors') && {
      mirrors: reader.list('mirrors').map(mirror => ({
        cluster: mirror.text('cluster'),
        percentage: mirror.number('percentage', 0, 100),
      })),
    }),
  }
}

/** What an outbound refers to and is not there. @param path of its section */
export function missingClusters(
  listener: OutboundListener,
  clusters: ReadonlyMap<string, unknown>,
  path: string,
): Violation[] {
  return clustersOf(listener)
    .filter(({ cluster }) => !clusters.has(cluster))
    .map(({ at, cluster }) => ({ path: `${path}.${at}`, message: `no such cluster section: ${cluster}` }))
}

function clustersOf({ cluster, backends = [], routes = [] }: OutboundListener) {
  const named = (list: readonly Pick<Backend, 'cluster'>[], at: string) =>
    list.map((one, i) => ({ at: `${at}[${i}].cluster`, cluster: one.cluster }))
  return [
    { at: 'cluster', cluster },
    ...named(backends, 'backends'),
    ...routes.flatMap((route, i) => [
      ...named(route.backends, `routes[${i}].backends`),
      ...named(route.mirrors ?? [], `routes[${i}].mirrors`),
    ]),
  ]
}

/** The member `backends`. */
export function readBackends(reader: Reader): readonly Backend[] {
  return reader.list('backends').map(backend => ({
    cluster: backend.text('cluster'),
    weight: backend.integer('weight', 1, MAX_WEIGHT),
  }))
}

function readMatch(reader: Reader): RouteMatch {
  return {
    ...(reader.has('path') && { path: readText(reader.object('path')) }),
    ...(reader.has('method') && { method: readText(reader.object('method')) }),
    ...(reader.has('headers') && { headers: reader.list('headers').map(readHeaderMatch) }),
    ...(reader.has('query') && { query: reader.list('query').map(readNamed) }),
  }
}

function readEdit(reader: Reader): HeaderEdit {
  const remove = reader.texts('remove')
  for (const name of remove) checkName(reader, 'remove', name)
  return { remove, set: reader.list('set').map(readLine), add: reader.list('add').map(readLine) }
}

function readLine(reader: Reader): HeaderLine {
  const line = { name: reader.text('name'), value: reader.text('value') }
  checkName(reader, 'name', line.name)
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(line.value)) reader.refuse('value', 'must not hold control characters')
  return line
}

function checkName(reader: Reader, member: string, name: string): void {
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
    reader.refuse(member, `not a header name in lower case: ${name}`)
  else if (name === 'host' || isOfConnection(name))
    reader.refuse(member, `${name} belongs to the connection and cannot be changed`)
}

function readPath(reader: Reader, member: string): string {
  const value = reader.text(member)
  if (!isPathText(value)) reader.refuse(member, 'must hold only characters of a path')
  return value
}

function readHost(reader: Reader, member: string): string {
  const value = reader.text(member)
  if (!isHostText(value)) reader.refuse(member, 'must hold only characters of a host')
  return value
}

function readRewrite(reader: Reader): Rewrite {
  return {
    ...(reader.has('path') && { path: readPathRewrite(reader.object('path')) }),
    ...(reader.has('host') && { host: readHostRewrite(reader.object('host')) }),
  }
}

function readPathRewrite(reader: Reader): PathRewrite {
  const type = reader.oneOf('type', ['full', 'prefix', 'regex'] as const)
  if (type !== 'regex') return { type, value: readPath(reader, 'value') }
  return { type, pattern: reader.text('pattern'), substitution: readPath(reader, 'substitution') }
}

function readHostRewrite(reader: Reader): HostRewrite {
  const type = reader.oneOf('type', ['value', 'from-path'] as const)
  if (type === 'value') return { type, value: readHost(reader, 'value') }
  return { type, pattern: reader.text('pattern'), substitution: readHost(reader, 'substitution') }
}

function readRedirect(reader: Reader): Redirect {
  return {
    status: readStatus(reader),
    ...(reader.has('scheme') && { scheme: reader.oneOf('scheme', ['http', 'https'] as const) }),
    ...(reader.has('hostname') && { hostname: readHost(reader, 'hostname') }),
    ...(reader.has('port') && { port: reader.port('port') }),
    ...(reader.has('path') && { path: readPathRewrite(reader.object('path')) }),
  }
}

function readStatus(reader: Reader): Redirect['status'] {
  const status = reader.integer('status', 301, 308)
  const known = ([301, 302, 303, 307, 308] as const).find(one => one === status)
  if (known === undefined) reader.refuse('status', 'must be one of 301, 302, 303, 307, 308')
  return known ?? 302
}
