/**
 * The data planes' port: TLS, WebSocket upgrade → token → session. Nobody gets a frame before the token was checked;
 * a refusal is an HTTP answer with its reason as text.
 */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import type { Duplex } from 'node:stream'
import { CodedError, codeOf, messageOf } from '#base/errors.ts'
import { createTlsServer } from '#base/http-server.ts'
import { createUpgrade } from '#base/websocket.ts'
import { channelPath, SUBPROTOCOLS } from '#contract/messages.ts'
import { MAX_FRAME_BYTES } from '#contract/version.ts'
import type { Resource } from '../kinds/kind.ts'
import type { DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import type { ProxySnapshot } from '../snapshot/builder.ts'
import type { PushContext } from './context.ts'
import type { Proof } from './proxy-session.ts'
import { Session } from './session.ts'

export type ProofResult =
  | { readonly ok: true; readonly proof: Proof }
  | { readonly ok: false; readonly status: 401 | 403; readonly reason: string }

export interface PushServerOptions {
  readonly context: PushContext
  readonly tls: { readonly cert: string; readonly key: string }
  readonly prove: (authorization: string | undefined, mesh: string, name: string) => Promise<ProofResult>
}

const UPGRADE_TIMEOUT_MS = 10_000
/** For the answer to our goodbye, and for a refusal to arrive. */
const CLOSE_TIMEOUT_MS = 500

export class PushServer {
  readonly #options: PushServerOptions
  readonly #server: Server
  /** Also those that have not said hello yet. */
  readonly #connected = new Set<Session>()
  /** The last session has ended. */
  #onLeft: () => void = () => {}
  readonly #upgrade = createUpgrade({ maxFrameBytes: MAX_FRAME_BYTES, protocols: SUBPROTOCOLS })

  constructor(options: PushServerOptions) {
    this.#options = options
    this.#server = createTlsServer({ ...options.tls, minVersion: 'TLSv1.3' }, (_request, response) => {
      response.writeHead(426, { 'content-type': 'text/plain', upgrade: 'websocket' })
      response.end('this port is for vmesh data planes; the HTTP API is on another port\n')
    })
    this.#server.requestTimeout = UPGRADE_TIMEOUT_MS
    this.#server.on('upgrade', (request, socket, head) => void this.#answer(request, socket, head))
    this.#server.on('tlsClientError', error =>
      options.context.log.debug({ err: error }, 'TLS handshake failed'),
    )
  }

  /** Throws `push.listen` when the address is taken. */
  async listen(host: string, port: number): Promise<number> {
    try {
      this.#server.listen(port, host)
      await once(this.#server, 'listening')
    } catch (error) {
      throw listenFault(error, host, port)
    }
    // too many open files, for instance: whoever could not connect tries again
    this.#server.on('error', error => this.#options.context.log.error({ err: error }, 'data-plane port'))
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : port
  }

  /** Sessions whose token does not fit their changed Dataplane are cut. Returns the function that ends it. */
  watchDataplanes(): () => void {
    const { store, sessions } = this.#options.context
    return store.watch(store.revision(), changes => {
      for (const { key, before, after } of changes) {
        if (key.type !== 'Dataplane' || before === null || after === null) continue
        sessions.get(key.mesh, key.name)?.dataplaneChanged(after as Resource<DataplaneSpec>)
      }
    })
  }

  /** For a renewed certificate: new connections get it. */
  setTls(tls: { readonly cert: string; readonly key: string }): void {
    this.#server.setSecureContext({ ...tls, minVersion: 'TLSv1.3' })
  }

  /**
   * Closes the port and all sessions; the data planes go on and look for us. Who said goodbye is removed first, as long
   * as there is a store to do it.
   */
  async close(): Promise<void> {
    const { sessions, turns } = this.#options.context
    sessions.stop()
    const left = new Promise<void>(resolve => {
      this.#onLeft = resolve
    })
    if (this.#connected.size === 0) this.#onLeft()
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const session of this.#connected) session.close()
    const timer = setTimeout(() => {
      for (const session of this.#connected) session.cut()
      this.#server.closeAllConnections()
    }, CLOSE_TIMEOUT_MS)
    await Promise.all([closed, left])
    clearTimeout(timer)
    await turns.idle()
  }

  /** Gives a snapshot to its session. */
  offer(mesh: string, name: string, snapshot: ProxySnapshot | null): void {
    this.#options.context.sessions.get(mesh, name)?.offer(snapshot)
  }

  async #answer(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    const { context, prove } = this.#options
    const target = targetOf(request.url ?? '')
    if (target === null)
      return refuse(socket, 404, `no such path; data planes use ${channelPath('MESH', 'NAME')}`)
    const offered = (request.headers['sec-websocket-protocol'] ?? '')
      .split(',')
      .map(protocol => protocol.trim())
    if (!SUBPROTOCOLS.some(protocol => offered.includes(protocol))) {
      return refuse(
        socket,
        400,
        `no common protocol: offered ${offered.join(', ')}, spoken ${SUBPROTOCOLS.join(', ')}`,
      )
    }
    try {
      const result = await prove(request.headers.authorization, target.mesh, target.name)
      if (!result.ok) {
        context.log.info({ ...target, status: result.status, reason: result.reason }, 'data plane refused')
        return refuse(socket, result.status, result.reason)
      }
      const remote = request.socket.remoteAddress ?? ''
      this.#upgrade(request, socket, head, webSocket => {
        const { proof } = result
        const onClosed = (): void => {
          this.#connected.delete(session)
          if (this.#connected.size === 0) this.#onLeft()
        }
        const session = new Session({ context, socket: webSocket, ...target, remote, proof, onClosed })
        this.#connected.add(session)
      })
    } catch (error) {
      context.log.error({ err: error }, 'cannot check the token of a data plane')
      refuse(socket, 500, 'the token could not be checked; see the log of the control plane')
    }
  }
}

function targetOf(url: string): { mesh: string; name: string } | null {
  const match = /^\/v1\/meshes\/([^/?]+)\/dataplanes\/([^/?]+)\/channel$/.exec(url)
  if (match === null) return null
  try {
    return { mesh: decodeURIComponent(match[1] ?? ''), name: decodeURIComponent(match[2] ?? '') }
  } catch {
    return null
  }
}

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  500: 'Internal Server Error',
}

function refuse(socket: Duplex, status: number, reason: string): void {
  const body = `${reason}\n`
  const challenge = status === 401 ? 'WWW-Authenticate: Bearer\r\n' : ''
  socket.end(
    `HTTP/1.1 ${status} ${PHRASES[status] ?? ''}\r\nContent-Type: text/plain; charset=utf-8\r\n${challenge}` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
  // who was refused does not decide how long the connection stays
  setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS).unref()
}

function listenFault(error: unknown, host: string, port: number): CodedError {
  const what =
    codeOf(error) === 'EADDRINUSE'
      ? `port ${port} is in use; stop what uses it or set dpServer.port`
      : `cannot listen on ${host} port ${port} (${messageOf(error)}); see dpServer.interface`
  return new CodedError('push.listen', `data-plane port: ${what}`, { cause: error })
}
