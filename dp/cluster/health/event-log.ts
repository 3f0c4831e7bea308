/** Changes of health as lines of JSON at the end of a file, as HealthCheck's eventLogPath asks for. */
import { appendFile } from 'node:fs/promises'
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { HealthCheck } from '#contract/resilience/health-check.ts'
import type { Endpoint } from '../endpoint.ts'
import type { Finding } from './verdict.ts'

export class EventLog {
  readonly #path: string
  readonly #log: Logger
  #last: Promise<void> = Promise.resolve()
  #hasFailed = false

  constructor(path: string, log: Logger) {
    this.#path = path
    this.#log = log
  }

  /** In the order of the calls; a file that cannot be written to is told to the log once. */
  write(
    cluster: string,
    { address, port }: Endpoint,
    { type, policy }: HealthCheck,
    { fault }: Finding,
  ): void {
    const event = {
      time: new Date().toISOString(),
      cluster,
      endpoint: `${address}:${port}`,
      check: type,
      policy,
      health: fault === '' ? 'healthy' : 'unhealthy',
      ...(fault !== '' && { reason: fault }),
    }
    this.#last = this.#last
      .then(() => appendFile(this.#path, `${JSON.stringify(event)}\n`))
      .catch(error => this.#fail(error))
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#log.warn({ file: this.#path, reason: messageOf(error) }, 'changes of health cannot be written')
  }
}
