/**
 * The frames that carry no message (RFC 9113 §6.3–6.9): RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE; PRIORITY is
 * checked and ignored. Each has its size, its place and a limit to how often it may come for nothing.
 */

import type { ConnectionCore } from '../core.ts'
import {
  ACK,
  DEFAULT_WINDOW_BYTES,
  ENABLE_CONNECT_PROTOCOL,
  ENABLE_PUSH,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  HEADER_TABLE_SIZE,
  INITIAL_WINDOW_SIZE,
  MAX_CONCURRENT_STREAMS,
  MAX_FRAME_BYTES,
  MAX_FRAME_SIZE,
  MAX_WINDOW_BYTES,
  MIN_FRAME_BYTES,
  PROTOCOL_ERROR,
} from './codes.ts'

/** Streams that a server takes before it has said how many (RFC 9113 §6.5.2 recommends no fewer). */
const FIRST_MAX_STREAMS = 100

export class ControlFrames {
  /** Settings of the peer. */
  maxStreams = FIRST_MAX_STREAMS
  initialWindow = DEFAULT_WINDOW_BYTES
  /** Of a server: it takes extended CONNECT (RFC 8441). */
  takesProtocols = false
  readonly #core: ConnectionCore
  #isFirst = true

  constructor(core: ConnectionCore) {
    this.#core = core
  }

  onPriority(id: number, length: number): void {
    if (id === 0) this.#core.fail(PROTOCOL_ERROR, 'PRIORITY on stream 0')
    else if (length !== 5) this.#onBadPriority(id)
    else this.#core.spendIdle('PRIORITY')
  }

  onReset(id: number, bytes: Buffer, start: number, length: number): void {
    const core = this.#core
    if (length !== 4) return core.fail(FRAME_SIZE_ERROR, 'size of RST_STREAM')
    if (id === 0 || core.streams.isIdle(id)) {
      return core.fail(PROTOCOL_ERROR, `RST_STREAM on the idle stream ${id}`)
    }
    const stream = core.streams.open.get(id)
    if (stream === undefined) {
      core.spendIdle('RST_STREAM')
      return
    }
    core.resetByPeer(stream, bytes.readUInt32BE(start))
  }

  /** Of the peer's settings, not of an acknowledgement. */
  onSettings(bytes: Buffer, start: number, end: number): void {
    const core = this.#core
    if ((end - start) % 6 !== 0) return core.fail(FRAME_SIZE_ERROR, 'size of SETTINGS')
    let window = this.initialWindow
    // Who says nothing sets no limit, and has said so with its first settings.
    if (this.#isFirst) this.maxStreams = Number.POSITIVE_INFINITY
    this.#isFirst = false
    for (let at = start; at < end; at += 6) {
      const id = bytes.readUInt16BE(at)
      const value = bytes.readUInt32BE(at + 2)
      const error = this.#faultOf(id, value)
      if (error !== 0) return core.fail(error, `setting ${id}: ${value}`)
      if (id === HEADER_TABLE_SIZE) core.sender.encoder.limitTable(value)
      else if (id === MAX_CONCURRENT_STREAMS) this.maxStreams = value
      else if (id === INITIAL_WINDOW_SIZE) window = value
      else if (id === ENABLE_CONNECT_PROTOCOL) this.takesProtocols = value === 1
    }
    if (!core.spendIdle('SETTINGS')) return
    if (window !== this.initialWindow && !this.#moveWindows(window)) return
    core.sender.settingsAck()
    core.handler.onCapacity()
  }

  onPing(flags: number, bytes: Buffer, start: number): void {
    if (this.#core.spendIdle('PING')) this.#core.sender.ping(bytes, start, flags | ACK)
  }

  onWindowUpdate(id: number, bytes: Buffer, start: number, length: number): void {
    const core = this.#core
    if (length !== 4) return core.fail(FRAME_SIZE_ERROR, 'size of WINDOW_UPDATE')
    const count = bytes.readUInt32BE(start) & MAX_WINDOW_BYTES
    if (id !== 0 && core.streams.isIdle(id)) {
      return core.fail(PROTOCOL_ERROR, `WINDOW_UPDATE on the idle stream ${id}`)
    }
    if (!core.spendIdle('WINDOW_UPDATE')) return
    if (id === 0) this.#openConnection(count)
    else this.#openStream(id, count)
  }

  #openConnection(count: number): void {
    const { sender } = this.#core
    sender.window += count
    if (count === 0) this.#core.fail(PROTOCOL_ERROR, 'WINDOW_UPDATE of nothing')
    else if (sender.window > MAX_WINDOW_BYTES) this.#core.fail(FLOW_CONTROL_ERROR, 'window too large')
    else sender.resumeAll()
  }

  #openStream(id: number, count: number): void {
    const stream = this.#core.streams.open.get(id)
    if (stream === undefined) return
    stream.sendWindow += count
    if (count === 0) this.#core.streamError(stream, PROTOCOL_ERROR)
    else if (stream.sendWindow > MAX_WINDOW_BYTES) this.#core.streamError(stream, FLOW_CONTROL_ERROR)
    else this.#core.sender.resume(stream)
  }

  /** RFC 9113 §6.9.2: what streams have left moves with the setting, below zero too. */
  #moveWindows(window: number): boolean {
    const difference = window - this.initialWindow
    this.initialWindow = window
    for (const stream of this.#core.streams.open.values()) {
      stream.sendWindow += difference
      if (stream.sendWindow > MAX_WINDOW_BYTES) {
        this.#core.fail(FLOW_CONTROL_ERROR, 'window too large')
        return false
      }
    }
    if (difference > 0) this.#core.sender.resumeAll()
    return true
  }

  #faultOf(id: number, value: number): number {
    switch (id) {
      case ENABLE_PUSH:
        return value > 1 || (value === 1 && !this.#core.isServer) ? PROTOCOL_ERROR : 0
      case ENABLE_CONNECT_PROTOCOL:
        return value > 1 ? PROTOCOL_ERROR : 0
      case INITIAL_WINDOW_SIZE:
        return value > MAX_WINDOW_BYTES ? FLOW_CONTROL_ERROR : 0
      case MAX_FRAME_SIZE:
        return value < MIN_FRAME_BYTES || value > MAX_FRAME_BYTES ? PROTOCOL_ERROR : 0
      default:
        return 0
    }
  }

  #onBadPriority(id: number): void {
    const core = this.#core
    const stream = core.streams.open.get(id)
    if (stream !== undefined) core.streamError(stream, FRAME_SIZE_ERROR)
    else if (core.streams.isIdle(id)) core.fail(FRAME_SIZE_ERROR, 'size of PRIORITY')
    else if (core.spendReset() && core.streams.endingOf(id) !== 'reset-by-us')
      core.refuse(id, FRAME_SIZE_ERROR)
  }
}
