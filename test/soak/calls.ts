/**
 * One call of each kind, made to be checked to the last byte: what `startSoakApplication` sends back is what was sent.
 * Each resolves with why it failed, '' where it did not, and never rejects.
 */
import { once } from 'node:events'
import { type Agent, createServer, request } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { connectWebSocket, createUpgrade } from '#base/websocket.ts'
import { body, writeTo } from '../support/fuzz-bodies.ts'
import { LOOPBACK } from '../support/snapshots.ts'

const WEBSOCKET = { maxFrameBytes: 2_000_000, protocols: ['echo'] }
const PATIENCE_MS = 30_000
const LARGE_SEED = 7
const CANCEL = 8
const CALLS_OF_A_SESSION = 200

export interface SoakApplication {
  readonly port: number
  close(): void
}

/** Sends bodies back; `/large/N` answers N bytes; WebSockets send messages back. */
export async function startSoakApplication(): Promise<SoakApplication> {
  const server = createServer((asked, response) => {
    asked.on('error', () => {})
    response.on('error', () => {})
    const large = /^\/large\/(\d+)/.exec(asked.url ?? '')?.[1]
    if (large === undefined) asked.pipe(response)
    else response.end(body(LARGE_SEED, Number(large)))
  })
  const upgrade = createUpgrade(WEBSOCKET)
  server.on('upgrade', (asked, socket, head) =>
    upgrade(asked, socket, head, peer => {
      peer.on('error', () => {})
      peer.on('message', (message, isBinary) => peer.send(message, { binary: isBinary }))
    }),
  )
  server.keepAliveTimeout = 60_000
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Most are small, some have 300 KB. */
export function someBytes(): Buffer {
  return body(Math.floor(Math.random() * 1e9), Math.floor(Math.random() ** 4 * 300_000))
}

/** POST, whose body comes back. `agent`: false for a connection of its own. */
export function callHttp1(port: number, path: string, agent: Agent | false): Promise<string> {
  return exchange({ port, path, method: 'POST', agent }, someBytes(), null)
}

/** GET, which may be sent again. */
export function getHttp1(port: number, path: string, agent: Agent): Promise<string> {
  return exchange({ port, path, method: 'GET', agent }, Buffer.alloc(0), null)
}

/** A large answer that is read slowly. */
export function readSlowly(port: number): Promise<string> {
  const count = Math.floor(Math.random() * 3_000_000)
  const expected = body(LARGE_SEED, count)
  return exchange({ port, path: `/large/${count}`, method: 'GET', agent: false }, Buffer.alloc(0), expected)
}

/** `expected`: instead of what was sent, and read slowly. */
function exchange(
  options: {
    readonly port: number
    readonly path: string
    readonly method: string
    readonly agent: Agent | false
  },
  bytes: Buffer,
  expected: Buffer | null,
): Promise<string> {
  return new Promise(resolve => {
    const asked = request({ host: LOOPBACK, timeout: PATIENCE_MS, ...options }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        if (expected === null) return
        response.pause()
        setTimeout(() => response.resume(), 2)
      })
      response.on('error', error => resolve(`cut (${error.message})`))
      response.on('end', () => {
        if (response.statusCode !== 200)
          return resolve(`${response.statusCode} ${response.headers['x-vmesh-reason'] ?? ''}`)
        resolve(Buffer.concat(chunks).equals(expected ?? bytes) ? '' : 'other bytes')
      })
    })
    asked.on('timeout', () => asked.destroy(new Error('no byte in 30 s')))
    asked.on('error', error => resolve(error.message))
    asked.end(bytes)
  })
}

/** A connection of HTTP/2, another one after some calls: node:http2 counts what it has cancelled as memory for good. */
export class Http2Sessions {
  readonly #port: number
  #session: ClientHttp2Session | null = null
  #left = 0

  constructor(port: number) {
    this.#port = port
  }

  /** For one call. */
  next(): ClientHttp2Session {
    if (this.#session === null || this.#session.closed || this.#left-- <= 0) {
      this.#session?.close()
      this.#session = connectHttp2(`http://${LOOPBACK}:${this.#port}`)
      // Its streams tell what becomes of them.
      this.#session.on('error', () => {})
      this.#left = CALLS_OF_A_SESSION
    }
    return this.#session
  }

  close(): void {
    this.#session?.destroy()
  }
}

export function callHttp2(session: ClientHttp2Session, path: string): Promise<string> {
  const bytes = someBytes()
  return new Promise(resolve => {
    const stream = session.request({ ':method': 'POST', ':path': path })
    const chunks: Buffer[] = []
    let status = 0
    let reason = ''
    stream.on('response', headers => {
      status = headers[':status'] ?? 0
      reason = String(headers['x-vmesh-reason'] ?? '')
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', error => {
      const received = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      resolve(`${error.message} (${status} ${reason}, ${received} of ${bytes.length} bytes)`)
    })
    stream.on('close', () => {
      if (status !== 200) resolve(`${status} ${reason}`)
      else resolve(Buffer.concat(chunks).equals(bytes) ? '' : 'other bytes')
    })
    stream.setTimeout(PATIENCE_MS, () => stream.close(CANCEL))
    stream.end(bytes)
  })
}

/** Cancelled in the middle. */
export function cancelHttp2(session: ClientHttp2Session): Promise<string> {
  return new Promise(resolve => {
    const stream = session.request({ ':method': 'POST', ':path': '/cancelled' })
    stream.on('error', () => {})
    stream.on('close', () => resolve(''))
    stream.resume()
    stream.write(someBytes())
    setTimeout(() => stream.close(CANCEL), Math.random() * 20)
  })
}

/** To an echo: all that is sent comes back, and so does the end. */
export function callTcp(port: number): Promise<string> {
  const bytes = someBytes()
  return new Promise(resolve => {
    const socket = connect({ port, host: LOOPBACK, allowHalfOpen: true })
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', error => resolve(error.message))
    socket.on('end', () => {
      resolve(Buffer.concat(chunks).equals(bytes) ? '' : 'ended with other bytes')
      socket.destroy()
    })
    socket.on('close', () => resolve('closed without an end'))
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no byte in 30 s')))
    void writeTo(socket, bytes, 5).then(() => socket.end())
  })
}

/** A few messages one after the other, and a close in order. */
export function callWebSocket(port: number): Promise<string> {
  return new Promise(resolve => {
    let left = 8
    let sent: Buffer = Buffer.alloc(0)
    const socket = connectWebSocket({
      ...WEBSOCKET,
      url: `ws://${LOOPBACK}:${port}/`,
      headers: {},
      handshakeTimeoutMs: PATIENCE_MS,
      onRefused: (status, reason) => resolve(`refused with ${status} ${reason}`),
    })
    const next = () => {
      sent = someBytes()
      socket.send(sent)
    }
    socket.on('open', next)
    socket.on('message', (message: Buffer) => {
      if (!message.equals(sent)) resolve('another message')
      if (--left > 0) next()
      else socket.close(1000)
    })
    socket.on('error', error => resolve(error.message))
    socket.on('close', code => resolve(left === 0 && code === 1000 ? '' : `closed with ${code}`))
  })
}

/** A client that goes away while it sends or receives: nobody minds. */
export function callAndReset(port: number): Promise<string> {
  return new Promise(resolve => {
    const socket = connect(port, LOOPBACK)
    socket.on('error', () => {})
    socket.on('close', () => resolve(''))
    socket.resume()
    const half = 'x'.repeat(Math.random() * 90_000)
    if (Math.random() < 0.5) socket.write('GET /large/2000000 HTTP/1.1\r\nhost: b\r\n\r\n')
    else socket.write(`POST /reset HTTP/1.1\r\nhost: b\r\ncontent-length: 100000\r\n\r\n${half}`)
    setTimeout(() => socket.resetAndDestroy(), Math.random() * 20)
  })
}
