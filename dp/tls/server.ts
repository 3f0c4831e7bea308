/**
 * The accepting side of mesh TLS: takes raw sockets, demands a client certificate that chains to the roots, and hands
 * on sockets whose handshake is done, with what their certificate said. Which names may pass is for the caller.
 */
import type { Socket } from 'node:net'
import { createSecureContext, createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import type { ReasonCode } from '../errors.ts'
import type { Credentials } from './credentials.ts'
import { type Peer, peerOf, refuseClient } from './peer.ts'

/** Told once for each accepted socket. */
export interface HandshakeHandler {
  /** The client is a member of the trust domain. Nothing was read yet. */
  onSecure(socket: TLSSocket, raw: Socket, peer: Peer, credentials: Credentials): void
  /** The socket is gone. `reason`: of clients that finished the handshake and may not pass. */
  onRefused(reason: ReasonCode): void
}

/** Sessions of clients with certificates are resumed only where a context is named. */
const SESSION_CONTEXT = 'vmesh'

interface Handshake {
  readonly raw: Socket
  readonly trustDomain: string
  readonly handler: HandshakeHandler
}

export class MeshServer {
  readonly #server: Server
  readonly #credentials: Credentials
  /** Handshakes in progress by the client's address: the TLS server does not name the socket below. */
  readonly #handshakes = new Map<string, Handshake>()

  /** `protocols`: that it takes, best first (alpn.ts). */
  constructor(
    context: TlsOptions,
    credentials: Credentials,
    handshakeTimeoutMs: number,
    protocols: readonly string[],
  ) {
    this.#credentials = credentials
    const shared = { ...context, sessionIdContext: SESSION_CONTEXT, honorCipherOrder: true }
    this.#server = createServer({
      ...shared,
      ALPNProtocols: [...protocols],
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: handshakeTimeoutMs,
    })
    // Node's server makes its own context of a fixed list of options, without allowPartialTrustChain: members below an
    // intermediate whose root is not in the bundle would be refused. Should Node rename the field, they are again.
    Object.assign(this.#server, { _sharedCreds: createSecureContext(shared) })
    this.#server.on('secureConnection', socket => this.#onSecure(socket))
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy())
  }

  /** Starts a handshake on a socket from which nothing was read. */
  accept(raw: Socket, trustDomain: string, handler: HandshakeHandler): void {
    const key = keyOf(raw)
    const handshake = { raw, trustDomain, handler }
    raw.on('error', ignore)
    if (raw.remotePort === undefined) {
      raw.destroy()
      handler.onRefused('handshake-failed')
      return
    }
    raw.on('close', () => {
      if (this.#handshakes.get(key) !== handshake) return
      this.#handshakes.delete(key)
      handler.onRefused('handshake-failed')
    })
    this.#handshakes.set(key, handshake)
    this.#server.emit('connection', raw)
  }

  #onSecure(socket: TLSSocket): void {
    const key = keyOf(socket)
    const handshake = this.#handshakes.get(key)
    this.#handshakes.delete(key)
    socket.on('error', ignore)
    if (handshake === undefined) {
      socket.destroy()
      return
    }
    // Also for resumed sessions: their ticket holds the certificate, but nobody has looked at it since.
    const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined
    const peer = certificate === undefined ? null : peerOf(certificate, nameOf(socket))
    const refusal = peer === null ? 'handshake-failed' : refuseClient(peer, handshake.trustDomain, Date.now())
    if (peer !== null && refusal === '') {
      handshake.handler.onSecure(socket, handshake.raw, peer, this.#credentials)
      return
    }
    socket.destroy()
    handshake.handler.onRefused(refusal === '' ? 'handshake-failed' : refusal)
  }
}

function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`
}

/** False where the client has named none. */
function nameOf(socket: TLSSocket & { readonly servername?: unknown }): string {
  return typeof socket.servername === 'string' ? socket.servername : ''
}

function ignore(): void {}
