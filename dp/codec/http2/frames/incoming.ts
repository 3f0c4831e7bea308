/**
 * The receiving half of a connection: frames from the reader to those who understand them, in the order that RFC 9113
 * demands: SETTINGS first (§3.4), nothing inside a header block but its continuation (§4.3).
 */

import type { ConnectionCore } from '../core.ts'
import {
  ACK,
  CONTINUATION,
  FRAME_SIZE_ERROR,
  HEADERS,
  MAX_WINDOW_BYTES,
  PING,
  PRIORITY,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from './codes.ts'
import { ControlFrames } from './control-frames.ts'
import { DataFrames } from './data-frames.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'
import { HeaderFrames } from './header-frames.ts'

export class Incoming implements FrameSink {
  readonly headers: HeaderFrames
  readonly data: DataFrames
  readonly control: ControlFrames
  readonly #core: ConnectionCore
  readonly #reader: FrameReader
  #hasSettings = false
  #isAcknowledged = false
  #asking: (() => void)[] = []

  constructor(core: ConnectionCore) {
    this.#core = core
    this.#reader = new FrameReader(this, core.limits.maxFrameBytes, core.isServer)
    this.headers = new HeaderFrames(core)
    this.data = new DataFrames(core)
    this.control = new ControlFrames(core)
  }

  /** The peer's settings have come, and it has acknowledged ours. */
  get isGreeted(): boolean {
    return this.#hasSettings && this.#isAcknowledged
  }

  /** The peer's settings have come: it has taken the connection. */
  get hasSettings(): boolean {
    return this.#hasSettings
  }

  read(bytes: Buffer, start: number, end: number): void {
    this.#reader.read(bytes, start, end)
  }

  /** Calls back once the peer's settings are known, or nobody will ever know them. */
  onceSettled(then: () => void): void {
    if (this.#hasSettings) then()
    else this.#asking.push(then)
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#reader.stop()
    for (const then of this.#asking.splice(0)) queueMicrotask(then)
  }

  onFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const core = this.#core
    const { openId } = this.headers
    if (openId !== 0 && (type !== CONTINUATION || id !== openId)) {
      core.fail(PROTOCOL_ERROR, 'header block interrupted')
    } else if (!this.#hasSettings && (type !== SETTINGS || (flags & ACK) !== 0)) {
      core.fail(PROTOCOL_ERROR, 'first frame is not SETTINGS')
    } else if (type === HEADERS) this.headers.onHeaders(flags, id, bytes, start, end)
    else if (type === WINDOW_UPDATE) this.control.onWindowUpdate(id, bytes, start, end - start)
    else if (type === RST_STREAM) this.control.onReset(id, bytes, start, end - start)
    else if (type === CONTINUATION) this.headers.onContinuation(flags, id, bytes, start, end)
    else if (type === PRIORITY) this.control.onPriority(id, end - start)
    else if (type === PUSH_PROMISE) core.fail(PROTOCOL_ERROR, 'PUSH_PROMISE')
    else if (type > CONTINUATION) core.spendIdle('unknown frames')
    else if (id !== 0) core.fail(PROTOCOL_ERROR, `frame of type ${type} on stream ${id}`)
    else if (type === SETTINGS) this.#onSettings(flags, bytes, start, end)
    else if (type === PING) this.#onPing(flags, bytes, start, end)
    else this.#onGoaway(bytes, start, end)
  }

  onDataHead(flags: number, id: number, length: number, dataLength: number): void {
    if (this.headers.openId !== 0) this.#core.fail(PROTOCOL_ERROR, 'header block interrupted')
    else if (!this.#hasSettings) this.#core.fail(PROTOCOL_ERROR, 'first frame is not SETTINGS')
    else this.data.onHead(flags, id, length, dataLength)
  }

  onData(bytes: Buffer, start: number, end: number, isLast: boolean): void {
    this.data.onData(bytes, start, end, isLast)
  }

  onFrameFault(code: number, why: string): void {
    this.#core.fail(code, why)
  }

  #onSettings(flags: number, bytes: Buffer, start: number, end: number): void {
    if ((flags & ACK) === 0) {
      this.#hasSettings = true
      this.control.onSettings(bytes, start, end)
      for (const then of this.#asking.splice(0)) then()
    } else if (end > start) this.#core.fail(FRAME_SIZE_ERROR, 'size of SETTINGS')
    else if (this.#isAcknowledged) this.#core.spendIdle('SETTINGS')
    else {
      this.#isAcknowledged = true
      this.headers.decoder.limitTable(this.#core.limits.headerTableBytes)
      this.data.onAcknowledged()
    }
  }

  #onPing(flags: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 8) this.#core.fail(FRAME_SIZE_ERROR, 'size of PING')
    else if ((flags & ACK) === 0) this.control.onPing(flags, bytes, start)
    else if (this.#core.spendIdle('PING')) this.#core.onPong(bytes, start)
  }

  #onGoaway(bytes: Buffer, start: number, end: number): void {
    if (end - start < 8) this.#core.fail(FRAME_SIZE_ERROR, 'size of GOAWAY')
    else if (this.#core.spendIdle('GOAWAY')) {
      this.#core.onGoaway(bytes.readUInt32BE(start) & MAX_WINDOW_BYTES, bytes.readUInt32BE(start + 4))
    }
  }
}
