/**
 * The line to the control plane: connect → hello → snapshots → acknowledge or refuse; comes back with jitter after
 * every loss and goes on from what it has. It hands snapshots to a function it was given and does not know what runs.
 */
import { Backoff } from '#base/backoff.ts'
import { CodedError, messageOf } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import { connectWebSocket, type PinCheck, type WebSocket } from '#base/websocket.ts'
import {
  channelPath,
  type FromControlPlane,
  type FromDataPlane,
  type Hello,
  type Issued,
  type Reject,
  type SnapshotFrame,
  SUBPROTOCOLS,
} from '#contract/messages.ts'
import { formatVersion, type Snapshot } from '#contract/snapshot.ts'
import { MAX_FRAME_BYTES, PROTOCOL_VERSION } from '#contract/version.ts'
import { faultOfConnection, faultOfRefusal, type LinkFault } from './fault.ts'
import { digestsOf, merge, type StoredSnapshot } from './section-store.ts'

export type ApplyOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly violations: readonly { readonly path: string; readonly message: string }[]
    }

export interface LinkOptions {
  /** `https://HOST:5678`. */
  readonly address: URL
  readonly mesh: string
  readonly name: string
  /** PEM of the control plane's CA; null with a pin. */
  readonly ca: string | null
  readonly checkPin: PinCheck | null
  /** Read anew for each connection, so that a renewed file is taken up. */
  readonly readToken: () => Promise<string>
  readonly hello: Pick<Hello, 'instance' | 'incarnation' | 'dataplane' | 'dpVersion' | 'features' | 'host'>
  /** What the state folder holds. */
  readonly stored: StoredSnapshot | null
  readonly log: Logger
  /** Runs a snapshot and keeps it on disk; what it answers is told to the control plane. */
  readonly apply: (snapshot: Snapshot, stored: StoredSnapshot) => Promise<ApplyOutcome>
  readonly onFault: (fault: LinkFault) => void
  readonly onConnected: () => void
}

const RECONNECT_LEAST_MS = 200
const RECONNECT_MOST_MS = 30_000
const HANDSHAKE_TIMEOUT_MS = 10_000
const ISSUE_TIMEOUT_MS = 10_000

export class Link {
  readonly #options: LinkOptions
  readonly #backoff = new Backoff(RECONNECT_LEAST_MS, RECONNECT_MOST_MS)
  #socket: WebSocket | null = null
  #stored: StoredSnapshot | null
  #isWelcome = false
  #isStopped = false
  #retry: NodeJS.Timeout | null = null
  #keepAlive: NodeJS.Timeout | null = null
  #lastHeardMs = 0
  #leaseMs = 15_000
  #nextId = 1
  readonly #issuing = new Map<number, { resolve: (issued: Issued) => void; reject: (error: Error) => void }>()
  #onLeft: (() => void) | null = null
  #applying: Promise<void> = Promise.resolve()

  constructor(options: LinkOptions) {
    this.#options = options
    this.#stored = options.stored
  }

  get isConnected(): boolean {
    return this.#isWelcome
  }

  start(): void {
    void this.#connect()
  }

  /** Asks for a certificate. Throws `link.not-connected`, `link.issue-refused`, `link.issue-timeout`. */
  issue(csr: string): Promise<Issued> {
    if (!this.#isWelcome) return Promise.reject(notConnected())
    const id = this.#nextId++
    return new Promise<Issued>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#issuing.delete(id)
        reject(new CodedError('link.issue-timeout', 'the control plane did not answer the signing request'))
      }, ISSUE_TIMEOUT_MS)
      const settle = <T>(then: (value: T) => void): ((value: T) => void) => {
        return value => {
          clearTimeout(timer)
          this.#issuing.delete(id)
          then(value)
        }
      }
      this.#issuing.set(id, { resolve: settle(resolve), reject: settle(reject) })
      this.#send({ type: 'issue', id, csr })
    })
  }

  /** Says goodbye; resolves when the control plane says that clients were told, or after `timeoutMs`. */
  async leave(timeoutMs: number): Promise<void> {
    if (!this.#isWelcome) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#onLeft = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#send({ type: 'leave' })
    })
  }

  /** Ends the connection for good; resolves when it is closed. */
  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#retry !== null) clearTimeout(this.#retry)
    const socket = this.#socket
    if (socket === null || socket.readyState === socket.CLOSED) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(() => socket.terminate(), 1_000)
      socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      socket.close(1000)
    })
  }

  async #connect(): Promise<void> {
    const { address, mesh, name, ca, checkPin, log } = this.#options
    let token: string
    try {
      token = await this.#options.readToken()
    } catch (error) {
      return this.#failed({
        code: 'link.token-file',
        message: messageOf(error),
        permanent: true,
        violations: [],
      })
    }
    let isRefused = false
    const socket = connectWebSocket({
      url: `wss://${address.host}${channelPath(mesh, name)}`,
      protocols: SUBPROTOCOLS,
      headers: { authorization: `Bearer ${token}` },
      maxFrameBytes: MAX_FRAME_BYTES,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      ...(checkPin === null ? { ca: ca ?? undefined } : { checkPin }),
      onRefused: (status, reason) => {
        isRefused = true
        this.#failed(faultOfRefusal(status, reason))
      },
    })
    this.#socket = socket
    socket.on('open', () => this.#hello())
    socket.on('message', data => this.#receive(String(data)))
    socket.on('pong', () => this.#heard())
    socket.on('error', error => {
      if (isRefused) return
      isRefused = true
      if (this.#isWelcome) log.warn({ err: error }, 'connection to the control plane failed')
      else this.#failed(faultOfConnection(error, address))
    })
    socket.on('close', (_code, reason) => this.#closed(String(reason), isRefused))
  }

  #hello(): void {
    this.#heard()
    const stored = this.#stored
    this.#send({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      ...this.#options.hello,
      have: stored === null ? null : { version: stored.version, digests: digestsOf(stored) },
    })
  }

  #receive(text: string): void {
    this.#heard()
    const frame = JSON.parse(text) as FromControlPlane
    switch (frame.type) {
      case 'welcome':
        this.#isWelcome = true
        this.#backoff.reset()
        this.#leaseMs = frame.leaseMs
        this.#keepAlive = setInterval(() => this.#ping(), frame.pingMs)
        this.#options.log.info({ controlPlane: frame.controlPlane }, 'connected to the control plane')
        return this.#options.onConnected()
      case 'snapshot':
        this.#applying = this.#applying.then(() => this.#apply(frame))
        return
      case 'issued':
        return this.#issuing.get(frame.id)?.resolve(frame)
      case 'issue-refused':
        return this.#issuing.get(frame.id)?.reject(new CodedError('link.issue-refused', frame.reason))
      case 'left':
        return this.#onLeft?.()
      case 'reject':
        return this.#rejected(frame)
    }
  }

  async #apply(frame: SnapshotFrame): Promise<void> {
    const { version } = frame
    const merged = merge(this.#stored, frame)
    const outcome = merged.ok ? await this.#options.apply(merged.snapshot, merged.stored) : merged
    if (!outcome.ok) {
      this.#options.log.error(
        { version: formatVersion(version), violations: outcome.violations },
        'snapshot refused',
      )
      return this.#send({ type: 'refuse', version, violations: outcome.violations })
    }
    if (merged.ok) this.#stored = merged.stored
    const bundles = Object.entries(this.#stored?.sections ?? {}).filter(([name]) => name.startsWith('trust/'))
    const digests = Object.fromEntries(bundles.map(([name, section]) => [name, section.digest]))
    this.#options.log.info({ version: formatVersion(version) }, 'snapshot applied')
    this.#send({ type: 'ack', version, bundles: digests })
  }

  #rejected(frame: Reject): void {
    this.#failed({ ...frame })
  }

  /** Told to the owner, who decides whether to go on; the next try comes by itself. */
  #failed(fault: LinkFault): void {
    this.#options.onFault(fault)
    this.#retryLater()
  }

  #closed(reason: string, wasTold: boolean): void {
    const wasWelcome = this.#isWelcome
    this.#isWelcome = false
    if (this.#keepAlive !== null) clearInterval(this.#keepAlive)
    this.#keepAlive = null
    for (const { reject } of this.#issuing.values()) reject(notConnected())
    this.#onLeft?.()
    if (wasWelcome && !this.#isStopped)
      this.#options.log.warn({ reason }, 'connection to the control plane ended')
    if (!wasTold || wasWelcome) this.#retryLater()
  }

  #retryLater(): void {
    if (this.#isStopped || this.#retry !== null) return
    this.#retry = setTimeout(() => {
      this.#retry = null
      void this.#connect()
    }, this.#backoff.nextMs())
  }

  #ping(): void {
    if (Date.now() - this.#lastHeardMs > this.#leaseMs) {
      this.#options.log.warn({ leaseMs: this.#leaseMs }, 'the control plane is silent; connecting anew')
      return this.#socket?.terminate()
    }
    this.#socket?.ping()
  }

  #heard(): void {
    this.#lastHeardMs = Date.now()
  }

  #send(frame: FromDataPlane): void {
    if (this.#socket?.readyState === this.#socket?.OPEN) this.#socket?.send(JSON.stringify(frame))
  }
}

function notConnected(): CodedError {
  return new CodedError('link.not-connected', 'there is no connection to the control plane')
}
