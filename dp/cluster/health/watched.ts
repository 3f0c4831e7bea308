/** One endpoint under one health check: when it is probed next, and what is thought of it. */
import type { HealthCheck } from '#contract/resilience/health-check.ts'
import type { Limits } from '../../codec/limits.ts'
import type { Endpoint } from '../endpoint.ts'
import type { Transport } from '../transport.ts'
import { HttpProbe } from './http-probe.ts'
import { TcpProbe } from './tcp-probe.ts'
import { bad, type Finding, Verdict } from './verdict.ts'

/** An endpoint with the way to it. */
export interface Probed {
  readonly endpoint: Endpoint
  readonly transport: Transport
}

/** What the checks of a cluster have in common. */
export interface Watcher {
  readonly limits: Limits
  /** `https` where the endpoints are reached by TLS. */
  readonly scheme: string
  /** The cluster was called at least once. */
  readonly isCalled: boolean
  /** `hasChanged`: it is thought of otherwise than before. */
  found(watched: Watched, finding: Finding, hasChanged: boolean): void
}

export class Watched {
  readonly endpoint: Endpoint
  readonly check: HealthCheck
  readonly verdict = new Verdict()
  readonly #watcher: Watcher
  readonly #transport: Transport
  #timer: NodeJS.Timeout | null = null
  #probe: HttpProbe | TcpProbe | null = null

  constructor({ endpoint, transport }: Probed, check: HealthCheck, watcher: Watcher) {
    this.endpoint = endpoint
    this.check = check
    this.#transport = transport
    this.#watcher = watcher
  }

  /** The first probe leaves at once, but for its jitter. */
  start(): void {
    this.#wait(Math.random() * this.check.initialJitterMs)
  }

  /** Calls have begun: it is probed more often. */
  hurry(): void {
    if (this.#probe === null) this.#wait(this.#pauseMs())
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#probe?.stop()
    this.#probe = null
  }

  #wait(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#ask(), ms)
    this.#timer.unref()
  }

  #ask(): void {
    const probe = this.#make()
    this.#probe = probe
    this.#timer = setTimeout(() => {
      probe.stop()
      this.#told(bad(`no answer within ${this.check.timeoutMs} ms`))
    }, this.check.timeoutMs)
    this.#timer.unref()
    probe.start()
  }

  #make(): HttpProbe | TcpProbe {
    const { check } = this
    const { scheme, limits } = this.#watcher
    const told = (finding: Finding): void => this.#told(finding)
    return check.type === 'tcp'
      ? new TcpProbe(this.#transport, check.send, check.receive, told)
      : new HttpProbe(this.#transport, check, scheme, limits, told)
  }

  #told(finding: Finding): void {
    this.#probe = null
    const hasChanged = this.verdict.take(finding, this.check)
    this.#wait(this.#pauseMs())
    this.#watcher.found(this, finding, hasChanged)
  }

  #pauseMs(): number {
    const { intervalMs, unhealthyIntervalMs, noTrafficIntervalMs } = this.check
    const { intervalJitterMs, intervalJitterPercent } = this.check
    const calledMs = this.verdict.isHealthy ? intervalMs : (unhealthyIntervalMs ?? intervalMs)
    const plainMs = this.#watcher.isCalled ? calledMs : noTrafficIntervalMs
    const jitterMs = intervalJitterMs + (plainMs * intervalJitterPercent) / 100
    return plainMs + Math.random() * jitterMs
  }
}
