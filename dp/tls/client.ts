/**
 * The connecting side of mesh TLS: verifies, before anything is written, that the server's chain ends at the roots of
 * the trust domain and that the server holds one of the allowed names; resumed sessions as well, for which Node
 * calls no check at all.
 */
import { isIP, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { ReasonCode } from '../errors.ts'
import type { ClientContext } from './mesh-tls.ts'
import { type Peer, peerOf, refuseServer } from './peer.ts'

export interface ServerTarget {
  readonly address: string
  readonly port: number
  readonly sni: string
  readonly serverIds: readonly string[]
  /** What the connection may speak, best first (alpn.ts). */
  readonly protocols: readonly string[]
}

/** Called once, unless the socket fails before; the caller destroys the socket of a refused server. */
export type PeerHandler = (peer: Peer | null, refusal: ReasonCode | '') => void

const MAX_SESSIONS = 4096

/**
 * Connects to `target`, or starts TLS on `below` when it is given. `options` go to tls.connect as they are (read
 * buffers, keep-alive). Failures before the check are the socket's `error` event.
 */
export function connectTls(
  client: ClientContext,
  target: ServerTarget,
  options: object,
  below: Socket | null,
  onPeer: PeerHandler,
): TLSSocket {
  const key = `${target.address} ${target.port} ${target.sni}`
  const session = client.sessions.get(key)
  const socket = connect({
    ...options,
    ...(below === null ? { host: target.address, port: target.port } : { socket: below }),
    ...(session === undefined ? {} : { session: session.ticket }),
    secureContext: client.context,
    // TLS knows no addresses as server names.
    servername: isIP(target.sni) === 0 ? target.sni : '',
    ALPNProtocols: [...target.protocols],
    rejectUnauthorized: true,
    // Names are URIs and checked below, for resumed sessions as well.
    checkServerIdentity: () => undefined,
  })
  let verified: Peer | null = null
  socket.once('secureConnect', () => {
    const peer = serverOf(socket, session?.peer)
    const refusal = peer === null ? 'untrusted-peer' : refuseServer(peer, target.serverIds, Date.now())
    if (refusal === '') verified = peer
    else client.sessions.delete(key)
    onPeer(peer, refusal)
  })
  socket.on('session', (ticket: Buffer) => {
    if (verified === null) return
    if (client.sessions.size >= MAX_SESSIONS) client.sessions.clear()
    client.sessions.set(key, { ticket, peer: verified })
  })
  return socket
}

/** A resumed session proves that the server is the one that the ticket was got from. */
function serverOf(socket: TLSSocket, resumed: Peer | undefined): Peer | null {
  if (!socket.authorized) return null
  if (socket.isSessionReused()) return resumed ?? null
  const certificate = socket.getPeerX509Certificate()
  return certificate === undefined ? null : peerOf(certificate)
}
