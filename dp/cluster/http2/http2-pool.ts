/**
 * The transport to endpoints that speak HTTP/2: one connection that carries all calls, another where its streams are
 * used up. It is made with the first call, in plain text with prior knowledge.
 */
import type { Sweepable } from '../../codec/deadlines.ts'
import { Wire } from '../../codec/wire.ts'
import type { ReasonCode } from '../../errors.ts'
import { dial } from '../connect.ts'
import type { Destination } from '../destination.ts'
import type { Endpoint } from '../endpoint.ts'
import type { PoolEnvironment } from '../pool.ts'
import type { Stream, StreamWaiter, Transport } from '../transport.ts'
import { WaitingLine } from '../waiting-line.ts'
import { type ClientOwner, Http2Client } from './http2-client.ts'

export class Http2Pool implements Transport, ClientOwner, Sweepable {
  readonly #endpoint: Endpoint
  readonly #environment: PoolEnvironment
  #destination: Destination
  #clients: Http2Client[] = []
  readonly #waiting = new WaitingLine()
  #arrivals = 0
  #isDialing = false
  #isRetired = false

  constructor(endpoint: Endpoint, destination: Destination, environment: PoolEnvironment) {
    this.#endpoint = endpoint
    this.#destination = destination
    this.#environment = environment
  }

  take(): Stream | null {
    const { active } = this.#endpoint
    if (active >= this.#environment.limits.maxConnections) return null
    for (const client of this.#clients) {
      const stream = client.lend()
      if (stream === null) continue
      this.#endpoint.active++
      return stream
    }
    return null
  }

  wait(waiter: StreamWaiter): void {
    const stream = this.take()
    if (stream !== null) waiter.onStream(stream)
    else if (this.#waiting.length >= this.#environment.limits.maxWaiting) {
      waiter.onNoStream('overflow', 'too many wait')
    } else {
      this.#waiting.push({ waiter, number: ++this.#arrivals })
      this.#dial()
    }
  }

  /** What speaks HTTP/2 carries no bytes of others. */
  open(waiter: StreamWaiter): void {
    waiter.onNoStream('unreachable', 'the endpoint speaks HTTP/2')
  }

  redirect(destination: Destination): void {
    this.#destination = destination
  }

  /** In plain text nobody is trusted or not. */
  recheck(): void {}

  retire(): void {
    this.#isRetired = true
    for (const client of [...this.#clients]) client.leave()
    this.#failUpTo(this.#arrivals, 'no-healthy-endpoint', 'the endpoint was removed')
  }

  sweep(nowMs: number): void {
    for (const client of [...this.#clients]) client.sweep(nowMs, this.#destination.idleMs)
  }

  released(): void {
    this.#endpoint.active--
    this.#serveWaiting()
  }

  hasCapacity(): void {
    this.#serveWaiting()
  }

  closed(client: Http2Client): void {
    this.#clients = this.#clients.filter(other => other !== client)
    if (this.#clients.length === 0) this.#environment.deadlines.remove(this)
    this.#serveWaiting()
  }

  #serveWaiting(): void {
    while (this.#waiting.isWanting) {
      const stream = this.take()
      if (stream === null) break
      this.#waiting.shift()?.waiter.onStream(stream)
    }
    if (this.#waiting.length > 0) this.#dial()
  }

  #dial(): void {
    const { limits } = this.#environment
    if (this.#isDialing || this.#isRetired || this.#endpoint.active >= limits.maxConnections) return
    this.#isDialing = true
    const arrivals = this.#arrivals
    const wire = new Wire('shared')
    dial(wire, this.#endpoint, null, this.#destination.connectTimeoutMs, false, {
      onConnected: () => {
        this.#isDialing = false
        this.#endpoint.succeed()
        if (this.#isRetired) return wire.destroy()
        if (this.#clients.length === 0) this.#environment.deadlines.add(this)
        this.#clients.push(new Http2Client(wire, limits.http2, this))
        this.#serveWaiting()
      },
      onFailed: (reason, detail) => {
        this.#isDialing = false
        this.#endpoint.fail(`${reason}: ${detail}`)
        // Who has waited for longer than it took to fail would only wait for the same failure again; so would all
        // where nothing works.
        this.#failUpTo(this.#clients.length === 0 ? this.#arrivals : arrivals, reason, detail)
        this.#serveWaiting()
      },
    })
  }

  /** `upTo`: number of the last that is told. */
  #failUpTo(upTo: number, reason: ReasonCode, detail: string): void {
    for (const { waiter } of this.#waiting.takeUpTo(upTo)) waiter.onNoStream(reason, detail)
  }
}
