/**
 * One address that calls can go to: whether it is healthy, since when not and why, and how many calls it has. Lives
 * as long as its address is in the cluster, whatever else of the cluster changes.
 */
import { connect } from 'node:net'
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { Endpoint as Address } from '#contract/cluster.ts'
import type { Limits } from '../codec/limits.ts'
import type { ReasonCode } from '../errors.ts'
import { reasonOf } from './failure.ts'

export interface EndpointEnvironment {
  readonly limits: Limits
  readonly log: Logger
  /** Told when something is said against an endpoint, or no more. */
  readonly onHealth: (change: HealthChange) => void
}

/**
 * What can be said against an endpoint, each by somebody else: no connection can be made; a detector of outliers has taken
 * it out because of its answers; it fails its health checks.
 */
export type Cause = 'unreachable' | 'ejected' | 'failing'

export interface Mark {
  readonly cause: Cause
  /** In words. */
  readonly reason: string
  readonly sinceMs: number
}

/** Plain data: goes from worker to worker. */
export type HealthChange = EndpointChange | FirstCall

/** The cluster is called: whoever probes its endpoints has to know. */
export interface FirstCall {
  readonly cluster: string
  readonly isCalled: true
}

export interface EndpointChange {
  readonly cluster: string
  /** As `keyOf` makes it. */
  readonly endpoint: string
  readonly cause: Cause
  /** In words; empty when it is said no more. */
  readonly reason: string
}

/** Looks at what comes of the calls to one endpoint. */
export interface Judge {
  /** The head of an answer came, of the application or of the data plane in front of it. */
  answered(status: number): void
  /** No connection, no answer, or half of one. */
  failed(reason: ReasonCode): void
}

export class Endpoint {
  readonly address: string
  readonly port: number
  readonly key: string
  /** Balancers may choose it. */
  isHealthy = true
  /** Calls and connections that run. */
  active = 0
  /** null: nobody looks at its answers. */
  judge: Judge | null = null
  readonly #cluster: string
  readonly #environment: EndpointEnvironment
  readonly #onMarks: (endpoint: Endpoint) => void
  #marks: readonly Mark[] = []
  /** Too few of its cluster are healthy: only those out of reach are left out. */
  #isInPanic = false
  #backoffMs = 0
  #retryAtMs = 0
  #isProbing = false
  #isRetired = false

  /** `cluster`: its name, for the log. `onMarks`: called when something is said against it, or no more. */
  constructor(
    to: Address,
    cluster: string,
    environment: EndpointEnvironment,
    onMarks: (endpoint: Endpoint) => void,
  ) {
    this.#onMarks = onMarks
    this.address = to.address
    this.port = to.port
    this.key = keyOf(to)
    this.#cluster = cluster
    this.#environment = environment
  }

  /** All that is said against it, the first first. */
  get marks(): readonly Mark[] {
    return this.#marks
  }

  /** It may be asked where nobody is healthy. */
  get isAllowed(): boolean {
    return this.#isInPanic || !this.#marks.some(({ cause }) => cause !== 'unreachable')
  }

  isMarked(cause: Cause): boolean {
    return this.#marks.some(mark => mark.cause === cause)
  }

  /** Its answers or its health checks speak against it; told to the log and the other workers. */
  mark(cause: Exclude<Cause, 'unreachable'>, reason: string): void {
    if (this.#note(cause, reason)) this.#tell(cause, reason)
  }

  /** They do no more. */
  clear(cause: Exclude<Cause, 'unreachable'>): void {
    if (this.#note(cause, '')) this.#tell(cause, '')
  }

  /** Of its cluster. */
  setPanic(isInPanic: boolean): void {
    this.#isInPanic = isInPanic
    this.#decide()
  }

  /** A connection was made, handshake and all. */
  succeed(): void {
    this.#revive()
    this.#backoffMs = 0
  }

  /** Out of rotation while others are healthy, for a pause that doubles with every failure. */
  fail(reason: string): void {
    if (this.#note('unreachable', reason)) this.#tell('unreachable', reason)
    this.#pause()
  }

  /** What another worker has found out; nobody is told again. */
  hear(cause: Cause, reason: string): void {
    if (this.#note(cause, reason) && cause === 'unreachable' && reason !== '') this.#pause()
  }

  /** When the pause is over: finds out by a connection of its own, so that no call has to. */
  probe(timeoutMs: number): void {
    if (!this.isMarked('unreachable')) return
    if (this.#isProbing || this.#isRetired || Date.now() < this.#retryAtMs) return
    this.#isProbing = true
    const socket = connect({ host: this.address, port: this.port })
    socket.unref()
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no connection in time')))
    socket.once('connect', () => {
      // Its TLS may still be wrong: the pause grows on until a call has got through.
      this.#revive()
      socket.destroy()
    })
    socket.once('error', error => this.fail(`${reasonOf(error, false)}: ${messageOf(error)}`))
    socket.once('close', () => {
      this.#isProbing = false
    })
  }

  retire(): void {
    this.#isRetired = true
  }

  #pause(): void {
    const { backoffMs, maxBackoffMs } = this.#environment.limits
    this.#backoffMs = Math.min(maxBackoffMs, this.#backoffMs === 0 ? backoffMs : this.#backoffMs * 2)
    this.#retryAtMs = Date.now() + this.#backoffMs * (0.5 + Math.random() / 2)
  }

  #revive(): void {
    if (this.#marks.length > 0 && this.#note('unreachable', '')) this.#tell('unreachable', '')
  }

  /** `reason` '': it is said no more. True: it is news. */
  #note(cause: Cause, reason: string): boolean {
    const others = this.#marks.filter(mark => mark.cause !== cause)
    const isNews = this.#marks.length !== others.length + (reason === '' ? 0 : 1)
    if (reason === '') this.#marks = others
    else if (isNews) this.#marks = [...others, { cause, reason, sinceMs: Date.now() }]
    else this.#marks = this.#marks.map(mark => (mark.cause === cause ? { ...mark, reason } : mark))
    this.#decide()
    if (isNews) this.#onMarks(this)
    return isNews
  }

  #decide(): void {
    this.isHealthy = this.#isInPanic ? !this.isMarked('unreachable') : this.#marks.length === 0
  }

  #tell(cause: Cause, reason: string): void {
    const { log, onHealth } = this.#environment
    if (reason === '') log.info(this.#names(), RETURNS[cause])
    else log.warn({ ...this.#names(), reason }, LEAVES[cause])
    onHealth({ cluster: this.#cluster, endpoint: this.key, cause, reason })
  }

  #names(): Record<string, string> {
    return { cluster: this.#cluster, endpoint: `${this.address}:${this.port}` }
  }
}

const LEAVES: Readonly<Record<Cause, string>> = {
  unreachable: 'endpoint cannot be reached',
  ejected: 'endpoint taken out of use',
  failing: 'endpoint fails its health checks',
}

const RETURNS: Readonly<Record<Cause, string>> = {
  unreachable: 'endpoint is reachable again',
  ejected: 'endpoint back in use',
  failing: 'endpoint passes its health checks again',
}

export function keyOf(to: Address): string {
  return `${to.address} ${to.port}`
}
