/**
 * A response in the form of the client's HTTP/1.1 connection: bodies go on as they lie, in the framing that they have. A
 * client of HTTP/1.0 gets no chunks and no interim heads: where the length is not known, the end of the connection ends
 * the body.
 */
import type { ByteStream } from '../codec/byte-stream.ts'
import { CHUNKED, dropNamed } from '../codec/http1/fields.ts'
import type { ResponseHead } from '../codec/http1/response-head.ts'
import { type ChunkSink, Unchunker } from '../codec/http2/bridge/unchunker.ts'
import { writeBehind, writeCopy } from '../codec/write-copy.ts'
import { type AnswerForm, POLICY_FIELD, type ReasonCode } from '../errors.ts'
import { redirectText, replyText } from './reply.ts'
import type { ResponseSink } from './response-sink.ts'

const CHUNKS_ONLY = ['transfer-encoding', 'trailer']

export class Http1Response implements ResponseSink, ChunkSink {
  readonly takesBlocks = false
  /** Of the request that is answered: it was one of HTTP/1.0. */
  isOld = false
  readonly #down: ByteStream
  readonly #decidesToClose: (mustClose: boolean) => boolean
  /** Chunks are made of what has none, or taken off; otherwise the body goes on as it lies. */
  #form: 'as it lies' | 'chunking' | 'unchunking' = 'as it lies'
  #unchunker: Unchunker | null = null
  #isFree = true

  /** `decidesToClose`: asked with every head whether the connection ends behind this response. */
  constructor(down: ByteStream, decidesToClose: (mustClose: boolean) => boolean) {
    this.#down = down
    this.#decidesToClose = decidesToClose
  }

  get pendingBytes(): number {
    return this.#down.pendingBytes
  }

  /** The mesh's own answer. */
  fail(reason: ReasonCode, isHead: boolean, policy: string, form: AnswerForm | null): void {
    this.#down.write(replyText(reason, isHead, this.#decidesToClose(this.isOld), policy, form))
  }

  redirect(status: number, location: string, policy: string): void {
    this.#down.write(redirectText(status, location, this.#decidesToClose(this.isOld), policy))
  }

  interim(head: ResponseHead): boolean {
    return this.isOld || this.#down.write(`${head.text}\r\n`)
  }

  begin(head: ResponseHead, reason: string, bytes: Buffer, start: number, end: number): boolean {
    const { framing } = head
    this.#form = 'as it lies'
    let text = head.text
    let mustClose = false
    if (this.isOld) {
      mustClose = framing === 'chunked' || framing === 'until-close'
      if (framing === 'chunked') this.#unchunk()
      // A HEAD is told of chunks as well.
      if (framing === 'chunked' || framing === 'none')
        text = dropNamed(text, text.indexOf('\r\n') + 2, CHUNKS_ONLY)
    } else if (framing === 'until-close') {
      // Chunks tell the client whether it got all, and keep its connection.
      this.#form = 'chunking'
      text += CHUNKED
    }
    if (reason !== '') text += `x-vmesh-reason: ${reason}\r\n${policyLine(head)}`
    if (this.#decidesToClose(mustClose)) text += 'connection: close\r\n\r\n'
    else text += this.isOld ? 'connection: keep-alive\r\n\r\n' : '\r\n'
    if (this.#form === 'as it lies') return writeBehind(this.#down, text, bytes, start, end)
    if (this.#form === 'chunking' && end > start) return this.#chunk(text, bytes, start, end)
    const isFree = this.#down.write(text)
    return end > start ? this.body(bytes, start, end) : isFree
  }

  body(bytes: Buffer, start: number, end: number): boolean {
    if (this.#form === 'chunking') return this.#chunk('', bytes, start, end)
    if (this.#form === 'as it lies') return writeCopy(this.#down, bytes, start, end)
    this.#isFree = true
    this.#unchunker?.read(bytes, start, end, this)
    return this.#isFree
  }

  end(): void {
    if (this.#form === 'chunking') this.#down.write('0\r\n\r\n')
  }

  onChunk(bytes: Buffer, start: number, end: number): void {
    if (!writeCopy(this.#down, bytes, start, end)) this.#isFree = false
  }

  #unchunk(): void {
    this.#form = 'unchunking'
    this.#unchunker ??= new Unchunker()
    this.#unchunker.begin()
  }

  #chunk(head: string, bytes: Buffer, start: number, end: number): boolean {
    writeBehind(this.#down, `${head}${(end - start).toString(16)}\r\n`, bytes, start, end)
    return this.#down.write('\r\n')
  }
}

/** Whose decision the reason is. */
function policyLine({ policy }: ResponseHead): string {
  return policy === '' ? '' : `${POLICY_FIELD}: ${policy}\r\n`
}
