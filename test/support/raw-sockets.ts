/** Sockets that say exactly what a test wants and remember exactly what they heard, as client and as server. */
import { connect, createServer, type Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { LOOPBACK } from './snapshots.ts'

/** How the other side ended: `end` in order, `reset` cut; a socket that we destroyed ourselves is `closed`. */
export type Ending = 'end' | 'reset' | 'closed'

/** One end of a connection. Text is Latin-1: one character a byte. */
export class RawPeer {
  readonly socket: Duplex
  /** All that was heard. */
  heard = ''
  /** Resolves when the other side has ended, and with it what was heard is complete. */
  readonly ended: Promise<Ending>
  #waiting: (() => void)[] = []

  constructor(socket: Duplex) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.heard += chunk.toString('latin1')
      this.#wake()
    })
    this.ended = new Promise(resolve => {
      socket.once('end', () => resolve('end'))
      socket.once('error', () => resolve('reset'))
      socket.once('close', () => resolve('closed'))
    })
    void this.ended.then(() => this.#wake())
  }

  send(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** Waits until `pattern` is in what was heard; rejects when the other side ends before. */
  async hears(pattern: RegExp | string): Promise<string> {
    const has = () => (typeof pattern === 'string' ? this.heard.includes(pattern) : pattern.test(this.heard))
    let hasEnded = false
    void this.ended.then(() => {
      hasEnded = true
    })
    while (!has()) {
      if (hasEnded) throw new Error(`ended without ${pattern}: ${JSON.stringify(this.heard.slice(-300))}`)
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    return this.heard
  }

  /** Forgets what was heard and answers it. */
  take(): string {
    const text = this.heard
    this.heard = ''
    return text
  }

  /** Goes away without an end, as a process that is killed with bytes unread. */
  reset(): void {
    if (this.socket instanceof Socket) this.socket.resetAndDestroy()
    else this.socket.destroy()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

/** Connected; both directions end on their own. */
export function rawClient(port: number): Promise<RawPeer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: LOOPBACK, allowHalfOpen: true, noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(new RawPeer(socket))
    })
  })
}

export interface RawServer {
  readonly port: number
  /** All connections so far, oldest first. */
  readonly peers: readonly RawPeer[]
  /** The connection of that number, waiting for it. */
  peer(index: number): Promise<RawPeer>
  close(): void
}

/** `onPeer`: told of every connection. */
export async function rawServer(onPeer: (peer: RawPeer) => void = () => {}, port = 0): Promise<RawServer> {
  const peers: RawPeer[] = []
  let waiting: (() => void)[] = []
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    socket.on('error', () => {})
    const peer = new RawPeer(socket)
    peers.push(peer)
    onPeer(peer)
    for (const wake of waiting.splice(0)) wake()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, LOOPBACK, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    peers,
    async peer(index) {
      for (;;) {
        const peer = peers[index]
        if (peer !== undefined) return peer
        await new Promise<void>(resolve => waiting.push(resolve))
      }
    },
    close() {
      waiting = []
      server.close()
      for (const { socket } of peers) if (socket instanceof Socket) socket.destroy()
    },
  }
}

/** A server that answers every complete request without a body with `response(requestText)`. */
export function httpResponder(response: (request: string) => string, port = 0): Promise<RawServer> {
  return rawServer(peer => {
    let seen = 0
    peer.socket.on('data', () => {
      for (;;) {
        const end = peer.heard.indexOf('\r\n\r\n', seen)
        if (end < 0) return
        const request = peer.heard.slice(seen, end + 4)
        seen = end + 4
        peer.send(response(request))
      }
    })
  }, port)
}

export function ok(body: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

/** Value of a field in a head, '' without it. */
export function fieldOf(head: string, name: string): string {
  return new RegExp(`^${name}: (.*)\r$`, 'im').exec(head)?.[1] ?? ''
}
