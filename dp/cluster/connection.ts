/**
 * One connection to an endpoint as a stream that a pool lends out: how often it was used, until when it may be, and
 * whom it leads to. While it is idle the pool's sink listens; anything that happens then ends it.
 */
import { type ByteSink, NO_SINK } from '../codec/byte-stream.ts'
import { type ReadMode, Wire } from '../codec/wire.ts'
import type { ReasonCode } from '../errors.ts'
import type { TrustDomain } from '../tls/mesh-tls.ts'
import type { Peer } from '../tls/peer.ts'
import type { Destination } from './destination.ts'
import type { Stream } from './transport.ts'

/** What the pool does with its connections. */
export interface Lender {
  released(connection: Connection, isReusable: boolean, keepMs: number): void
  /** An idle connection was closed, or said something that nobody asked for. */
  lost(connection: Connection): void
}

/** A connection is not used for new exchanges in the last part of its certificates' life. */
const RETIRE_BEFORE_EXPIRY_MS = 30_000

export class Connection extends Wire implements Stream {
  isReused = false
  readonly isUnprocessed = false
  cutReason: ReasonCode | '' = ''
  isLent = false
  peer: Peer | null = null
  /** End of the certificates that it was made with; Infinity without TLS. */
  expiresAtMs = Number.POSITIVE_INFINITY
  /** No new exchanges from here on. */
  retiresAtMs = Number.POSITIVE_INFINITY
  /** While idle. */
  idleUntilMs = 0
  /** How it was made, to be compared with how it would be made now. */
  domain: TrustDomain | null = null
  generation = 0
  sni: string | undefined
  readonly #lender: Lender
  readonly #idleSink: ByteSink

  constructor(mode: ReadMode, lender: Lender) {
    super(mode)
    this.#lender = lender
    this.#idleSink = new IdleSink(this, lender)
  }

  /** Notes how it is being made. */
  begin({ domain, target, maxConnectionMs }: Destination): void {
    if (maxConnectionMs > 0) this.retiresAtMs = Date.now() + maxConnectionMs
    this.domain = domain
    this.generation = domain?.generation ?? 0
    this.sni = target?.sni
  }

  /** Whether it was made as it would be made now. */
  isAsNow({ domain, target }: Destination): boolean {
    return this.domain === domain && this.sni === target?.sni && this.generation === (domain?.generation ?? 0)
  }

  /** The handshake is done. `ownEndMs`: end of our own certificate. */
  certify(peer: Peer | null, ownEndMs: number | undefined): void {
    if (peer === null || ownEndMs === undefined) return
    this.peer = peer
    this.expiresAtMs = Math.min(peer.notAfterMs, ownEndMs)
    const leftMs = this.expiresAtMs - Date.now()
    const retiresAtMs = this.expiresAtMs - Math.min(RETIRE_BEFORE_EXPIRY_MS, leftMs / 10)
    this.retiresAtMs = Math.min(this.retiresAtMs, retiresAtMs)
  }

  release(isReusable: boolean, keepMs: number): void {
    if (!this.isLent) return
    this.isLent = false
    this.isReused = true
    this.sink = this.#idleSink
    // Whoever had it may have paused it, and the next one expects to hear from it.
    this.resume()
    this.#lender.released(this, isReusable, keepMs)
  }

  /** Ends it as seen from both sides; the sink is told through `onClose` and finds the reason in `cutReason`. */
  cut(reason: ReasonCode): void {
    this.cutReason = reason
    this.reset()
  }

  /** Ends it in order: nobody listens any more. */
  discard(): void {
    this.sink = NO_SINK
    this.destroy()
  }
}

class IdleSink implements ByteSink {
  readonly #connection: Connection
  readonly #lender: Lender

  constructor(connection: Connection, lender: Lender) {
    this.#connection = connection
    this.#lender = lender
  }

  onBytes(): void {
    this.#lender.lost(this.#connection)
  }

  onEnd(): void {
    this.#lender.lost(this.#connection)
  }

  onDrain(): void {}

  onClose(): void {
    this.#lender.lost(this.#connection)
  }
}
