/**
 * An upstream over real sockets that does what it is told, which may change while it runs, and counts what it was asked.
 * In the test's process: `await startMisbehaving(t, { name: 'a1' })`; as a process of its own, which can be killed or
 * stopped: `startMisbehavingProcess` of misbehaving-process.ts. One port speaks HTTP/1.1 and HTTP/2 with prior knowledge,
 * and gRPC on that (unary: the message comes back), or TCP alone where `protocol` says so.
 *
 *   await app.tell({ do: 'status', status: 503, headers: { 'retry-after': '1' } })
 *   await app.tell({ do: 'sequence', steps: [{ do: 'reset' }, { do: 'ok' }] }, '/orders')
 *   await app.until(seen => seen.requests === 3)
 *   t.equal(app.seen.byPath['/orders'], 2)
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { answerAs, isGrpc } from './misbehaving/answer.ts'
import { type Behaviour, Chooser, OK } from './misbehaving/behaviour.ts'
import { type DeafPort, startDeafPort } from './misbehaving/deaf-port.ts'
import { type Seen, Witnessed } from './misbehaving/seen.ts'
import { LOOPBACK } from './snapshots.ts'

export { type Behaviour, type Stage, seeded } from './misbehaving/behaviour.ts'
export type { Seen, SeenRequest } from './misbehaving/seen.ts'

interface Teardown {
  teardown(end: () => Promise<void> | void): void
}

export interface MisbehavingOptions {
  /** In its answers and their `x-app`. */
  readonly name?: string
  /** 0: a free one. */
  readonly port?: number
  /** `http` is HTTP/1.1 and HTTP/2, whichever a connection begins with. */
  readonly protocol?: 'http' | 'tcp'
  /** 0 to 1, for mixes; `seeded(N)` makes them the same each time. */
  readonly random?: () => number
}

const HTTP2_PREFACE = 'PRI * HTTP/2'

/** Listens, well behaved. Ends with the test. */
export async function startMisbehaving(t: Teardown, options: MisbehavingOptions = {}): Promise<Misbehaving> {
  const app = new Misbehaving(options)
  await app.start()
  t.teardown(() => app.close())
  return app
}

export class Misbehaving {
  readonly name: string
  #port: number
  readonly #protocol: 'http' | 'tcp'
  readonly #chooser: Chooser
  readonly #witnessed = new Witnessed()
  readonly #sockets = new Set<Socket>()
  readonly #http1 = createHttpServer({ keepAliveTimeout: 3_600_000, requestTimeout: 0, headersTimeout: 0 })
  readonly #http2 = createHttp2Server()
  #server: Server | null = null
  #deaf: DeafPort | null = null
  #whole: Behaviour = OK
  #byPath = new Map<string, Behaviour>()
  #turn: Promise<void> = Promise.resolve()

  constructor({ name = 'app', port = 0, protocol = 'http', random = Math.random }: MisbehavingOptions) {
    this.name = name
    this.#port = port
    this.#protocol = protocol
    this.#chooser = new Chooser(random)
    this.#http1.on('request', (asked, answer) => this.#exchange(asked, answer, asked.socket))
    this.#http1.on('clientError', (_error, socket) => socket.destroy())
    this.#http2.on('sessionError', () => {})
    this.#http2.on('request', (asked, answer) => {
      const port = asked.stream.session?.socket.remotePort
      const socket = [...this.#sockets].find(one => one.remotePort === port)
      if (socket !== undefined) this.#exchange(asked, answer, socket)
    })
  }

  get port(): number {
    return this.#port
  }

  /** As of now; `seen.newest` changes further. */
  get seen(): Seen {
    return this.#witnessed.seen
  }

  /** Resolves as soon as `holds` of what it has seen. */
  until(holds: (seen: Seen) => boolean): Promise<Seen> {
    return this.#witnessed.until(holds)
  }

  /** Counts from 0 again. */
  forget(): void {
    this.#witnessed.forget()
  }

  /**
   * From now on, until told otherwise; requests that run go on as they began. `path`: only for requests of exactly that
   * path (without query), whatever holds for others. Resolves when it is so.
   */
  tell(behaviour: Behaviour, path?: string): Promise<void> {
    if (path !== undefined) {
      this.#byPath.set(path, behaviour)
      return Promise.resolve()
    }
    this.#whole = behaviour
    this.#turn = this.#turn.then(() => this.#settle())
    return this.#turn
  }

  start(): Promise<void> {
    return this.tell(OK)
  }

  async close(): Promise<void> {
    await this.#turn
    await this.#stopListening()
  }

  /** Listens, or does not, as the last one told wants it. */
  async #settle(): Promise<void> {
    const { do: told } = this.#whole
    if (told === 'refuse' || told === 'deaf') {
      if (told === 'deaf' && this.#deaf !== null) return
      await this.#stopListening()
      if (told === 'deaf') this.#deaf = await startDeafPort(this.#port, LOOPBACK)
      return
    }
    if (this.#server !== null) return
    await this.#stopListening()
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, socket =>
      this.#accept(socket),
    )
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, LOOPBACK, resolve)
    })
    this.#server = server
    this.#port = (server.address() as AddressInfo).port
  }

  async #stopListening(): Promise<void> {
    await this.#deaf?.close()
    this.#deaf = null
    const server = this.#server
    this.#server = null
    if (server === null) return
    const closed = new Promise(resolve => server.close(resolve))
    for (const socket of this.#sockets) {
      // Node 26 spins for ever when a socket of node:http2 is reset after its end was queued.
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    }
    await closed
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    this.#witnessed.connected()
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#witnessed.disconnected()
    })
    const told = this.#whole
    if (told.do === 'half-open') return
    if (told.do === 'reset' && told.at === 'connect') {
      socket.resetAndDestroy()
      return
    }
    if (told.do === 'close' && told.at === 'connect') {
      socket.end()
      socket.resume()
      return
    }
    socket.once('data', (first: Buffer) => {
      if (this.#protocol === 'tcp') return this.#converse(socket, first)
      socket.pause()
      socket.unshift(first)
      const isHttp2 = first.toString('latin1').startsWith(HTTP2_PREFACE)
      const server = isHttp2 ? this.#http2 : this.#http1
      server.emit('connection', socket)
      process.nextTick(() => socket.resume())
    })
    socket.resume()
  }

  #exchange(
    asked: IncomingMessage | Http2ServerRequest,
    answer: ServerResponse | Http2ServerResponse,
    socket: Socket,
  ): void {
    const { method = '', url = '' } = asked
    const headers = Object.fromEntries(
      Object.entries(asked.headers).map(([name, value]) => [name, String(value)]),
    )
    const plain = asked.httpVersionMajor === 2 ? 'http2' : 'http1'
    const protocol = isGrpc(asked.headers) ? 'grpc' : plain
    const following = this.#witnessed.began({ protocol, method, path: url, headers })
    const told = this.#byPath.get(url.split('?', 1)[0] ?? '') ?? this.#whole
    answerAs({ asked, answer, socket, following, name: this.name }, this.#chooser.choose(told))
  }

  /** TCP. What has no meaning there is `ok`; `slow` waits `everyMs` before each piece; `body`: after half of the first. */
  #converse(socket: Socket, first: Buffer): void {
    const following = this.#witnessed.began({ protocol: 'tcp', method: '', path: '', headers: {} })
    socket.on('error', () => following.ended('cut'))
    socket.on('close', () => following.ended(socket.writableFinished ? 'done' : 'cut'))
    const told = this.#chooser.choose(this.#whole)
    if (told.do === 'half-open') {
      socket.pause()
      return
    }
    const hear = (chunk: Buffer) => following.bytes(chunk)
    hear(first)
    socket.on('data', hear)
    socket.on('end', () => following.bodyEnded())
    if (told.do === 'hang') return
    if (told.do === 'reset' || told.do === 'close') {
      const cut = () => (told.do === 'reset' ? socket.resetAndDestroy() : socket.destroySoon())
      if (told.at === 'body' || told.at === 'answer')
        socket.write(first.subarray(0, Math.ceil(first.length / 2)), () => setImmediate(cut))
      else cut()
      return
    }
    echo(socket, first, told.do === 'slow' ? (told.headMs ?? 0) + (told.everyMs ?? 0) : 0)
  }
}

function echo(socket: Socket, first: Buffer, everyMs: number): void {
  let waiting: Promise<void> = Promise.resolve()
  const later = (work: () => void): void => {
    if (everyMs === 0) return work()
    waiting = waiting.then(() => new Promise(resolve => setTimeout(resolve, everyMs))).then(work)
  }
  later(() => socket.write(first))
  socket.on('data', (chunk: Buffer) => later(() => socket.write(chunk)))
  socket.on('end', () => later(() => socket.end()))
}
