/** WebSockets, both sides, with one set of limits; the only import of ws. */
import { X509Certificate } from 'node:crypto'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { WebSocket, WebSocketServer } from 'ws'

export type { WebSocket } from 'ws'

/** RFC 6455 status codes that are used here. */
export const CLOSE_NORMAL = 1000
export const CLOSE_POLICY = 1008

export type Upgrade = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  onSocket: (socket: WebSocket) => void,
) => void

/** Answers upgrade requests of an HTTP server; the first of `protocols` that the client offers is chosen. */
export function createUpgrade(options: { maxFrameBytes: number; protocols: readonly string[] }): Upgrade {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: options.maxFrameBytes,
    perMessageDeflate: false,
    handleProtocols: offered => options.protocols.find(protocol => offered.has(protocol)) ?? false,
  })
  return (request, socket, head, onSocket) => server.handleUpgrade(request, socket, head, onSocket)
}

/** Looks at the chain that the server sent, leaf first; answers what is wrong with it. */
export type PinCheck = (chain: readonly X509Certificate[]) => Error | undefined

export interface ConnectOptions {
  readonly url: string
  readonly protocols: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly maxFrameBytes: number
  readonly handshakeTimeoutMs: number
  /** PEM; undefined: the system's roots. */
  readonly ca?: string | undefined
  /** Instead of `ca`. */
  readonly checkPin?: PinCheck | undefined
  /** The server refused the upgrade: status and the text of its body. */
  readonly onRefused: (status: number, reason: string) => void
}

const MAX_REASON_BYTES = 4_096

/** Events of the result: `open`, `message`, `ping`, `pong`, `close`, `error`. */
export function connectWebSocket(options: ConnectOptions): WebSocket {
  const socket = new WebSocket(options.url, [...options.protocols], {
    headers: { ...options.headers },
    maxPayload: options.maxFrameBytes,
    perMessageDeflate: false,
    handshakeTimeout: options.handshakeTimeoutMs,
    followRedirects: false,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.checkPin === undefined ? {} : pinned(options.checkPin)),
  })
  socket.on('unexpected-response', (request, response) => {
    let reason = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      if (reason.length < MAX_REASON_BYTES) reason += chunk
    })
    // its body may be cut short: 'close' comes in any case
    response.once('close', () => {
      options.onRefused(response.statusCode ?? 0, reason.trim())
      request.destroy()
    })
  })
  return socket
}

/** With a pin the roots do not matter: the chain is checked on the connection, before the request is written. */
function pinned(check: PinCheck): {
  rejectUnauthorized: boolean
  finishRequest: (request: ClientRequest) => void
} {
  return {
    rejectUnauthorized: false,
    finishRequest(request) {
      request.once('socket', socket => {
        if (!(socket instanceof TLSSocket)) return request.destroy(new Error('a pin needs a wss:// address'))
        socket.once('secureConnect', () => {
          const fault = check(chainOf(socket))
          if (fault === undefined) request.end()
          else request.destroy(fault)
        })
      })
    },
  }
}

/** What the server sent, leaf first. */
function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  let peer: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (peer?.raw !== undefined && !chain.some(known => known.raw.equals(peer?.raw ?? Buffer.alloc(0)))) {
    chain.push(new X509Certificate(peer.raw))
    peer = peer.issuerCertificate
  }
  return chain
}
