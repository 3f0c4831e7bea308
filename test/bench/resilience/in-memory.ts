/**
 * The way of a request through a data plane without a socket: a client and an endpoint in memory at its two ends, between
 * them what serves calls (dp/http, and the pick and the counts of dp/cluster) as it is. For the cost of what is configured.
 */
import { silentLogger } from '#base/log.ts'
import type { Cluster as ClusterConfig } from '#contract/cluster.ts'
import type { InboundListener, OutboundListener } from '#contract/listener.ts'
import { CELLS_BYTES, SharedCells } from '../../../dp/apply/shared-cells.ts'
import { NO_HASH } from '../../../dp/cluster/balance/hash.ts'
import { Cluster, type Omits } from '../../../dp/cluster/cluster.ts'
import type { Stream, StreamWaiter } from '../../../dp/cluster/transport.ts'
import { type ByteSink, NO_SINK } from '../../../dp/codec/byte-stream.ts'
import { Deadlines } from '../../../dp/codec/deadlines.ts'
import { DEFAULT_LIMITS } from '../../../dp/codec/limits.ts'
import { Load } from '../../../dp/codec/load.ts'
import { HttpConnection } from '../../../dp/http/connection.ts'
import { InboundFilters } from '../../../dp/http/filters/inbound-filters.ts'
import type { Caller, HttpRole } from '../../../dp/http/role.ts'
import { ListenerCounters } from '../../../dp/listener/counters.ts'
import { Inbound } from '../../../dp/listener/inbound.ts'
import { LOCAL, Outbound } from '../../../dp/listener/outbound.ts'
import type { RoleEnvironment } from '../../../dp/listener/role.ts'
import { MeshTls } from '../../../dp/tls/mesh-tls.ts'
import { aCluster, anInbound, anOutbound } from '../../support/snapshots.ts'

const REQUEST = Buffer.from(
  'GET /api/v1/orders/17?expand=items HTTP/1.1\r\nhost: api\r\naccept: */*\r\nuser-agent: curl/8.5.0\r\n' +
    'x-request-id: 7c1bb9a5-7f4c-4a33-9c7a-1f0a6a2b7d11\r\n\r\n',
)
const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok')
/** Takes everything at once and keeps nothing. */
class MemoryStream implements Stream {
  sink: ByteSink = NO_SINK
  writes = 0
  readonly isOpen = true
  readonly pendingBytes = 0
  readonly isReused = false
  readonly isUnprocessed = false
  readonly cutReason = ''

  write(): boolean {
    this.writes++
    return true
  }

  writeBytes(): boolean {
    return this.write()
  }

  writeBoth(): boolean {
    return this.write()
  }

  writeCopy(): boolean {
    return this.write()
  }

  take(): boolean {
    return false
  }

  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
  reset(): void {}
  release(): void {}
}

/** Its endpoints are picked, counted and judged as ever; what is sent goes nowhere. */
class MemoryCluster extends Cluster {
  readonly stream = new MemoryStream()

  override acquire(_: StreamWaiter, __: boolean, hash = NO_HASH, ___: Omits | null = null): Stream {
    this.picked = this.pick([], hash)?.endpoint ?? null
    return this.stream
  }
}

export class InMemory {
  readonly #client = new MemoryStream()
  readonly #endpoint: MemoryStream
  readonly #counters: ListenerCounters

  constructor(role: HttpRole, counters: ListenerCounters, endpoint: MemoryStream, caller: Caller) {
    this.#counters = counters
    this.#endpoint = endpoint
    new HttpConnection(this.#client, role, caller)
  }

  /** One request, and its answer where it has got through. */
  call(): void {
    const { writes } = this.#endpoint
    this.#client.sink.onBytes(REQUEST, 0, REQUEST.length)
    if (this.#endpoint.writes > writes) this.#endpoint.sink.onBytes(ANSWER, 0, ANSWER.length)
  }

  /** Throws where one of the `calls` was not answered, or others than `reaching` of them have got to the endpoint. */
  check(calls: number, reaching = calls): void {
    const { writes } = this.#endpoint
    const isRight = this.#client.writes === calls && writes === reaching
    if (isRight && this.#counters.requests === calls) return
    throw new Error(`${calls} calls, ${writes} to the endpoint, ${this.#client.writes} answered`)
  }
}

/** A call of an application to a service of three endpoints. */
export function throughOutbound(
  listener: Partial<OutboundListener>,
  service: Partial<ClusterConfig> = {},
): InMemory {
  const cluster = new MemoryCluster(aCluster('api', [1, 2, 3], { tls: null, ...service }), ENVIRONMENT)
  const counters = new ListenerCounters()
  const config = anOutbound(1, 'api', listener)
  const role = new Outbound(config, new Map([['api', cluster]]), ENVIRONMENT, counters)
  return new InMemory(role, counters, cluster.stream, LOCAL)
}

/** A call that another data plane has sent, by whoever faults and limits of `listener` are for. */
export function throughInbound(listener: Partial<InboundListener>, caller: Partial<Caller> = {}): InMemory {
  const counters = new ListenerCounters()
  const config = anInbound(1, 2, { tls: null, ...listener })
  const role = new Inbound(config, ENVIRONMENT, counters)
  const cluster = new MemoryCluster(role.cluster.config, ENVIRONMENT)
  role.cluster = cluster
  const filters = new InboundFilters(config.faults, config.rateLimits, ENVIRONMENT.cells).of(() => true)
  return new InMemory(role, counters, cluster.stream, { ...LOCAL, filters, ...caller })
}

const cells = new SharedCells(silentLogger(), new SharedArrayBuffer(CELLS_BYTES))
const ENVIRONMENT: RoleEnvironment = {
  limits: DEFAULT_LIMITS,
  log: silentLogger(),
  load: new Load(DEFAULT_LIMITS, new SharedArrayBuffer(8)),
  deadlines: new Deadlines(),
  tls: new MeshTls(DEFAULT_LIMITS),
  checksHealth: false,
  onHealth: () => {},
  onEmpty: () => {},
  cells: (name, count) => cells.of(name, count),
}
