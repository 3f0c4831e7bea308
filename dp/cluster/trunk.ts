/** One multiplexed connection to an endpoint: its session, its streams that are idle, and what ends it. */
import type { Limits } from '../codec/limits.ts'
import { Session } from '../codec/vmesh1/session.ts'
import type { SessionHandler } from '../codec/vmesh1/session-options.ts'
import type { VmeshStream } from '../codec/vmesh1/stream.ts'
import type { ReasonCode } from '../errors.ts'
import type { Carrier, CarrierOwner } from './carrier.ts'
import type { Connection } from './connection.ts'
import type { Destination } from './destination.ts'
import { LentStream, type StreamLender } from './lent-stream.ts'

export interface TrunkOwner extends CarrierOwner {
  /** Until when a stream whose call has ended is kept. `keepMs`: what the other side says; -1: nothing. */
  idleUntilMs(keepMs: number): number
}

export class Trunk implements Carrier, StreamLender, SessionHandler {
  readonly connection: Connection
  readonly #session: Session
  readonly #owner: TrunkOwner
  readonly #streams = new Set<LentStream>()
  readonly #idle: LentStream[] = []
  /** A stream of it was used: it may be closing just now. */
  #isUsed = false
  /** When it was found without a stream; 0: it has some. */
  #quietSinceMs = 0
  isBulk = false
  readonly #bulkBytes: number
  #readyByMs: number

  /** Takes the connection over: verified, and both sides speak vmesh/1. `readyByMs`: the server has taken us by then. */
  constructor(connection: Connection, limits: Limits, readyByMs: number, owner: TrunkOwner) {
    this.connection = connection
    this.#bulkBytes = limits.bulkBytes
    this.#readyByMs = readyByMs
    this.#owner = owner
    this.#session = new Session(connection, { isServer: false, ownsReads: false, limits, handler: this })
  }

  get isOpen(): boolean {
    return !this.#session.isEnding
  }

  get isReady(): boolean {
    return this.#session.isReady
  }

  isUsable(destination: Destination, nowMs: number): boolean {
    const { connection } = this
    const isGood = this.isOpen && !this.#session.isInDoubt && connection.retiresAtMs > nowMs
    return isGood && connection.isAsNow(destination)
  }

  get streamCount(): number {
    return this.#streams.size
  }

  /** An idle stream, else a new one; null: there are too many. */
  lend(isFresh: boolean): LentStream | null {
    if (!this.isOpen) return null
    const stream = (isFresh ? undefined : this.#takeIdle()) ?? this.#open()
    if (stream === null) return null
    stream.isLent = true
    stream.lentAtBytes = stream.carriedBytes
    stream.sweptAtBytes = stream.lentAtBytes
    stream.isReused = this.#isUsed && !isFresh
    this.#isUsed = true
    return stream
  }

  leave(): void {
    for (const stream of this.#idle.splice(0)) this.#discard(stream)
    this.#session.leave()
  }

  cut(reason: ReasonCode): void {
    for (const stream of this.#streams) stream.cutReason = reason
    this.#session.cut()
  }

  /** Ends what is idle for too long. */
  sweep(nowMs: number, idleMs: number): void {
    this.#session.sweep(nowMs)
    if (!this.isReady && nowMs > this.#readyByMs) this.#session.cut()
    this.isBulk = this.#looksForBulk()
    for (const stream of [...this.#idle]) if (nowMs > stream.idleUntilMs) this.lost(stream)
    if (this.#streams.size > 0) this.#quietSinceMs = 0
    else if (this.#quietSinceMs === 0) this.#quietSinceMs = nowMs
    else if (nowMs - this.#quietSinceMs > idleMs) this.#session.leave()
  }

  released(stream: LentStream, isReusable: boolean, keepMs: number): void {
    const isKept = isReusable && stream.isOpen && this.isOpen
    if (isKept) {
      stream.idleUntilMs = this.#owner.idleUntilMs(keepMs)
      this.#idle.push(stream)
    } else this.#discard(stream)
    this.#owner.callEnded()
  }

  lost(stream: LentStream): void {
    const at = this.#idle.indexOf(stream)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#discard(stream)
  }

  onStream(stream: VmeshStream): void {
    // Servers open none; the session has seen to it.
    stream.destroy()
  }

  onChange(): void {
    if (!this.isOpen) for (const stream of this.#idle.splice(0)) this.#discard(stream)
    this.#owner.carrierChanged(this)
  }

  onClose(): void {
    for (const stream of this.#idle.splice(0)) this.#discard(stream)
    this.#owner.carrierClosed(this)
  }

  #looksForBulk(): boolean {
    let isBulk = false
    for (const stream of this.#streams) {
      const { carriedBytes } = stream
      const movedBytes = carriedBytes - Math.max(stream.sweptAtBytes, stream.lentAtBytes)
      isBulk ||= stream.isLent && movedBytes >= this.#bulkBytes
      stream.sweptAtBytes = carriedBytes
    }
    return isBulk
  }

  #takeIdle(): LentStream | undefined {
    for (;;) {
      const stream = this.#idle.pop()
      if (stream === undefined || stream.isOpen) return stream
      this.#discard(stream)
    }
  }

  #open(): LentStream | null {
    const session = this.#session
    if (!session.canOpen) return null
    const stream = session.open(id => new LentStream(session, id, this))
    this.#streams.add(stream)
    return stream
  }

  #discard(stream: LentStream): void {
    this.#streams.delete(stream)
    stream.discard()
  }
}
