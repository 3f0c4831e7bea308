/**
 * How fast a peer is read: one whose frames move nothing, or who does not read what we answer, is not read until time
 * or its reading have made up for it.
 */
import { Allowance } from '../allowance.ts'
import type { ByteStream } from '../byte-stream.ts'
import type { SessionLimits } from './session-limits.ts'

export class Throttle {
  /** The peer is not read. */
  isOn = false
  readonly #wire: ByteStream
  readonly #maxBacklogBytes: number
  readonly #nuisances: Allowance

  constructor(wire: ByteStream, limits: SessionLimits) {
    this.#wire = wire
    this.#maxBacklogBytes = limits.maxBacklogBytes
    this.#nuisances = new Allowance(limits.nuisanceBurst, limits.nuisancesPerSecond)
  }

  /** A frame has come that costs work and moves nothing. */
  spend(): void {
    this.#nuisances.spend()
  }

  /** To be asked behind every read. */
  check(): void {
    if (this.isOn || !this.#isTooMuch()) return
    this.isOn = true
    this.#wire.pause()
  }

  /** The peer has read, or time has passed. */
  release(): void {
    if (!this.isOn || this.#isTooMuch()) return
    this.isOn = false
    this.#wire.resume()
  }

  sweep(nowMs: number): void {
    this.#nuisances.fill(nowMs)
    this.release()
  }

  #isTooMuch(): boolean {
    return this.#nuisances.isSpent || this.#wire.pendingBytes > this.#maxBacklogBytes
  }
}
