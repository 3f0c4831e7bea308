/** A data plane that speaks the channel and runs nothing: registers, takes snapshots, acknowledges. */
import { once } from 'node:events'
import { connectWebSocket, type WebSocket } from '#base/websocket.ts'
import {
  channelPath,
  type FromControlPlane,
  type FromDataPlane,
  type SnapshotFrame,
  SUBPROTOCOLS,
} from '#contract/messages.ts'
import { MAX_FRAME_BYTES, PROTOCOL_VERSION } from '#contract/version.ts'
import { untilNextPing } from '../../dp/link/ping-time.ts'

export interface SimulatedProxyOptions {
  readonly port: number
  readonly ca: string
  readonly token: string
  readonly name: string
  readonly mesh?: string
  readonly calls?: readonly string[]
  readonly dataplane: object | null
  readonly instance?: string
  readonly incarnation?: number
  /** Refuses every snapshot with these words. */
  readonly refuses?: string
}

export class SimulatedProxy {
  readonly #options: SimulatedProxyOptions
  readonly #watched = new Map<string, (at: number) => void>()
  #socket: WebSocket | null = null
  #timer: NodeJS.Timeout | undefined
  #pingMs = 0
  /** Snapshot frames so far. */
  received = 0
  /** Section values by name. */
  readonly sections = new Map<string, unknown>()
  /** Why it was turned away: HTTP status and text, or a reject frame. */
  refusal = ''

  constructor(options: SimulatedProxyOptions) {
    this.#options = options
  }

  calls(service: string): boolean {
    return this.#options.calls?.includes(service) ?? false
  }

  /** Resolves with the first snapshot; rejects when turned away. */
  async connect(): Promise<void> {
    const { port, ca, token, name, mesh = 'default' } = this.#options
    await new Promise<void>((resolve, reject) => {
      const socket = connectWebSocket({
        url: `wss://127.0.0.1:${port}${channelPath(mesh, name)}`,
        protocols: SUBPROTOCOLS,
        headers: { authorization: `Bearer ${token}` },
        maxFrameBytes: MAX_FRAME_BYTES,
        handshakeTimeoutMs: 60_000,
        ca,
        onRefused: (status, reason) => {
          this.refusal = `${status} ${reason}`
          reject(new Error(this.refusal))
        },
      })
      this.#socket = socket
      socket.on('open', () => this.#hello())
      socket.on('error', reject)
      socket.on('close', () => reject(new Error(this.refusal || 'closed')))
      socket.on('message', data =>
        this.#receive(JSON.parse(String(data)) as FromControlPlane, resolve, reject),
      )
      socket.on('close', () => this.holdPings())
    })
  }

  /** The moment (performance.now) at which the next change of a section was acknowledged. */
  nextChange(section: string): Promise<number> {
    return new Promise(resolve => this.#watched.set(section, resolve))
  }

  send(frame: FromDataPlane): void {
    this.#socket?.send(JSON.stringify(frame))
  }

  /** Now and every `pingMs` from here. */
  ping(): void {
    this.#socket?.ping()
    this.#pingLater()
  }

  /** Until the next call of `ping`. */
  holdPings(): void {
    clearTimeout(this.#timer)
  }

  close(): void {
    this.#socket?.terminate()
  }

  /** Resolves when the connection is gone, whoever ended it. */
  async closed(): Promise<void> {
    const socket = this.#socket
    if (socket !== null && socket.readyState !== socket.CLOSED) await once(socket, 'close')
  }

  #hello(): void {
    const { name, dataplane, instance = name, incarnation = 1 } = this.#options
    this.send({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      instance,
      incarnation,
      dataplane,
      dpVersion: 'simulated',
      features: [],
      host: 'simulated',
      have: null,
    })
  }

  #answer({ version }: SnapshotFrame): void {
    const { refuses } = this.#options
    if (refuses === undefined) return this.send({ type: 'ack', version, bundles: {} })
    this.send({
      type: 'refuse',
      version,
      violations: [{ path: 'listener/127.0.0.1:8080', message: refuses }],
    })
  }

  #pingLater(): void {
    this.#timer = setTimeout(() => this.ping(), untilNextPing(this.#pingMs, Date.now()))
  }

  #receive(frame: FromControlPlane, onFirst: () => void, onReject: (error: Error) => void): void {
    if (frame.type === 'reject') {
      this.refusal = `${frame.code} ${frame.message} ${JSON.stringify(frame.violations)}`
      return onReject(new Error(this.refusal))
    }
    if (frame.type === 'welcome') {
      this.#pingMs = frame.pingMs
      this.#pingLater()
    }
    if (frame.type !== 'snapshot') return
    for (const name of frame.removed) this.sections.delete(name)
    for (const [name, value] of Object.entries(frame.sections)) this.sections.set(name, value)
    this.#answer(frame)
    this.received++
    onFirst()
    for (const name of Object.keys(frame.sections)) {
      this.#watched.get(name)?.(performance.now())
      this.#watched.delete(name)
    }
  }
}
