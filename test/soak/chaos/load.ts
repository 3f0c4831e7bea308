/**
 * A light load of calls over HTTP/1.1, HTTP/2, gRPC and TCP whose bodies come back: each is checked to the last byte, and one
 * that fails tells all that is known of it.
 */
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { body } from '../../support/fuzz-bodies.ts'
import { ECHO, grpcClient, unary } from '../../support/grpc.ts'
import { LOOPBACK } from '../../support/snapshots.ts'
import { Http2Sessions } from '../calls.ts'

export interface Called {
  readonly kind: string
  readonly fromMs: number
  readonly toMs: number
  /** 0: no head of an answer came. */
  readonly status: number
  /** Application that answered, reason code and policy of the mesh; ''. */
  readonly app: string
  readonly reason: string
  readonly policy: string
  /** Why it failed in words; ''. */
  readonly fault: string
  /** The answer ended before its end. */
  readonly isCut: boolean
}

interface Clock {
  readonly nowMs: number
}

type Fields = Readonly<Record<string, string | number | string[] | undefined>>

const PATIENCE_MS = 30_000
/** Where nothing saves a call that hangs. */
const TCP_PATIENCE_MS = 1000
export const TCP = 'TCP'
const CANCEL = 8
const MAX_BODY_BYTES = 12_000

/** Where each is called; `rpc` is gRPC and `store` TCP, to applications that speak HTTP/1.1. */
export interface ChaosPorts {
  readonly api: number
  readonly rpc: number
  readonly store: number
}

export class ChaosLoad {
  readonly #ports: ChaosPorts
  readonly #clock: Clock
  readonly #onCalled: (called: Called) => void
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 })
  readonly #sessions: Http2Sessions
  readonly #grpc: ReturnType<typeof grpcClient>
  readonly #ends: (() => Promise<void> | void)[] = []
  #isOver = false
  #lanes: Promise<unknown> = Promise.resolve()

  constructor(ports: ChaosPorts, clock: Clock, onCalled: (called: Called) => void) {
    this.#ports = ports
    this.#clock = clock
    this.#onCalled = onCalled
    this.#sessions = new Http2Sessions(ports.api)
    this.#grpc = grpcClient({ teardown: end => this.#ends.push(end) }, ports.rpc)
  }

  /** `pauseMs`: of each lane after a call. */
  start(pauseMs: number): void {
    const lane = async (make: (bytes: Buffer) => Promise<Called>): Promise<void> => {
      while (!this.#isOver) {
        this.#onCalled(await make(someBytes()))
        await new Promise(resolve => setTimeout(resolve, pauseMs * (0.5 + Math.random())))
      }
    }
    const many = (count: number, make: (bytes: Buffer) => Promise<Called>) =>
      Array.from({ length: count }, () => lane(make))
    this.#lanes = Promise.all([
      ...many(3, () => this.#http1('GET', Buffer.alloc(0), this.#agent)),
      ...many(3, bytes => this.#http1('POST', bytes, this.#agent)),
      ...many(1, bytes => this.#http1('POST', bytes, false)),
      ...many(3, () => this.#http2('GET', Buffer.alloc(0))),
      ...many(3, bytes => this.#http2('POST', bytes)),
      ...many(2, bytes => this.#unary(bytes)),
      ...many(1, bytes => this.#tcp(bytes)),
    ])
  }

  /** Resolves when all calls have ended. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#lanes
    this.#agent.destroy()
    this.#sessions.close()
    for (const end of this.#ends) await end()
  }

  #http1(method: string, bytes: Buffer, agent: Agent | false): Promise<Called> {
    const kind = `HTTP/1.1 ${method}${agent === false ? ' on its connection' : ''}`
    const call = new Call(kind, this.#clock, bytes)
    return new Promise(resolve => {
      const asked = request(
        { host: LOOPBACK, port: this.#ports.api, path: '/', method, agent, timeout: PATIENCE_MS },
        answer => {
          call.head(answer.statusCode ?? 0, answer.headers)
          answer.on('data', (chunk: Buffer) => call.chunks.push(chunk))
          answer.on('error', error => resolve(call.cut(`cut: ${error.message}`)))
          answer.on('end', () => resolve(call.ended()))
        },
      )
      asked.on('timeout', () => asked.destroy(new Error('no byte in 30 s')))
      asked.on('error', error => resolve(call.cut(error.message)))
      asked.end(bytes)
    })
  }

  async #unary(bytes: Buffer): Promise<Called> {
    const call = new Call('gRPC', this.#clock, bytes)
    const { error, value, head, trailer } = await unary(this.#grpc, ECHO.unary, bytes, undefined, PATIENCE_MS)
    call.head(head === undefined ? 0 : 200, { ...trailer?.getMap(), ...head?.getMap() } as Fields)
    if (value !== undefined) call.chunks.push(value)
    return error === null ? call.ended() : call.cut(`${error.code} ${error.details}`)
  }

  /** One request of HTTP/1.0 on a connection of TCP. Nobody makes it again. */
  #tcp(bytes: Buffer): Promise<Called> {
    const call = new Call(TCP, this.#clock, bytes)
    return new Promise(resolve => {
      const socket = connect({ port: this.#ports.store, host: LOOPBACK, allowHalfOpen: true })
      let heard = Buffer.alloc(0)
      socket.on('data', (chunk: Buffer) => {
        heard = Buffer.concat([heard, chunk])
      })
      socket.on('error', error => resolve(call.cut(error.message)))
      socket.on('end', () => {
        const text = heard.toString('latin1')
        const bodyAt = text.indexOf('\r\n\r\n') + 4
        const app = /^x-app: (.*)\r$/im.exec(text)?.[1] ?? ''
        const declared = /^content-length: (\d+)\r$/im.exec(text)?.[1]
        if (bodyAt > 4) call.head(Number(text.slice(9, 12)), { 'x-app': app })
        call.chunks.push(heard.subarray(bodyAt))
        const isWhole = bodyAt > 4 && heard.length - bodyAt >= Number(declared ?? bytes.length)
        resolve(isWhole ? call.ended() : call.cut('ended early'))
        socket.destroy()
      })
      socket.on('close', () => resolve(call.cut('closed')))
      socket.setTimeout(TCP_PATIENCE_MS, () => socket.destroy())
      socket.write(`POST / HTTP/1.0\r\nhost: store\r\ncontent-length: ${bytes.length}\r\n\r\n`)
      socket.write(bytes)
    })
  }

  #http2(method: string, bytes: Buffer): Promise<Called> {
    const call = new Call(`HTTP/2 ${method}`, this.#clock, bytes)
    return new Promise(resolve => {
      const stream = this.#sessions.next().request({ ':method': method, ':path': '/' })
      let fault = ''
      stream.on('response', headers => call.head(Number(headers[':status'] ?? 0), headers))
      stream.on('data', (chunk: Buffer) => call.chunks.push(chunk))
      stream.on('error', error => {
        fault = error.message
      })
      stream.on('close', () => resolve(fault === '' ? call.ended() : call.cut(fault)))
      stream.setTimeout(PATIENCE_MS, () => stream.close(CANCEL))
      // node:http2 has ended a GET already.
      if (bytes.length > 0) stream.end(bytes)
      else stream.end()
    })
  }
}

class Call {
  readonly chunks: Buffer[] = []
  readonly #kind: string
  readonly #clock: Clock
  readonly #sent: Buffer
  readonly #fromMs: number
  #status = 0
  #fields: Fields = {}

  constructor(kind: string, clock: Clock, sent: Buffer) {
    this.#kind = kind
    this.#clock = clock
    this.#sent = sent
    this.#fromMs = clock.nowMs
  }

  head(status: number, fields: Fields): void {
    this.#status = status
    this.#fields = fields
  }

  ended(): Called {
    if (this.#status !== 200) return this.#outcome(`status ${this.#status}`, false)
    return this.#outcome(Buffer.concat(this.chunks).equals(this.#sent) ? '' : 'other bytes', false)
  }

  cut(fault: string): Called {
    return this.#outcome(fault, this.#status !== 0)
  }

  #outcome(fault: string, isCut: boolean): Called {
    const text = (name: string) => String(this.#fields[name] ?? '')
    return {
      kind: this.#kind,
      fromMs: this.#fromMs,
      toMs: this.#clock.nowMs,
      status: this.#status,
      app: text('x-app'),
      reason: text('x-vmesh-reason'),
      policy: text('x-vmesh-policy'),
      fault,
      isCut,
    }
  }
}

/** Most are small. */
function someBytes(): Buffer {
  return body(Math.floor(Math.random() * 1e9), Math.floor(Math.random() ** 4 * MAX_BODY_BYTES))
}
