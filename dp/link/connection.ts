/**
 * One connection to the control plane: upgrade → hello → welcome → frames → end. It tells its owner each frame and, once
 * and last of all, how it ended; nothing that the network does throws.
 */
import type { Logger } from '#base/log.ts'
import { connectWebSocket, type PinCheck, type WebSocket } from '#base/websocket.ts'
import { channelPath, type FromControlPlane, type FromDataPlane, SUBPROTOCOLS } from '#contract/messages.ts'
import { MAX_FRAME_BYTES } from '#contract/version.ts'
import { faultOfConnection, faultOfRefusal, type LinkFault } from './fault.ts'
import { readFrame } from './frames.ts'
import { untilNextPing } from './ping-time.ts'

export interface ConnectionOptions {
  /** `https://HOST:5678`. */
  readonly address: URL
  readonly mesh: string
  readonly name: string
  /** PEM of the control plane's CA; null with a pin. */
  readonly ca: string | null
  readonly checkPin: PinCheck | null
  readonly token: string
  /** How long the answer to hello may take. */
  readonly welcomeMs: number
  readonly log: Logger
  /** The upgrade was accepted: time for hello. */
  readonly onOpen: () => void
  readonly onFrame: (frame: FromControlPlane) => void
  readonly onEnd: (end: ConnectionEnd) => void
}

export interface ConnectionEnd {
  /** What a person should know; null: it ended in good order, or after it had held. */
  readonly fault: LinkFault | null
  /** Since the welcome; null: there was none. */
  readonly heldMs: number | null
}

const HANDSHAKE_TIMEOUT_MS = 10_000
const CLOSE_TIMEOUT_MS = 1_000

export class Connection {
  readonly #options: ConnectionOptions
  readonly #socket: WebSocket
  #welcomedAt: number | null = null
  #lastHeard = performance.now()
  #timer: NodeJS.Timeout | null = null
  #hasEnded = false

  /** Throws when the options cannot make a request: a CA that is no PEM, a token that fits into no header. */
  constructor(options: ConnectionOptions) {
    const { address, mesh, name, ca, checkPin, token } = options
    this.#options = options
    const socket = connectWebSocket({
      url: `wss://${address.host}${channelPath(mesh, name)}`,
      protocols: SUBPROTOCOLS,
      headers: { authorization: `Bearer ${token}` },
      maxFrameBytes: MAX_FRAME_BYTES,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      ...(checkPin === null ? { ca: ca ?? undefined } : { checkPin }),
      onRefused: (status, reason) => this.#end(faultOfRefusal(status, reason, address)),
    })
    this.#socket = socket
    socket.on('open', () => this.#opened())
    socket.on('message', (data, isBinary) => this.#receive(isBinary ? '' : String(data)))
    socket.on('pong', () => this.#heard())
    socket.on('error', error => {
      // a connection that held ends with a line in the log, not with a fault
      if (this.isWelcome) options.log.warn({ err: error }, 'connection to the control plane failed')
      this.#end(this.isWelcome ? null : faultOfConnection(error, address))
    })
    socket.on('close', (_code, reason) => this.#closed(String(reason)))
  }

  get isWelcome(): boolean {
    return this.#welcomedAt !== null && !this.#hasEnded
  }

  /** Does nothing when the connection has ended: its end is told to the owner. */
  send(frame: FromDataPlane): void {
    if (this.#hasEnded || this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(JSON.stringify(frame))
  }

  /** Ends it without a word to the owner; resolves when the control plane has closed too, or after 1 s. */
  async close(): Promise<void> {
    const socket = this.#socket
    this.#hasEnded = true
    this.#stopTimer()
    if (socket.readyState === socket.CLOSED) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(() => {
        socket.terminate()
        resolve()
      }, CLOSE_TIMEOUT_MS)
      socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      socket.close(1000)
    })
  }

  /** Ends it at once and has the owner connect anew. */
  abandon(): void {
    this.#end(null)
  }

  #opened(): void {
    if (this.#hasEnded) return
    const { welcomeMs, address } = this.#options
    this.#heard()
    this.#timer = setTimeout(
      () =>
        this.#end({
          code: 'link.silent',
          message: `the control plane at ${address.origin} took the connection and does not answer; see its log`,
          permanent: false,
          violations: [],
        }),
      welcomeMs,
    )
    this.#options.onOpen()
  }

  #receive(text: string): void {
    if (this.#hasEnded) return
    this.#heard()
    const read = readFrame(text)
    if ('fault' in read) {
      const message = `the control plane sent a frame that cannot be read: ${read.fault}; install the same version on both sides`
      return this.#end({ code: 'link.bad-frame', message, permanent: false, violations: [] })
    }
    const { frame } = read
    if (frame === null) return
    if (frame.type === 'reject') return this.#end(frame)
    if (frame.type === 'welcome') {
      if (this.#welcomedAt !== null) return
      this.#welcomedAt = performance.now()
      this.#stopTimer()
      this.#pingLater(frame.pingMs, frame.leaseMs)
    }
    this.#options.onFrame(frame)
  }

  #pingLater(pingMs: number, leaseMs: number): void {
    this.#timer = setTimeout(
      () => {
        if (performance.now() - this.#lastHeard > leaseMs) {
          this.#options.log.warn({ leaseMs }, 'the control plane is silent; connecting anew')
          return this.#end(null)
        }
        this.#socket.ping()
        this.#pingLater(pingMs, leaseMs)
      },
      untilNextPing(pingMs, Date.now()),
    )
  }

  #heard(): void {
    this.#lastHeard = performance.now()
  }

  #closed(reason: string): void {
    if (this.#hasEnded) return
    const { log, address } = this.#options
    if (this.isWelcome) {
      log.warn({ reason }, 'connection to the control plane ended')
      return this.#end(null)
    }
    const message = `the control plane at ${address.origin} closed the connection before it answered${reason && `: ${reason}`}`
    this.#end({ code: 'link.unreachable', message, permanent: false, violations: [] })
  }

  #end(fault: LinkFault | null): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#stopTimer()
    this.#socket.terminate()
    const heldMs = this.#welcomedAt === null ? null : performance.now() - this.#welcomedAt
    this.#options.onEnd({ fault, heldMs })
  }

  #stopTimer(): void {
    // one handle: first for the welcome, then for pings
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
