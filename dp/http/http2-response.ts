/** A response in the form of the client's HTTP/2 stream: field list, data out of its chunks, trailers. */
import type { ResponseHead } from '../codec/http1/response-head.ts'
import { forwardedResponse, responseFields } from '../codec/http2/bridge/heads.ts'
import { meshAnswer } from '../codec/http2/bridge/mesh-answer.ts'
import { type ChunkSink, Unchunker } from '../codec/http2/bridge/unchunker.ts'
import { FieldList } from '../codec/http2/field-list.ts'
import type { Http2Stream } from '../codec/http2/stream.ts'
import { type AnswerForm, isReason, POLICY_FIELD, type ReasonCode } from '../errors.ts'
import type { ResponseSink } from './response-sink.ts'

const NOTHING = Buffer.alloc(0)
/** Shared by all: what it holds is sent before anything else is read. */
const FIELDS = new FieldList()

export class Http2Response implements ResponseSink, ChunkSink {
  readonly takesBlocks = true
  #stream: Http2Stream | null = null
  #isGrpc = false
  #isChunked = false
  /** Its body is not for the client. */
  #isReplaced = false
  #isFree = true
  #unchunker: Unchunker | null = null

  /** Of another request. */
  begins(stream: Http2Stream, isGrpc: boolean): void {
    this.#stream = stream
    this.#isGrpc = isGrpc
  }

  get pendingBytes(): number {
    return this.#stream?.pendingBytes ?? 0
  }

  /** The mesh's own answer. */
  fail(reason: ReasonCode, isHead: boolean, policy: string, form: AnswerForm | null): void {
    FIELDS.clear()
    const body = meshAnswer(reason, this.#isGrpc, isHead, FIELDS, policy, form)
    this.#stream?.sendHead(FIELDS, body === '')
    if (body !== '') this.#stream?.sendText(body, true)
  }

  redirect(status: number, location: string, policy: string): void {
    FIELDS.clear()
    FIELDS.add(':status', String(status))
    FIELDS.add('location', location)
    FIELDS.add('content-length', '0')
    FIELDS.add('date', new Date().toUTCString())
    FIELDS.add(POLICY_FIELD, policy)
    this.#stream?.sendHead(FIELDS, true)
  }

  interim(head: ResponseHead): boolean {
    FIELDS.clear()
    addHead(head)
    this.#stream?.sendHead(FIELDS, false)
    return true
  }

  begin(
    head: ResponseHead,
    reason: string,
    bytes: Buffer,
    start: number,
    end: number,
    isEnd: boolean,
  ): boolean {
    FIELDS.clear()
    // A gRPC client does not look at the HTTP status: what another data plane has answered is put in its words.
    this.#isReplaced = this.#isGrpc && isReason(reason)
    if (this.#isGrpc && isReason(reason)) {
      meshAnswer(reason, true, false, FIELDS, '', { status: head.status, set: [], add: [] })
      this.#stream?.sendHead(FIELDS, true)
      return true
    }
    addHead(head)
    if (reason !== '') {
      FIELDS.add('x-vmesh-reason', reason)
      if (head.policy !== '') FIELDS.add(POLICY_FIELD, head.policy)
    }
    this.#isChunked = head.framing === 'chunked'
    if (this.#isChunked) {
      this.#unchunker ??= new Unchunker()
      this.#unchunker.begin()
    }
    const isAll = isEnd && start === end
    this.#stream?.sendHead(FIELDS, isAll)
    return isAll || this.body(bytes, start, end, isEnd)
  }

  body(bytes: Buffer, start: number, end: number, isEnd: boolean): boolean {
    const stream = this.#stream
    if (stream === null || this.#isReplaced) return true
    const unchunker = this.#unchunker
    if (!this.#isChunked || unchunker === null) return stream.sendData(bytes, start, end, isEnd)
    this.#isFree = true
    unchunker.read(bytes, start, end, this)
    if (isEnd) {
      FIELDS.clear()
      if (unchunker.trailers(FIELDS)) stream.sendTrailers(FIELDS)
      else stream.sendData(NOTHING, 0, 0, true)
    }
    return this.#isFree
  }

  end(): void {
    if (!this.#isReplaced) this.#stream?.sendData(NOTHING, 0, 0, true)
  }

  onChunk(bytes: Buffer, start: number, end: number): void {
    if (this.#stream?.sendData(bytes, start, end, false) === false) this.#isFree = false
  }
}

function addHead({ block, text }: ResponseHead): void {
  if (block === null) responseFields(text, FIELDS)
  else forwardedResponse(block, FIELDS)
}
