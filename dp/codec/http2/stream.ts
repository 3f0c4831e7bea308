/**
 * One stream of an HTTP/2 connection as its user sees it: sends head, body and trailers, and is told what arrives
 * through its sink. What cannot leave yet is kept here, and the user told to stop; while the user is paused, the peer
 * gets no further credit, so what may still arrive is bounded by the stream's window.
 */
import type { FieldList } from './field-list.ts'
import type { HeaderBlock } from './header-block.ts'

/** Code of `onReset` when the connection is gone and the peer has said nothing about the stream. */
export const LOST = -1

/** Receives what a stream reads; may be replaced at any time. Calls come in order; `onReset` is the last. */
export interface StreamSink {
  /** Client: head of a response; one below 200 is followed by another. `block` is valid during the call. */
  onHead(stream: Http2Stream, block: HeaderBlock, isEnd: boolean): void
  /** `bytes[start, end)` is valid during the call; may be empty when `isEnd`. */
  onData(stream: Http2Stream, bytes: Buffer, start: number, end: number, isEnd: boolean): void
  /** The end, with these trailers. */
  onTrailers(stream: Http2Stream, block: HeaderBlock): void
  /** All that was sent has gone to the connection; called after a send that returned false. */
  onDrain(stream: Http2Stream): void
  /** Ended before both sides were complete. REFUSED_STREAM: the peer has not looked at it; or LOST. */
  onReset(stream: Http2Stream, code: number): void
}

/** What streams need of the sending half of their connection. */
export interface StreamSender {
  headers(stream: Http2Stream, fields: FieldList, isEnd: boolean): void
  data(stream: Http2Stream, bytes: Buffer, start: number, end: number, isEnd: boolean): boolean
  text(stream: Http2Stream, text: string, isEnd: boolean): boolean
  trailers(stream: Http2Stream, fields: FieldList): void
}

/** What streams need of their connection. */
export interface StreamHost {
  readonly sender: StreamSender
  resetStream(stream: Http2Stream, code: number): void
  credit(stream: Http2Stream, count: number): void
}

/** Ignores everything: of streams that nobody owns any more. */
export const NO_STREAM_SINK: StreamSink = {
  onHead() {},
  onData() {},
  onTrailers() {},
  onDrain() {},
  onReset() {},
}

export class Http2Stream {
  readonly id: number
  sink: StreamSink = NO_STREAM_SINK
  /** False: complete or reset; sending does nothing. */
  isOpen = true
  readonly #host: StreamHost
  #isPaused = false

  // The rest is the connection's.
  sendWindow: number
  receiveWindow: number
  /** Passed on and not credited to the peer yet. */
  creditBytes = 0
  /** Received while paused. */
  heldBytes = 0
  isSendEnded = false
  isReceiveEnded = false
  /** Client: the final head has come. */
  hasHead = false
  /** Of a HEAD request, a 204 or a 304. */
  isBodiless = false
  isHeadRequest = false
  /** Of the body by Content-Length; -1: not said. */
  leftBytes = -1
  /** What waits for windows or for the connection. */
  queue: Buffer[] | null = null
  queuedBytes = 0
  queuedEnd = false
  queuedTrailers: FieldList | null = null
  isWaiting = false

  constructor(host: StreamHost, id: number, sendWindow: number, receiveWindow: number) {
    this.#host = host
    this.id = id
    this.sendWindow = sendWindow
    this.receiveWindow = receiveWindow
  }

  /** Sent and still here. */
  get pendingBytes(): number {
    return this.queuedBytes
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Pseudo-headers first, names in lower case. Server: also of interim responses (1xx). */
  sendHead(fields: FieldList, isEnd: boolean): void {
    if (this.isOpen && !this.isSendEnded) this.#host.sender.headers(this, fields, isEnd)
  }

  /** Copies `bytes[start, end)`. False: some had to be kept; stop until `onDrain`. */
  sendData(bytes: Buffer, start: number, end: number, isEnd: boolean): boolean {
    return !this.isOpen || this.isSendEnded || this.#host.sender.data(this, bytes, start, end, isEnd)
  }

  /** Latin-1 text as data; as `sendData`. */
  sendText(text: string, isEnd: boolean): boolean {
    return !this.isOpen || this.isSendEnded || this.#host.sender.text(this, text, isEnd)
  }

  /** Ends the stream's side of ours; behind all data. `fields` is copied where it has to wait. */
  sendTrailers(fields: FieldList): void {
    if (this.isOpen && !this.isSendEnded) this.#host.sender.trailers(this, fields)
  }

  /** Ends both sides; the sink is not called any more. */
  reset(code: number): void {
    if (this.isOpen) this.#host.resetStream(this, code)
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    const held = this.heldBytes
    this.heldBytes = 0
    if (held > 0) this.#host.credit(this, held)
  }
}
