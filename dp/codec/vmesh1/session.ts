/**
 * One connection that speaks vmesh/1, of either side: frames in, streams out; writes gathered per turn of the event loop.
 * What a slow user of a stream does not take stays in its window. All that a peer can make grow is bounded: streams,
 * windows, answers that it does not read, frames that move nothing. `sweep` is all the time it has.
 */
import type { ByteSink, ByteStream } from '../byte-stream.ts'
import type { Sweepable } from '../deadlines.ts'
import { Output } from '../output.ts'
import * as code from './codes.ts'
import { Deliveries } from './deliveries.ts'
import { Departure } from './departure.ts'
import { type FrameHandler, FrameReader } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import { Pulse } from './pulse.ts'
import type { SessionLimits } from './session-limits.ts'
import type { SessionHandler, SessionOptions } from './session-options.ts'
import { type StreamHost, VmeshStream } from './stream.ts'
import { Throttle } from './throttle.ts'
import { Turns } from './turns.ts'
import { Windows } from './windows.ts'

const LOST = new Error('the connection between the data planes is gone')
const RESET_BY_PEER = new Error('the other data plane has reset the stream')
const TINY_CREDIT_BYTES = 1024

export class Session implements ByteSink, FrameHandler, StreamHost, Sweepable {
  readonly ownsReads: boolean
  readonly writer: FrameWriter
  readonly windows: Windows
  isReading = true
  readonly #wire: ByteStream
  readonly #departure: Departure
  readonly #isServer: boolean
  readonly #limits: SessionLimits
  readonly #handler: SessionHandler
  readonly #reader: FrameReader
  readonly #output: Output
  readonly #streams = new Map<number, VmeshStream>()
  readonly #turns: Turns
  readonly #deliveries = new Deliveries()
  readonly #throttle: Throttle
  readonly #pulse: Pulse
  #lastId = -1
  /** Streams that ask and have no answer yet. */
  #busy = 0
  /** Client: what the server takes; 0 until it has said hello. */
  #maxStreams = 0

  /** Takes `wire.sink`. */
  constructor(wire: ByteStream, options: SessionOptions) {
    const { limits } = options
    this.#wire = wire
    this.#isServer = options.isServer
    this.ownsReads = options.ownsReads
    this.#limits = limits
    this.#handler = options.handler
    this.#reader = new FrameReader(this)
    this.#output = new Output(wire, limits.maxPendingBytes)
    this.#turns = new Turns(this.#output)
    this.writer = new FrameWriter(this.#output)
    this.#departure = new Departure(wire, this.writer, limits.lingerMs)
    this.windows = new Windows(limits.sharedWindowBytes)
    this.#throttle = new Throttle(wire, limits)
    this.#pulse = new Pulse(limits, this.writer)
    wire.sink = this
    if (this.#isServer) this.writer.hello(limits.maxStreams)
  }

  get streamCount(): number {
    return this.#streams.size
  }

  /** Client: the server has taken us. */
  get isReady(): boolean {
    return this.#maxStreams > 0
  }

  /** The other side does not answer: what is new had better go elsewhere. */
  get isInDoubt(): boolean {
    return this.#pulse.isInDoubt
  }

  /** Client: whether a stream may be opened. */
  get canOpen(): boolean {
    return (
      this.isReading &&
      !this.#departure.isLeaving &&
      this.#streams.size < this.#maxStreams &&
      this.#lastId < code.MAX_STREAM_ID - 2
    )
  }

  get isEnding(): boolean {
    return this.#departure.isLeaving || !this.isReading
  }

  /** Client, while `canOpen`: the stream that `make` makes of its number is open. */
  open<Made extends VmeshStream>(make: (id: number) => Made): Made {
    this.#lastId += 2
    const stream = make(this.#lastId)
    this.#streams.set(stream.id, stream)
    this.writer.open(stream.id)
    return stream
  }

  /** No new streams: the connection ends with the last that runs. A server serves those that are on their way. */
  leave(): void {
    if (this.isEnding) return
    if (this.#isServer) this.#departure.announce()
    else this.#settle()
  }

  /** As `leave`, and what is on its way is refused; all is cut at the latest in `withinMs`. */
  leaveWithin(withinMs: number, nowMs: number): void {
    if (this.isReading) this.#settle()
    this.#departure.endWithin(withinMs, nowMs)
  }

  /** Ends all streams at once; they are told when the wire is closed. */
  cut(): void {
    this.isReading = false
    for (const stream of this.#streams.values()) stream.isOpen = false
    this.#wire.destroy()
  }

  sweep(nowMs: number): void {
    if (this.#departure.isOver(nowMs)) this.cut()
    if (!this.isReading) return
    if (this.#departure.mustSettle(nowMs)) this.#settle()
    if (this.#throttle.isOn) this.#pulse.hears()
    this.#throttle.sweep(nowMs)
    if (!this.#throttle.isOn && !this.#pulse.sweep(nowMs)) this.cut()
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    this.#pulse.hears()
    this.#reader.read(bytes, start, end)
    if (this.isReading) this.#throttle.check()
  }

  onEnd(): void {
    this.isReading = false
    this.#loseAll(LOST, false)
    this.#departure.endWire()
  }

  onDrain(): void {
    this.#output.unblock()
    this.#turns.resumeAll()
    this.#throttle.release()
  }

  onClose(error: Error | undefined): void {
    const isCutHere = !this.isReading
    this.isReading = false
    this.#loseAll(error ?? LOST, isCutHere)
    this.#output.close()
    this.#handler.onClose()
  }

  onData(id: number, bytes: Buffer, start: number, end: number, isCopy: boolean): void {
    const stream = this.#streams.get(id)
    if (stream !== undefined) {
      if (!stream.receive(bytes, start, end, this.ownsReads && !isCopy)) this.#fail(code.BAD_WINDOW)
    } else if (!this.#wasOpened(id)) this.#fail(code.BAD_FRAME)
  }

  onNothing(): void {
    this.#throttle.spend()
  }

  onEndOf(id: number): void {
    const stream = this.#streams.get(id)
    if (stream === undefined ? !this.#wasOpened(id) : !stream.receiveEnd()) this.#fail(code.BAD_FRAME)
  }

  onControl(type: number, flags: number, id: number, payload: Buffer, length: number): void {
    if (type === code.OPEN) this.#onOpen(id)
    else if (type === code.RESET) this.#onReset(id, length > 0 ? payload[0] : code.CUT)
    else if (type === code.WINDOW) this.#onWindow(id, length < 4 ? 0 : payload.readUInt32BE(0))
    else if (type === code.GOAWAY) this.#onGoaway(length < 4 ? -1 : payload.readUInt32BE(0))
    else if (type === code.HELLO && length >= 4) this.#onHello(payload.readUInt32BE(0))
    else this.#onNuisance(type, flags, payload)
  }

  waits(stream: VmeshStream): void {
    this.#turns.add(stream)
  }

  /** Clients ask and servers answer: whoever is the only one that asks need not wait for others to write with. */
  moved(stream: VmeshStream, isOut: boolean): void {
    const isBusy = isOut !== this.#isServer
    if (stream.isBusy === isBusy) return
    stream.isBusy = isBusy
    this.#busy += isBusy ? 1 : -1
    this.#output.company = this.#busy <= (this.#isServer ? 0 : 1) ? 'none' : 'some'
  }

  defer(stream: VmeshStream): void {
    this.#deliveries.add(stream)
  }

  forget(stream: VmeshStream): void {
    this.#turns.remove(stream)
    if (!this.#streams.delete(stream.id)) return
    this.moved(stream, this.#isServer)
    this.#endIfEmpty()
    this.#handler.onChange()
  }

  #onOpen(id: number): void {
    if (!this.#isServer || id % 2 === 0 || id <= this.#lastId) return this.#fail(code.BAD_FRAME)
    this.#lastId = id
    if (this.#departure.isSettled || this.#streams.size >= this.#limits.maxStreams) {
      this.#throttle.spend()
      this.writer.reset(id, code.REFUSED)
      return
    }
    const stream = new VmeshStream(this, id)
    this.#streams.set(id, stream)
    this.#handler.onStream(stream)
  }

  #onReset(id: number, why: number | undefined): void {
    const stream = this.#streams.get(id)
    if (stream?.hasEnded !== true) this.#throttle.spend()
    if (stream !== undefined) {
      stream.isUnprocessed = why === code.REFUSED
      stream.lose(RESET_BY_PEER, false)
    } else if (!this.#wasOpened(id)) this.#fail(code.BAD_FRAME)
  }

  #onWindow(id: number, count: number): void {
    const stream = this.#streams.get(id)
    if (count < TINY_CREDIT_BYTES) this.#throttle.spend()
    if (count === 0) this.#fail(code.BAD_FRAME)
    else if (stream === undefined) {
      if (!this.#wasOpened(id)) this.#fail(code.BAD_FRAME)
    } else if (!stream.addCredit(count)) this.#fail(code.BAD_WINDOW)
    else this.#turns.resume(stream)
  }

  #onGoaway(lastId: number): void {
    this.#throttle.spend()
    if (lastId < 0) return this.#fail(code.BAD_FRAME)
    this.#departure.follow()
    if (!this.#isServer) {
      for (const stream of [...this.#streams.values()]) {
        if (stream.id <= lastId) continue
        stream.isUnprocessed = true
        stream.lose(RESET_BY_PEER, false)
      }
    }
    this.#handler.onChange()
    this.#endIfEmpty()
  }

  #onHello(maxStreams: number): void {
    if (this.isReady || this.#isServer) this.#throttle.spend()
    this.#maxStreams = Math.min(this.#limits.maxStreams, maxStreams)
    this.#handler.onChange()
  }

  /** PING, and frames of types that came later. */
  #onNuisance(type: number, flags: number, payload: Buffer): void {
    if (type === code.PING && (flags & code.ACK) !== 0) {
      if (this.#departure.isAnswer(payload)) this.#settle()
      return
    }
    this.#throttle.spend()
    if (type === code.PING) this.writer.ping(code.ACK, payload)
  }

  /** A frame for a stream that is closed may still have been on its way. */
  #wasOpened(id: number): boolean {
    return id % 2 === 1 && id <= this.#lastId
  }

  #fail(why: number): void {
    if (!this.isReading) return
    this.isReading = false
    this.writer.goaway(Math.max(0, this.#lastId), why)
    this.#loseAll(LOST, true)
    this.#departure.endWire()
  }

  #loseAll(error: Error, isCutHere: boolean): void {
    for (const stream of [...this.#streams.values()]) stream.lose(error, isCutHere)
  }

  #settle(): void {
    this.#departure.settle(this.#lastId)
    this.#endIfEmpty()
  }

  #endIfEmpty(): void {
    if (this.#departure.isSettled && this.#streams.size === 0) this.#departure.endWire()
  }
}
