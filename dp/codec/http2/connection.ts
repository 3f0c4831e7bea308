/**
 * One HTTP/2 connection (RFC 9113), server or client, over a byte stream: bytes in, frames out, streams for its user.
 * Writes are gathered per turn of the event loop. Whoever owns the byte stream calls `sweep` now and then, which is
 * all the time this knows, and destroys the byte stream when a closing peer does not.
 */

import { Allowance } from '../allowance.ts'
import type { ByteSink, ByteStream } from '../byte-stream.ts'
import type { Sweepable } from '../deadlines.ts'
import { Output } from '../output.ts'
import type { ConnectionCore, Http2Handler } from './core.ts'
import type { FieldList } from './field-list.ts'
import * as code from './frames/codes.ts'
import { Incoming } from './frames/incoming.ts'
import { Sender } from './frames/sender.ts'
import type { Http2Limits } from './http2-limits.ts'
import { Keeper } from './keeper.ts'
import { Http2Stream, LOST, type StreamHost, type StreamSink } from './stream.ts'
import { StreamTable } from './stream-table.ts'

export interface Http2Options {
  readonly role: 'server' | 'client'
  readonly limits: Http2Limits
  readonly handler: Http2Handler
  /** Server: take extended CONNECT (RFC 8441). */
  readonly takesProtocols?: boolean
}

export class Http2Connection implements ByteSink, StreamHost, ConnectionCore, Sweepable {
  readonly isServer: boolean
  readonly takesProtocols: boolean
  readonly limits: Http2Limits
  readonly handler: Http2Handler
  readonly streams: StreamTable
  readonly sender: Sender
  readonly resets: Allowance
  readonly idleFrames: Allowance
  isRefusing = false
  readonly #down: ByteStream
  readonly #output: Output
  readonly #incoming: Incoming
  readonly #keeper: Keeper
  #isDraining = false
  #isClosed = false
  #goawayCode = code.NO_ERROR

  /** Begins at once: takes `down.sink` and writes preface and settings. */
  constructor(down: ByteStream, options: Http2Options) {
    const { limits, role } = options
    this.#down = down
    this.limits = limits
    this.handler = options.handler
    this.isServer = role === 'server'
    this.takesProtocols = options.takesProtocols === true
    this.streams = new StreamTable(this.isServer)
    this.resets = new Allowance(limits.resetBurst, limits.resetsPerSecond)
    this.idleFrames = new Allowance(limits.idleFrameBurst, limits.idleFramesPerSecond)
    this.#output = new Output(down, limits.maxPendingBytes)
    this.sender = new Sender(this.#output, this.idleFrames, stream => this.#onSendEnd(stream))
    this.#incoming = new Incoming(this)
    this.#keeper = new Keeper(limits, this.sender)
    down.sink = this
    this.#begin()
  }

  /** False: no request can be made, now (`onCapacity` tells when) or, after a GOAWAY, ever. */
  get canRequest(): boolean {
    const most = Math.min(this.#incoming.control.maxStreams, this.limits.maxStreams)
    return !this.#isDraining && !this.#isClosed && this.streams.open.size < most
  }

  /** The peer has said its settings; a server that does not want its client ends the connection instead. */
  get isTaken(): boolean {
    return this.#incoming.hasSettings
  }

  /** Client: calls back with whether the server takes extended CONNECT (RFC 8441), as soon as it has said its settings. */
  onceSettled(then: (takesProtocols: boolean) => void): void {
    this.#incoming.onceSettled(() => then(this.#incoming.control.takesProtocols))
  }

  /** Nothing new begins here: it drains or is closed. */
  get isEnding(): boolean {
    return this.#isDraining || this.#isClosed
  }

  /** Client: opens a stream and sends its head, pseudo-headers first; null: see `canRequest`. */
  request(fields: FieldList, isEnd: boolean, sink: StreamSink): Http2Stream | null {
    const id = this.canRequest ? this.streams.takeId() : -1
    if (id < 0) return null
    const stream = this.open(id)
    stream.sink = sink
    stream.isHeadRequest = fields.get(':method') === 'HEAD'
    this.sender.headers(stream, fields, isEnd)
    return stream
  }

  /** Takes no new streams; ends when the open ones have. A server lets those in that are on their way (§6.8). */
  drain(): void {
    if (this.isEnding) return
    this.#isDraining = true
    if (this.isServer) {
      this.sender.goaway(code.MAX_WINDOW_BYTES, code.NO_ERROR, '')
      this.#keeper.askForDrain()
    } else this.sender.goaway(0, code.NO_ERROR, '')
    this.#endIfDone()
  }

  /** Writes now what waits for the end of the turn. */
  flush(): void {
    this.#output.flush()
  }

  sweep(nowMs: number): void {
    if (this.#isClosed) {
      if (this.#keeper.isOverdue(nowMs)) this.#down.destroy()
      return
    }
    this.#output.release()
    this.resets.fill(nowMs)
    this.idleFrames.fill(nowMs)
    const { isGreeted } = this.#incoming
    const why = this.#keeper.sweep(nowMs, isGreeted, this.#incoming.headers.openId !== 0)
    if (why === '') return
    this.fail(isGreeted ? code.NO_ERROR : code.SETTINGS_TIMEOUT, why)
    this.#down.destroy()
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    this.#keeper.hears()
    this.#incoming.read(bytes, start, end)
    if (this.sender.isExhausted) this.fail(code.ENHANCE_YOUR_CALM, 'window opened byte by byte')
    else if (this.#output.pendingBytes > this.limits.maxBacklogBytes) {
      this.fail(code.ENHANCE_YOUR_CALM, 'asks for more than it reads')
    }
  }

  onEnd(): void {
    this.#isDraining = true
    this.isRefusing = true
    for (const stream of this.streams.open.values()) if (!stream.isReceiveEnded) this.#lose(stream)
    this.#endIfDone()
  }

  onDrain(): void {
    this.#output.unblock()
    this.sender.resumeAll()
  }

  onClose(error: Error | undefined): void {
    this.#shut(this.#goawayCode, error?.message ?? '')
    this.handler.onGone()
  }

  resetStream(stream: Http2Stream, error: number): void {
    this.sender.rst(stream.id, error)
    this.#remove(stream, 'reset-by-us')
    this.#endIfDone()
  }

  credit(stream: Http2Stream, count: number): void {
    this.#incoming.data.credit(stream, count)
  }

  fail(error: number, why: string): void {
    if (this.#isClosed) return
    this.#incoming.stop()
    this.sender.goaway(this.streams.lastPeerId, error, why)
    this.#shut(error, why)
    this.#down.end()
  }

  spendIdle(what: string): boolean {
    if (this.idleFrames.spend()) return !this.#isClosed
    this.fail(code.ENHANCE_YOUR_CALM, `too many ${what}`)
    return false
  }

  spendReset(): boolean {
    if (!this.isServer || this.resets.spend()) return !this.#isClosed
    this.fail(code.ENHANCE_YOUR_CALM, 'too many streams that end early')
    return false
  }

  streamError(stream: Http2Stream, error: number): void {
    this.sender.rst(stream.id, error)
    this.#remove(stream, 'reset-by-us')
    stream.sink.onReset(stream, error)
    if (this.spendReset()) this.#endIfDone()
  }

  refuse(id: number, error: number): void {
    this.sender.rst(id, error)
    this.streams.noteRefused(id)
  }

  open(id: number): Http2Stream {
    const stream = new Http2Stream(
      this,
      id,
      this.#incoming.control.initialWindow,
      this.#incoming.data.streamWindow,
    )
    this.streams.open.set(id, stream)
    return stream
  }

  resetByPeer(stream: Http2Stream, error: number): void {
    this.#remove(stream, 'reset-by-peer')
    stream.sink.onReset(stream, error)
    if (this.spendReset()) this.#endIfDone()
  }

  closeIfDone(stream: Http2Stream): void {
    if (!stream.isOpen || !stream.isSendEnded || !stream.isReceiveEnded) return
    this.#remove(stream, 'complete')
    // Many cancel much on a connection that also does much.
    this.resets.refund(1)
    this.#endIfDone()
  }

  #begin(): void {
    const { limits, sender } = this
    const settings: [number, number][] = [
      [code.INITIAL_WINDOW_SIZE, limits.streamWindowBytes],
      [code.MAX_HEADER_LIST_SIZE, limits.maxHeaderListBytes],
      this.isServer ? [code.MAX_CONCURRENT_STREAMS, limits.maxStreams] : [code.ENABLE_PUSH, 0],
    ]
    if (limits.maxFrameBytes !== code.MIN_FRAME_BYTES)
      settings.push([code.MAX_FRAME_SIZE, limits.maxFrameBytes])
    if (limits.headerTableBytes !== 4096) settings.push([code.HEADER_TABLE_SIZE, limits.headerTableBytes])
    if (this.takesProtocols) settings.push([code.ENABLE_CONNECT_PROTOCOL, 1])
    if (!this.isServer) sender.preface()
    sender.settings(settings)
    this.#incoming.data.begin()
  }

  onGoaway(lastId: number, error: number): void {
    this.#goawayCode = error
    if (!this.isServer) {
      this.#isDraining = true
      for (const stream of this.streams.open.values()) {
        if (stream.id <= lastId) continue
        this.#remove(stream, 'reset-by-us')
        stream.sink.onReset(stream, code.REFUSED_STREAM)
      }
    }
    this.handler.onGoaway(error)
    this.#endIfDone()
  }

  onPong(payload: Buffer, start: number): void {
    if (!this.#keeper.isDrainAnswer(payload, start)) return
    // Whoever was on its way when we said that we go has arrived.
    this.isRefusing = true
    this.sender.goaway(this.streams.lastPeerId, code.NO_ERROR, '')
    this.#endIfDone()
  }

  #onSendEnd(stream: Http2Stream): void {
    stream.isSendEnded = true
    this.closeIfDone(stream)
  }

  #remove(stream: Http2Stream, ending: 'complete' | 'reset-by-peer' | 'reset-by-us'): void {
    stream.isOpen = false
    this.streams.remove(stream, ending)
    this.sender.forget(stream)
    this.#incoming.data.creditConnection(stream.heldBytes)
    if (!this.isServer && !this.isEnding) this.handler.onCapacity()
  }

  #lose(stream: Http2Stream): void {
    this.#remove(stream, 'reset-by-us')
    stream.sink.onReset(stream, LOST)
  }

  #endIfDone(): void {
    if (this.#isClosed || !this.#isDraining || this.streams.open.size > 0) return
    if (this.isServer && !this.isRefusing) return
    this.#output.flush()
    this.#shut(this.#goawayCode, '')
    this.#down.end()
  }

  #shut(error: number, why: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#incoming.stop()
    this.#output.close()
    for (const stream of this.streams.open.values()) this.#lose(stream)
    this.handler.onClose(error, why)
  }
}
