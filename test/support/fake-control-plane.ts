/**
 * The control plane's end of the channel without a control plane: takes upgrades over TLS, keeps what it hears, says
 * what the test tells it to say. Its certificate may be of another time.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createUpgrade, type WebSocket } from '#base/websocket.ts'
import {
  type FromControlPlane,
  type FromDataPlane,
  type SnapshotFrame,
  SUBPROTOCOLS,
} from '#contract/messages.ts'
import { MAX_FRAME_BYTES, PROTOCOL_VERSION } from '#contract/version.ts'
import { ensureServerCertificate, type ServerCertificate } from '../../cp/ca/server-certificate.ts'

type FrameOf<Type extends FromDataPlane['type']> = Extract<FromDataPlane, { type: Type }>

/** One accepted connection. */
export class FakePeer {
  readonly socket: WebSocket
  readonly authorization: string
  readonly #heard: FromDataPlane[] = []
  readonly #waiting = new Set<() => void>()

  constructor(socket: WebSocket, authorization: string) {
    this.socket = socket
    this.authorization = authorization
    socket.on('error', () => {})
    socket.on('message', data => {
      this.#heard.push(JSON.parse(String(data)) as FromDataPlane)
      for (const look of this.#waiting) look()
    })
  }

  /** The next frame of that type that nobody has taken yet. */
  async hears<Type extends FromDataPlane['type']>(type: Type): Promise<FrameOf<Type>> {
    for (;;) {
      const at = this.#heard.findIndex(frame => frame.type === type)
      const [frame] = at < 0 ? [] : this.#heard.splice(at, 1)
      if (frame !== undefined) return frame as FrameOf<Type>
      await new Promise<void>(resolve => {
        const look = (): void => {
          this.#waiting.delete(look)
          resolve()
        }
        this.#waiting.add(look)
      })
    }
  }

  /** Takes the hello and welcomes. */
  async welcomes(times: { pingMs?: number; leaseMs?: number } = {}): Promise<FrameOf<'hello'>> {
    const hello = await this.hears('hello')
    const { pingMs = 5_000, leaseMs = 15_000 } = times
    this.says({ type: 'welcome', protocol: PROTOCOL_VERSION, controlPlane: 'fake', pingMs, leaseMs })
    return hello
  }

  says(frame: FromControlPlane): void {
    this.socket.send(JSON.stringify(frame))
  }

  /** `base` null: the whole snapshot. */
  offers(frame: Partial<SnapshotFrame> & { readonly revision: number; readonly over?: number }): void {
    const { revision, over, ...rest } = frame
    const sections = rest.sections ?? {}
    this.says({
      type: 'snapshot',
      version: { epoch: 1, revision },
      base: over === undefined ? null : { epoch: 1, revision: over },
      sections,
      digests: Object.fromEntries(Object.keys(sections).map(name => [name, `${name} of ${revision}`])),
      removed: [],
      ...rest,
    })
  }

  async closed(): Promise<void> {
    if (this.socket.readyState !== this.socket.CLOSED) await once(this.socket, 'close')
  }
}

/** `'accept'`, or how the upgrade is refused. */
export type Verdict =
  | 'accept'
  | { readonly status: number; readonly reason: string; readonly cutShort?: boolean }

export class FakeControlPlane {
  readonly caPem: string
  readonly #server: Server
  readonly #folder: string
  readonly #peers: FakePeer[] = []
  readonly #all: FakePeer[] = []
  readonly #waiting: ((peer: FakePeer) => void)[] = []
  /** Upgrade requests so far. */
  attempts = 0
  port = 0
  verdict: (attempt: number) => Verdict = () => 'accept'

  private constructor(certificate: ServerCertificate, folder: string) {
    this.caPem = certificate.caPem ?? ''
    this.#folder = folder
    this.#server = createServer({ cert: certificate.chainPem, key: certificate.privateKeyPem })
    const upgrade = createUpgrade({ maxFrameBytes: 2 * MAX_FRAME_BYTES, protocols: SUBPROTOCOLS })
    this.#server.on('upgrade', (request, socket, head) => {
      const verdict = this.verdict(++this.attempts)
      socket.on('error', () => {})
      if (verdict !== 'accept') {
        const length = Buffer.byteLength(verdict.reason) + (verdict.cutShort === true ? 100 : 0)
        const text = `HTTP/1.1 ${verdict.status} No\r\nContent-Length: ${length}\r\n\r\n${verdict.reason}`
        socket.end(text, () => socket.destroy())
        return
      }
      upgrade(request, socket, head, webSocket => {
        const peer = new FakePeer(webSocket, request.headers.authorization ?? '')
        this.#all.push(peer)
        const waiting = this.#waiting.shift()
        if (waiting === undefined) this.#peers.push(peer)
        else waiting(peer)
      })
    })
  }

  /** `nowMs`: the time by whose clock its certificates are made. */
  static async start(
    options: { readonly nowMs?: number; readonly names?: readonly string[] } = {},
  ): Promise<FakeControlPlane> {
    const folder = await mkdtemp(join(tmpdir(), 'vmesh-fake-cp-'))
    const names = {
      dnsNames: options.names ?? ['localhost'],
      ips: options.names === undefined ? ['127.0.0.1'] : [],
    }
    const certificate = await ensureServerCertificate(folder, names, options.nowMs ?? Date.now())
    const fake = new FakeControlPlane(certificate, folder)
    await fake.listen(0)
    return fake
  }

  get url(): URL {
    return new URL(`https://127.0.0.1:${this.port}`)
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = port === 0 ? portOf(this.#server) : port
  }

  async stopListening(): Promise<void> {
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** The next connection that nobody has taken yet. */
  peer(): Promise<FakePeer> {
    const there = this.#peers.shift()
    if (there !== undefined) return Promise.resolve(there)
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    for (const peer of this.#all) peer.socket.terminate()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
