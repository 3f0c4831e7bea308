/** The live connections of a listener: who is at the other end, until when, and what they all have to be told. */
import type { Deadlines, Sweepable } from '../codec/deadlines.ts'
import type { LiveConnection } from '../http/role.ts'
import type { Peer } from '../tls/peer.ts'
import type { ListenerCounters } from './counters.ts'

/** What counts the bytes of a connection. */
export interface Traffic {
  readonly bytesRead: number
  readonly bytesWritten: number
}

export interface Live {
  readonly traffic: Traffic
  /** null: plain text. */
  readonly peer: Peer | null
  /** End of the first of both certificates; Infinity without TLS. */
  readonly expiresAtMs: number
}

export class Connections implements Sweepable {
  readonly #live = new Map<LiveConnection, Live>()
  readonly #deadlines: Deadlines
  readonly #counters: ListenerCounters
  readonly #onEmpty: () => void
  /** After `retire`: when those that still run are cut. */
  #endsAtMs = Number.POSITIVE_INFINITY

  constructor(deadlines: Deadlines, counters: ListenerCounters, onEmpty: () => void) {
    this.#deadlines = deadlines
    this.#counters = counters
    this.#onEmpty = onEmpty
  }

  get size(): number {
    return this.#live.size
  }

  add(connection: LiveConnection, live: Live): void {
    if (this.#live.size === 0) this.#deadlines.add(this)
    this.#live.set(connection, live)
  }

  /** `to` lives on in its place. */
  replace(from: LiveConnection, to: LiveConnection): void {
    const live = this.#live.get(from)
    if (live === undefined) return
    this.#live.delete(from)
    this.#live.set(to, live)
  }

  remove(connection: LiveConnection): void {
    const live = this.#live.get(connection)
    if (live === undefined) return
    this.#live.delete(connection)
    this.#counters.bytesIn += live.traffic.bytesRead
    this.#counters.bytesOut += live.traffic.bytesWritten
    if (this.#live.size > 0) return
    this.#deadlines.remove(this)
    this.#onEmpty()
  }

  /** Calls `visit` for all that live now. */
  forEach(visit: (connection: LiveConnection, live: Live) => void): void {
    for (const [connection, live] of [...this.#live]) visit(connection, live)
  }

  /** All end when nothing runs on them, and at the latest in `withinMs`. */
  retire(withinMs: number): void {
    this.#endsAtMs = Date.now() + withinMs
    this.forEach(connection => {
      connection.retire()
    })
  }

  sweep(nowMs: number): void {
    for (const [connection, live] of this.#live) {
      if (nowMs > live.expiresAtMs) connection.end('certificate-expired')
      else if (nowMs > this.#endsAtMs) connection.end('policy-change')
      // Those that were ended have their last deadline.
      connection.sweep(nowMs)
    }
  }

  /** The listener's counters with the bytes of live connections. */
  countBytes(): { bytesIn: number; bytesOut: number } {
    let { bytesIn, bytesOut } = this.#counters
    for (const { traffic } of this.#live.values()) {
      bytesIn += traffic.bytesRead
      bytesOut += traffic.bytesWritten
    }
    return { bytesIn, bytesOut }
  }
}
