/**
 * One address that calls can go to: whether it is healthy, since when not and why, and how many calls it has. Lives
 * as long as its address is in the cluster, whatever else of the cluster changes.
 */
import { connect } from 'node:net'
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { Endpoint as Address } from '#contract/cluster.ts'
import type { Limits } from '../codec/limits.ts'
import { reasonOf } from './failure.ts'

export interface EndpointEnvironment {
  readonly limits: Limits
  readonly log: Logger
  /** Told when an endpoint is found out of reach, or again within. */
  readonly onHealth: (change: HealthChange) => void
}

/** Plain data: goes from worker to worker. */
export interface HealthChange {
  readonly cluster: string
  /** As `keyOf` makes it. */
  readonly endpoint: string
  /** Why it is not healthy, in words; empty when it is. */
  readonly reason: string
}

export class Endpoint {
  readonly address: string
  readonly port: number
  readonly key: string
  isHealthy = true
  /** In words; empty when it is healthy. */
  reason = ''
  /** Calls and connections that run. */
  active = 0
  readonly #cluster: string
  readonly #environment: EndpointEnvironment
  #backoffMs = 0
  #retryAtMs = 0
  #isProbing = false
  #isRetired = false

  /** `cluster`: its name, for the log. */
  constructor(to: Address, cluster: string, environment: EndpointEnvironment) {
    this.address = to.address
    this.port = to.port
    this.key = keyOf(to)
    this.#cluster = cluster
    this.#environment = environment
  }

  /** A connection was made, handshake and all. */
  succeed(): void {
    this.#revive()
    this.#backoffMs = 0
  }

  /** Out of rotation while others are healthy, for a pause that doubles with every failure. */
  fail(reason: string): void {
    if (this.isHealthy) {
      this.#environment.log.warn({ ...this.#names(), reason }, 'endpoint cannot be reached')
      this.#tell(reason)
    }
    this.#pause(reason)
  }

  /** What another worker has found out; nobody is told again. */
  hear(reason: string): void {
    if (reason === '') {
      this.isHealthy = true
      this.reason = ''
    } else if (this.isHealthy) this.#pause(reason)
  }

  #pause(reason: string): void {
    const { backoffMs, maxBackoffMs } = this.#environment.limits
    this.isHealthy = false
    this.reason = reason
    this.#backoffMs = Math.min(maxBackoffMs, this.#backoffMs === 0 ? backoffMs : this.#backoffMs * 2)
    this.#retryAtMs = Date.now() + this.#backoffMs * (0.5 + Math.random() / 2)
  }

  /** When the pause is over: finds out by a connection of its own, so that no call has to. */
  probe(timeoutMs: number): void {
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

  #revive(): void {
    if (!this.isHealthy) {
      this.#environment.log.info(this.#names(), 'endpoint is reachable again')
      this.#tell('')
    }
    this.isHealthy = true
    this.reason = ''
  }

  #tell(reason: string): void {
    this.#environment.onHealth({ cluster: this.#cluster, endpoint: this.key, reason })
  }

  #names(): Record<string, string> {
    return { cluster: this.#cluster, endpoint: `${this.address}:${this.port}` }
  }
}

export function keyOf(to: Address): string {
  return `${to.address} ${to.port}`
}
