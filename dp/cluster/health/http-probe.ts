/**
 * A probe by HTTP, or by the health service of gRPC (grpc.health.v1): an exchange of its own over the endpoint's transport,
 * as calls have it.
 */
import { randomUUID } from 'node:crypto'
import type { HealthCheck } from '#contract/resilience/health-check.ts'
import type { ByteSink } from '../../codec/byte-stream.ts'
import { BodyReader } from '../../codec/http1/body.ts'
import { KeptBytes } from '../../codec/http1/kept-bytes.ts'
import { ResponseHead } from '../../codec/http1/response-head.ts'
import { requestText } from '../../codec/http2/bridge/heads.ts'
import { type ChunkSink, Unchunker } from '../../codec/http2/bridge/unchunker.ts'
import { FieldList } from '../../codec/http2/field-list.ts'
import type { HeaderBlock } from '../../codec/http2/header-block.ts'
import type { Limits } from '../../codec/limits.ts'
import type { ReasonCode } from '../../errors.ts'
import type { Stream, StreamWaiter, Transport } from '../transport.ts'
import { healthOf, healthQuestion } from './grpc-health.ts'
import { bad, type Finding, type Told, WELL } from './verdict.ts'

type Check = Extract<HealthCheck, { type: 'http' | 'grpc' }>

/** Of a body that is looked at. */
const MAX_BYTES = 1024
/** Shared: what it holds is used before anything else is read. */
const RESPONSE = new ResponseHead()
const UNAVAILABLE = 503

export class HttpProbe implements StreamWaiter, ByteSink, ChunkSink {
  readonly #transport: Transport
  readonly #check: Check
  readonly #scheme: string
  readonly #limits: Limits
  readonly #told: Told
  #stream: Stream | null = null
  #isOver = false
  #status = 0
  #isLast = false
  #head: KeptBytes | null = new KeptBytes()
  readonly #body = new BodyReader()
  #unchunker: Unchunker | null = null
  readonly #heard: Buffer[] = []
  #heardBytes = 0

  /** `scheme`: how the endpoint is reached. */
  constructor(transport: Transport, check: Check, scheme: string, limits: Limits, told: Told) {
    this.#transport = transport
    this.#check = check
    this.#scheme = scheme
    this.#limits = limits
    this.#told = told
  }

  get isWanted(): boolean {
    return !this.#isOver
  }

  start(): void {
    const stream = this.#check.reusesConnection ? this.#transport.take() : null
    if (stream !== null) this.onStream(stream)
    else this.#transport.wait(this)
  }

  /** Its time is up, or nobody wants to know. */
  stop(): void {
    this.#isOver = true
    this.#stream?.release(false, -1)
    this.#stream = null
  }

  onStream(stream: Stream): void {
    if (this.#isOver) return stream.release(true, -1)
    this.#stream = stream
    stream.sink = this
    const message = this.#check.type === 'grpc' ? healthQuestion(this.#check.service) : null
    const fields = this.#fields(message?.length ?? 0)
    if (stream.request === undefined) stream.write(`${requestText(fields, message === null)}\r\n`)
    else stream.request(fields, message === null)
    if (message !== null) stream.writeBytes(message)
  }

  onNoStream(reason: ReasonCode): void {
    this.#end(bad(reason))
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    if (this.#head === null) return this.#readBody(bytes, start, end)
    const { maxHeadBytes, maxFields } = this.#limits
    this.#head.add(bytes, start, end)
    while (this.#head?.mayBeHead(maxHeadBytes) === true) {
      const { all } = this.#head
      if (RESPONSE.read(all, 0, all.length, maxHeadBytes, maxFields, false) !== '')
        return this.#end(bad('the answer is no HTTP'))
      const at = RESPONSE.byteLength
      this.#head = RESPONSE.status < 200 ? new KeptBytes() : null
      if (this.#head !== null) this.#head.add(all, at, all.length)
      else this.#take(all, at)
    }
  }

  onResponse(block: HeaderBlock, isEnd: boolean): void {
    if (block.status < 200) return
    RESPONSE.take(block, isEnd, false)
    this.#head = null
    this.#take(NOTHING, 0)
  }

  onChunk(bytes: Buffer, start: number, end: number): void {
    this.#heardBytes += end - start
    if (this.#heardBytes <= MAX_BYTES) this.#heard.push(Buffer.from(bytes.subarray(start, end)))
  }

  onEnd(): void {
    if (this.#head === null && this.#body.isUntilClose) this.#judge()
    else this.#end(bad('the connection was closed before the answer'))
  }

  onDrain(): void {}

  onClose(): void {
    this.#end(bad('the connection was closed before the answer'))
  }

  /** The head is read; behind it there may be some of the body. */
  #take(bytes: Buffer, at: number): void {
    this.#status = RESPONSE.status
    this.#isLast = RESPONSE.isLast
    this.#body.beginResponse(RESPONSE)
    if (RESPONSE.framing === 'chunked') {
      this.#unchunker = new Unchunker()
      this.#unchunker.begin()
    }
    this.#readBody(bytes, at, bytes.length)
  }

  #readBody(bytes: Buffer, start: number, end: number): void {
    if (this.#isOver) return
    const bodyEnd = this.#body.read(bytes, start, end)
    if (bodyEnd < 0) return this.#end(bad('the answer is no HTTP'))
    const { outputEnd, isDone } = this.#body
    if (this.#unchunker !== null) this.#unchunker.read(bytes, start, outputEnd, this)
    else this.onChunk(bytes, start, outputEnd)
    if (isDone) this.#judge()
  }

  #judge(): void {
    const check = this.#check
    const status = this.#status
    if (check.type === 'grpc') {
      const health = status === 200 ? healthOf(Buffer.concat(this.#heard)) : `HTTP ${status}`
      return this.#end(health === 'SERVING' ? WELL : bad(`answered ${health}`))
    }
    const isWell = check.statuses.includes(status)
    this.#end(isWell ? WELL : bad(`answered ${status}`, status === UNAVAILABLE))
  }

  #end(finding: Finding): void {
    if (this.#isOver) return
    this.#isOver = true
    const stream = this.#stream
    this.#stream = null
    const isWhole = this.#head === null && this.#body.isDone && !this.#isLast
    stream?.release(isWhole && this.#check.reusesConnection, -1)
    this.#told(finding)
  }

  #fields(length: number): FieldList {
    const check = this.#check
    const isGrpc = check.type === 'grpc'
    const fields = FieldList.of(
      [':method', isGrpc ? 'POST' : 'GET'],
      [':scheme', this.#scheme],
      [':authority', isGrpc ? check.authority : check.host],
      [':path', isGrpc ? '/grpc.health.v1.Health/Check' : check.path],
      // as Kuma's probes call themselves: applications tell them by it
      ['user-agent', 'Envoy/HC'],
      ['x-forwarded-proto', this.#scheme],
      ['x-request-id', randomUUID()],
    )
    if (isGrpc) {
      fields.add('content-type', 'application/grpc')
      fields.add('te', 'trailers')
      fields.add('content-length', String(length))
    } else {
      const { set = [], headers } = check
      fields.drop(set.map(({ name }) => name))
      for (const { name, value } of [...set, ...headers]) fields.add(name, value)
    }
    return fields
  }
}

const NOTHING = Buffer.alloc(0)
