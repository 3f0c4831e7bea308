/**
 * A request until its answer begins: its head, what there is of its body while it waits for a stream, and whether it may
 * be sent again. One object for each exchange, used for one request after the other.
 */
import type { Stream } from '../cluster/transport.ts'
import { requestText } from '../codec/http2/bridge/heads.ts'
import type { FieldList } from '../codec/http2/field-list.ts'
import type { Outgoing } from './outgoing.ts'

/** Of a request that nobody has looked at. */
const MAX_RETRIES = 3
const NOTHING = Buffer.alloc(0)

export class KeptRequest {
  isHead = false
  /** Protocol that the client offers to switch to; ''. */
  upgrade = ''
  mustSwitch = false
  #text = ''
  #fields: FieldList | null = null
  /** The head in `#fields` is the whole request. */
  #isBodiless = false
  #bytes: Buffer | null = null
  #isReplayable = false
  /** All of the request was sent and is still here, and nothing came back. */
  #isWhole = false
  #retries = 0
  /** How much of it is kept for another try; 0: nothing. */
  #maxKept = 0

  /** All of it that has come is still here: it can be sent from its beginning. */
  get isKept(): boolean {
    return this.#maxKept > 0
  }

  /** `isDone`: nothing follows what `request` has. `maxKept`: bytes of it that are kept when they are sent. */
  begin(request: Outgoing, isDone: boolean, maxKept: number): void {
    this.#maxKept = request.text.length + (request.body?.length ?? 0) > maxKept ? 0 : maxKept
    this.isHead = request.isHead
    this.upgrade = request.upgrade
    this.mustSwitch = request.mustSwitch
    this.#text = request.text
    this.#fields = request.fields
    this.#isBodiless = isDone
    this.#bytes = request.body
    this.#isReplayable = request.isReplayable
    this.#isWhole = false
    this.#retries = 0
  }

  /** The answer of that status opens the tunnel that was asked for. */
  switchesAt(status: number): boolean {
    return this.mustSwitch && status >= 200 && status < 300
  }

  /** More of its body, which comes before there is a stream. A copy. */
  add(bytes: Buffer, start: number, end: number): void {
    this.#bytes = Buffer.concat([this.#bytes ?? NOTHING, bytes.subarray(start, end)])
  }

  /** What a stream has taken, for another try. */
  keep(bytes: Buffer, start: number, end: number): void {
    if (this.#maxKept === 0 || start === end) return
    if (this.#text.length + (this.#bytes?.length ?? 0) + end - start <= this.#maxKept)
      return this.add(bytes, start, end)
    this.#maxKept = 0
    this.#bytes = null
  }

  /** Sends what there is. False: the stream takes no more now. */
  send(stream: Stream, isDone: boolean): boolean {
    const isFree = this.#fields === null ? this.#sendText(stream) : this.#sendFields(stream, this.#fields)
    this.#isWhole = isDone
    if (!isDone && this.#maxKept === 0) this.#bytes = null
    return isFree
  }

  /** The answer has begun: it is not sent again unasked. */
  release(): void {
    this.#isReplayable = false
    this.#isWhole = false
    if (this.#maxKept > 0) return
    this.#text = ''
    this.#bytes = null
  }

  /** It is over. */
  forget(): void {
    this.#maxKept = 0
    this.release()
  }

  /**
   * Whether it may be sent again; counts as having been. What nobody has looked at is, whatever it is; what somebody may
   * have, once and if it is harmless.
   */
  retries(lost: Stream | null): boolean {
    if (lost === null || !this.#isWhole) return false
    const may = lost.isUnprocessed
      ? this.#retries < MAX_RETRIES
      : this.#isReplayable && lost.isReused && this.#retries === 0
    this.#retries++
    return may
  }

  #sendText(stream: Stream): boolean {
    const bytes = this.#bytes
    return bytes === null ? stream.write(this.#text) : stream.writeBoth(this.#text, bytes)
  }

  /** As they are where the other side speaks HTTP/2, else as text. */
  #sendFields(stream: Stream, fields: FieldList): boolean {
    if (stream.request === undefined) {
      this.#text = `${requestText(fields, this.#isBodiless)}\r\n`
      return this.#sendText(stream)
    }
    stream.request(fields, this.#isBodiless)
    return this.#bytes === null || stream.writeBytes(this.#bytes)
  }
}
