/** What is compared, row by row, and the goal that vmesh has in it. */
import { h2load, type Load, own, wrk } from './load.ts'
import type { Site, Way } from './peer.ts'

export interface Row {
  readonly name: string
  readonly way: Way
  readonly unit: 'request' | 'connection' | 'MB'
  readonly load: Load
  /** Most CPU in units of HAProxy's, and of those of `Envoy h2`. */
  readonly goal?: number
  readonly envoyGoal?: number
}

const GRPC = ['-d', new URL('grpc-message.bin', import.meta.url).pathname]
const GRPC_FIELDS = [
  'content-type: application/grpc',
  'te: trailers',
  'grpc-timeout: 5S',
  'user-agent: bench/1',
]

export function rowsFor({ identities, rootFile }: Site): readonly Row[] {
  const bulk = wrk(2, '/64m', { perRequest: 64 })
  const grpc = [...GRPC, ...GRPC_FIELDS.flatMap(field => ['-H', field])]
  return [
    { name: 'plain HTTP/1.1 hop, c=16', way: 'http hop', unit: 'request', load: wrk(16), goal: 1.05 },
    { name: 'two hops, mutual TLS, c=1', way: 'http path', unit: 'request', load: wrk(1), goal: 1.1 },
    { name: 'two hops, mutual TLS, c=4', way: 'http path', unit: 'request', load: wrk(4), goal: 0.9 },
    {
      name: 'two hops, mutual TLS, c=16',
      way: 'http path',
      unit: 'request',
      load: wrk(16),
      goal: 0.75,
      envoyGoal: 0.33,
    },
    {
      name: 'two hops, mutual TLS, c=64',
      way: 'http path',
      unit: 'request',
      load: wrk(64),
      goal: 0.6,
      envoyGoal: 0.33,
    },
    { name: 'two hops, mutual TLS, c=1000', way: 'http path', unit: 'request', load: wrk(1000) },
    {
      name: 'two hops, mutual TLS, 10 KB, c=16',
      way: 'http path',
      unit: 'request',
      load: wrk(16, '/10k'),
      goal: 0.95,
    },
    { name: 'HTTP/2 hop, 4 x 32 streams', way: 'http2 hop', unit: 'request', load: h2load(32), goal: 1 },
    {
      name: 'gRPC hop, 4 x 32 streams',
      way: 'http2 hop',
      unit: 'request',
      load: h2load(32, grpc, '/bench.Echo/Say'),
    },
    { name: 'TCP hop, small, c=16', way: 'tcp hop', unit: 'request', load: wrk(16), goal: 1 },
    { name: 'TCP hop, bulk, c=2', way: 'tcp hop', unit: 'MB', load: bulk, goal: 0.6 },
    { name: 'two hops, mutual TLS, TCP bulk, c=2', way: 'tcp path', unit: 'MB', load: bulk },
    {
      name: 'plain hop, one connection a request, c=16',
      way: 'http hop',
      unit: 'connection',
      load: wrk(16, '/', { headers: ['connection: close'] }),
    },
    {
      name: 'mutual TLS hop, one connection a request, c=4',
      way: 'tls hop',
      unit: 'connection',
      load: own('tls-connections.ts', identities.client, rootFile),
    },
  ]
}

/** The first load on fresh proxies: how they take a crowd. */
export const CROWD = wrk(1000)
/** A moderate rate, well below what any of them can do. */
export const STEADY = own('steady-load.ts', '1000', '16')
/** What runs while configurations change. */
export const RUNNING = wrk(16)
