/**
 * Makes one connection to an endpoint, plain or mesh TLS, within a time: the wire is handed over connected and, with
 * TLS, with a verified peer. For exchanges it reads through the shared buffer; for tunnels a TLS connection is laid
 * over a socket of ours, so that it can be reset.
 */
import { connect as connectPlain, type Socket } from 'node:net'
import { messageOf } from '#base/errors.ts'
import type { Endpoint as Address, ClusterTls } from '#contract/cluster.ts'
import { type ByteSink, NO_SINK } from '../codec/byte-stream.ts'
import type { Wire } from '../codec/wire.ts'
import type { ReasonCode } from '../errors.ts'
import { connectTls } from '../tls/client.ts'
import type { ClientContext } from '../tls/mesh-tls.ts'
import type { Peer } from '../tls/peer.ts'
import { reasonOf } from './failure.ts'

/** What a pool connects with: null for plain text. */
export interface DialTls {
  readonly client: ClientContext
  readonly target: ClusterTls
  /** What it may speak, best first (tls/alpn.ts). */
  readonly protocols: readonly string[]
}

/** Told once; a failed wire is closed. */
export interface DialHandler {
  /** `protocol`: what both agreed on; '' where the server knows none of them, or without TLS. */
  onConnected(peer: Peer | null, protocol: string): void
  onFailed(reason: ReasonCode, detail: string): void
}

/** Finds hosts that vanished without a word. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 30_000, noDelay: true } as const

/** `isOverSocket`: lay TLS over a socket of ours; the wire has to read in chunks then. */
export function dial(
  wire: Wire,
  to: Address,
  tls: DialTls | null,
  timeoutMs: number,
  isOverSocket: boolean,
  handler: DialHandler,
): void {
  const dialing = new Dialing(wire, tls !== null, handler)
  dialing.startTimer(timeoutMs)
  wire.sink = dialing
  const options = { ...KEEP_ALIVE, ...wire.readOptions() }
  if (tls === null) {
    const socket = connectPlain({ ...options, host: to.address, port: to.port })
    wire.adopt(socket)
    socket.once('connect', () => dialing.succeed(null, ''))
    return
  }
  const below: Socket | null = isOverSocket
    ? connectPlain({ ...KEEP_ALIVE, host: to.address, port: to.port, allowHalfOpen: true })
    : null
  const target = { ...to, sni: tls.target.sni, serverIds: tls.target.serverIds, protocols: tls.protocols }
  const socket = connectTls(tls.client, target, options, below, (peer, refusal) => {
    if (refusal === '') dialing.succeed(peer, socket.alpnProtocol || '')
    else dialing.fail(refusal, `server holds ${peer?.uris.join(', ') || 'no name'}`)
  })
  wire.adopt(socket, below)
}

class Dialing implements ByteSink {
  readonly #wire: Wire
  readonly #isTls: boolean
  readonly #handler: DialHandler
  #timer: NodeJS.Timeout | null = null

  constructor(wire: Wire, isTls: boolean, handler: DialHandler) {
    this.#wire = wire
    this.#isTls = isTls
    this.#handler = handler
  }

  startTimer(timeoutMs: number): void {
    this.#timer = setTimeout(
      () => this.fail('connect-timeout', `no connection within ${timeoutMs} ms`),
      timeoutMs,
    )
  }

  succeed(peer: Peer | null, protocol: string): void {
    if (!this.#settle()) return
    this.#handler.onConnected(peer, protocol)
  }

  fail(reason: ReasonCode, detail: string): void {
    if (!this.#settle()) return
    this.#wire.destroy()
    this.#handler.onFailed(reason, detail)
  }

  /** Nothing can arrive before the connection is made; a server that speaks in its handshake is cut off. */
  onBytes(): void {
    this.fail('handshake-failed', 'bytes arrived too early')
  }

  onEnd(): void {
    this.fail(this.#isTls ? 'handshake-failed' : 'unreachable', 'the other side closed')
  }

  onDrain(): void {}

  onClose(error: Error | undefined): void {
    const detail = error === undefined ? 'the other side closed' : messageOf(error)
    this.fail(reasonOf(error, this.#isTls), detail)
  }

  #settle(): boolean {
    if (this.#timer === null) return false
    clearTimeout(this.#timer)
    this.#timer = null
    this.#wire.sink = NO_SINK
    return true
  }
}
