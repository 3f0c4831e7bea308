/**
 * What routing costs a request: finding its way through 0, 1, 10 and 200 routes, the last of which fits, and changing its
 * head. In memory, one thread, on the text of HTTP/1.1 and the fields of HTTP/2. Not in scripts/test.
 *
 *   node test/bench/routing.bench.ts [--write]
 */
import type { OutboundListener } from '#contract/listener.ts'
import type { Route } from '#contract/route.ts'
import type { Cluster } from '../../dp/cluster/cluster.ts'
import { FieldList } from '../../dp/codec/http2/field-list.ts'
import { FIELDS_VIEW, TEXT_VIEW } from '../../dp/http/routing/request-view.ts'
import { RouteTable } from '../../dp/http/routing/route-table.ts'
import { writeResults } from './results.ts'

const ROUNDS = 5
const CALLS = 500_000
const figures: Record<string, string> = {}
const FIELDS = [
  ['accept', '*/*'],
  ['user-agent', 'curl/8.5.0'],
  ['x-user', 'u-1'],
  ['x-request-id', '7c1bb9a5-7f4c-4a33-9c7a-1f0a6a2b7d11'],
  ['x-forwarded-proto', 'http'],
] as const
const TARGET = '/api/v1/orders/17?expand=items'
const TEXT = `GET ${TARGET} HTTP/1.1\r\nHost: api\r\n${FIELDS.map(([name, value]) => `${name}: ${value}\r\n`).join('')}`
const LIST = FieldList.of(
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'api'],
  [':path', TARGET],
  ...FIELDS,
)
const cluster = {} as Cluster
const clusters = new Map([['api', cluster]])

function aTable(routes: readonly Route[]): RouteTable {
  const listener: OutboundListener = {
    direction: 'outbound',
    address: '127.0.0.1',
    port: 1,
    protocol: 'http',
    cluster: 'api',
    routes,
  }
  return new RouteTable(
    listener,
    clusters,
    () => null,
    () => null,
  )
}

function aRoute(path: string, options: Partial<Route> = {}): Route {
  const backends = [{ cluster: 'api', weight: 1 }]
  return {
    policy: 'MeshHTTPRoute/x',
    match: { path: { type: 'segments', value: path } },
    backends,
    ...options,
  }
}

/** us a call, median of the rounds. */
function measure(work: () => unknown): string {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const startedAt = process.hrtime.bigint()
    for (let call = 0; call < CALLS; call++) work()
    return Number(process.hrtime.bigint() - startedAt) / CALLS / 1000
  })
  return `${(rounds.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0).toFixed(2)} us`
}

// As those of one service are: all below the same path.
const others = (count: number) =>
  Array.from({ length: count - 1 }, (_, at) => aRoute(`/api/v1/service-${at}`))
for (const count of [1, 10, 200]) {
  const table = aTable([...others(count), aRoute('/api/v1/orders')])
  figures[`${count} routes by path, HTTP/1.1, HTTP/2`] =
    `${measure(() => table.find(TEXT_VIEW.of(TEXT)).shares?.pick())}, ${measure(() => table.find(FIELDS_VIEW.of(LIST)).shares?.pick())}`
}
for (const count of [10, 200]) {
  const byHeader = aTable(
    Array.from({ length: count }, (_, at) => ({
      ...aRoute('/'),
      match: { headers: [{ type: 'exact', name: 'x-user', value: `u-${count - at}` }] },
    })),
  )
  figures[`${count} routes by header`] = measure(() => byHeader.find(TEXT_VIEW.of(TEXT)))
}
const byRegex = aTable([
  aRoute('/', { match: { path: { type: 'regex', value: '/api/v[0-9]+/orders/[0-9]+' } } }),
])
figures['1 route by regular expression'] = measure(() => byRegex.find(TEXT_VIEW.of(TEXT)))
const edit = { remove: ['x-user'], set: [{ name: 'x-tier', value: 'gold' }], add: [] }
const changed = aTable([
  aRoute('/api', { requestHeaders: edit, rewrite: { path: { type: 'prefix', value: '/' } } }),
])
figures['1 route, headers and path changed, HTTP/1.1'] = measure(() => {
  const view = TEXT_VIEW.of(TEXT)
  const { rewrite, request } = changed.find(view)
  return request?.editText(rewrite?.editText(TEXT, view) ?? '')
})
for (const [what, figure] of Object.entries(figures)) console.log(`${what}: ${figure}`)
if (process.argv.includes('--write')) writeResults('routing', `medians of ${ROUNDS} rounds`, figures)
