/** What an upstream under test has seen: how often it was asked, for what, with which bodies, how many at a time. */
import { createHash } from 'node:crypto'

export interface SeenRequest {
  readonly protocol: 'http1' | 'http2' | 'grpc' | 'tcp'
  /** '' for TCP, whose requests are connections that said something. */
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** `performance.now()` when its head was there. */
  readonly atMs: number
  /** So far; with the hash as soon as the body has ended. */
  bytes: number
  /** First 16 hex digits of SHA-256, '' while the body has not ended. */
  sha256: string
  /** cut: the peer went away before the request or the answer was through, or we cut it. */
  state: 'running' | 'done' | 'cut'
}

/** As JSON tells it. */
export interface Seen {
  readonly requests: number
  /** Requests by path without its query. */
  readonly byPath: Readonly<Record<string, number>>
  readonly running: number
  /** The most requests that were running at one time. */
  readonly mostRunning: number
  readonly cut: number
  /** Connections accepted, and how many of them are open. */
  readonly connections: number
  readonly open: number
  /** The newest ones, oldest first. */
  readonly newest: readonly SeenRequest[]
}

const REMEMBERED = 1000

export class Witnessed {
  #requests = 0
  #running = 0
  #mostRunning = 0
  #cut = 0
  #connections = 0
  #open = 0
  #byPath = new Map<string, number>()
  #newest: SeenRequest[] = []
  #waiting: (() => void)[] = []

  connected(): void {
    this.#connections++
    this.#open++
    this.#wake()
  }

  disconnected(): void {
    this.#open--
    this.#wake()
  }

  began(request: Pick<SeenRequest, 'protocol' | 'method' | 'path' | 'headers'>): Following {
    const seen: SeenRequest = { ...request, atMs: performance.now(), bytes: 0, sha256: '', state: 'running' }
    this.#requests++
    this.#running++
    this.#mostRunning = Math.max(this.#mostRunning, this.#running)
    const path = request.path.split('?', 1)[0] ?? ''
    this.#byPath.set(path, (this.#byPath.get(path) ?? 0) + 1)
    this.#newest.push(seen)
    if (this.#newest.length > REMEMBERED) this.#newest.shift()
    this.#wake()
    return new Following(seen, state => {
      this.#running--
      if (state === 'cut') this.#cut++
      this.#wake()
    })
  }

  get seen(): Seen {
    return {
      requests: this.#requests,
      byPath: Object.fromEntries(this.#byPath),
      running: this.#running,
      mostRunning: this.#mostRunning,
      cut: this.#cut,
      connections: this.#connections,
      open: this.#open,
      newest: this.#newest,
    }
  }

  /** Counts from 0; what runs and is open stays counted as such. */
  forget(): void {
    this.#requests = 0
    this.#mostRunning = this.#running
    this.#cut = 0
    this.#connections = 0
    this.#byPath = new Map()
    this.#newest = []
  }

  /** Resolves as soon as it holds; it is looked at after each change. */
  async until(holds: (seen: Seen) => boolean): Promise<Seen> {
    while (!holds(this.seen)) await new Promise<void>(resolve => this.#waiting.push(resolve))
    return this.seen
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

/** Follows one request to its end. */
export class Following {
  readonly request: SeenRequest
  readonly #hash = createHash('sha256')
  readonly #onEnd: (state: 'done' | 'cut') => void

  constructor(request: SeenRequest, onEnd: (state: 'done' | 'cut') => void) {
    this.request = request
    this.#onEnd = onEnd
  }

  bytes(chunk: Buffer): void {
    this.request.bytes += chunk.length
    this.#hash.update(chunk)
  }

  bodyEnded(): void {
    this.request.sha256 = this.#hash.digest('hex').slice(0, 16)
  }

  /** The first of several counts. */
  ended(state: 'done' | 'cut'): void {
    if (this.request.state !== 'running') return
    this.request.state = state
    this.#onEnd(state)
  }
}
