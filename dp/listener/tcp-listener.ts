/**
 * One listening socket. It is bound while a snapshot is prepared, so that a port in use refuses the snapshot; whoever
 * connects before the snapshot is committed is held, unread, until somebody is there to serve.
 */
import { createServer, type Server, type Socket } from 'node:net'

/** Connections held while a snapshot is prepared: a moment. */
const MAX_HELD = 1024
/** The kernel cuts it to net.core.somaxconn. */
export const BACKLOG = 4096
/** Finds clients that vanished without a word. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 30_000 } as const

/** An address to bind, or the descriptor of a socket that is bound. */
type Where = { readonly host: string; readonly port: number } | { readonly fd: number }

export class TcpListener {
  readonly #where: Where
  #server: Server
  #held: Socket[] = []
  #serve: ((socket: Socket) => void) | null = null

  private constructor(where: Where) {
    this.#where = where
    this.#server = this.#createServer()
  }

  /** Rejects with Node's error (EADDRINUSE, EADDRNOTAVAIL, EACCES). */
  static bind(address: string, port: number): Promise<TcpListener> {
    return TcpListener.#create({ host: address, port })
  }

  /** Of a socket that was bound elsewhere; the descriptor is closed with the listener. */
  static adopt(descriptor: number): Promise<TcpListener> {
    return TcpListener.#create({ fd: descriptor })
  }

  static async #create(where: Where): Promise<TcpListener> {
    const listener = new TcpListener(where)
    await listener.#listen(where)
    return listener
  }

  /** Hands what was held and all that comes to `serve`, instead of whoever served before. */
  open(serve: (socket: Socket) => void): void {
    this.#serve = serve
    for (const socket of this.#held.splice(0)) if (!socket.destroyed) serve(socket)
  }

  /** Frees the address for a moment; connections live on, those held as well. */
  stopListening(): void {
    this.#server.close()
  }

  /** After `stopListening`; one that was adopted needs a new descriptor. Rejects as `bind`. */
  async listenAgain(descriptor?: number): Promise<void> {
    this.#server = this.#createServer()
    await this.#listen(descriptor === undefined ? this.#where : { fd: descriptor })
  }

  /** Stops accepting at once; whoever is still held is reset. Connections handed over live on. */
  close(): void {
    this.#serve = null
    this.#server.close()
    for (const socket of this.#held.splice(0)) socket.resetAndDestroy()
  }

  #createServer(): Server {
    // Sockets come unread: they are moved to wires or to TLS before anything is.
    const options = { pauseOnConnect: true, noDelay: true, allowHalfOpen: true, ...KEEP_ALIVE }
    return createServer(options, socket => this.#accept(socket))
  }

  #listen(where: Where): Promise<void> {
    const server = this.#server
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ ...where, backlog: BACKLOG }, () => {
        server.off('error', reject)
        // Failing to accept one connection (no descriptor left) must not end the others.
        server.on('error', () => {})
        resolve()
      })
    })
  }

  #accept(socket: Socket): void {
    if (this.#serve !== null) {
      this.#serve(socket)
      return
    }
    socket.on('error', () => {})
    if (this.#held.length < MAX_HELD) this.#held.push(socket)
    else socket.resetAndDestroy()
  }
}
