/**
 * How a session goes. A server does it in two steps: its first GOAWAY names no last stream, and what was on its way is
 * served until the client has answered the PING behind it, or has had its time; the second one names the last stream.
 * With it the wire ends, and the other side gets a moment to end it as well.
 */
import type { ByteStream } from '../byte-stream.ts'
import { LEAVING, MAX_STREAM_ID } from './codes.ts'
import type { FrameWriter } from './frame-writer.ts'

const QUESTION = Buffer.from('vmesh-go')

export class Departure {
  /** One of both sides wants no new streams. */
  isLeaving = false
  /** And what comes now was not on its way. */
  isSettled = false
  readonly #wire: ByteStream
  readonly #writer: FrameWriter
  readonly #lingerMs: number
  /** -1: no sweep has seen it wait. */
  #waitsSinceMs = -1
  #hasEnded = false
  #endsAtMs = Number.POSITIVE_INFINITY

  constructor(wire: ByteStream, writer: FrameWriter, lingerMs: number) {
    this.#wire = wire
    this.#writer = writer
    this.#lingerMs = lingerMs
  }

  /** Server: the first step. */
  announce(): void {
    this.isLeaving = true
    this.#writer.goaway(MAX_STREAM_ID, LEAVING)
    this.#writer.ping(0, QUESTION)
  }

  isAnswer(payload: Buffer): boolean {
    return this.isLeaving && payload.compare(QUESTION, 0, 8, 0, 8) === 0
  }

  /** The last word. `lastId`: of the streams that were opened; -1: none. */
  settle(lastId: number): void {
    if (this.isSettled) return
    this.follow()
    this.#writer.goaway(Math.max(0, lastId), LEAVING)
  }

  /** The other side leaves. */
  follow(): void {
    this.isLeaving = true
    this.isSettled = true
  }

  /** Nothing is written any more. */
  endWire(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#writer.output.close()
    this.#wire.end()
  }

  /** Cut at the latest in `withinMs`. */
  endWithin(withinMs: number, nowMs: number): void {
    this.#endsAtMs = Math.min(this.#endsAtMs, nowMs + withinMs)
  }

  /** True: whatever was on its way had its time to arrive. */
  mustSettle(nowMs: number): boolean {
    if (!this.isLeaving || this.isSettled) return false
    if (this.#waitsSinceMs < 0) this.#waitsSinceMs = nowMs
    return nowMs - this.#waitsSinceMs > this.#lingerMs
  }

  /** True: it has to be cut. */
  isOver(nowMs: number): boolean {
    const isOver = nowMs > this.#endsAtMs
    if (this.#hasEnded) this.endWithin(this.#lingerMs, nowMs)
    return isOver
  }
}
