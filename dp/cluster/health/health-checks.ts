/**
 * The health checks of one cluster: every endpoint is probed by each of them, and marked as failing while one says so. What
 * is known stays as long as endpoint and check do.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '#base/log.ts'
import type { HealthCheck } from '#contract/resilience/health-check.ts'
import type { Limits } from '../../codec/limits.ts'
import type { Endpoint } from '../endpoint.ts'
import { EventLog } from './event-log.ts'
import type { Finding } from './verdict.ts'
import { type Probed, Watched, type Watcher } from './watched.ts'

interface Patient {
  readonly endpoint: Endpoint
  watched: readonly Watched[]
}

export class HealthChecks implements Watcher {
  readonly limits: Limits
  scheme = 'http'
  isCalled = false
  readonly #cluster: string
  readonly #log: Logger
  readonly #patients = new Map<Endpoint, Patient>()
  readonly #events = new Map<string, EventLog>()

  constructor(cluster: string, limits: Limits, log: Logger) {
    this.#cluster = cluster
    this.limits = limits
    this.#log = log
  }

  configure(checks: readonly HealthCheck[], members: readonly Probed[], isTls: boolean): void {
    this.scheme = isTls ? 'https' : 'http'
    const present = new Set(members.map(({ endpoint }) => endpoint))
    for (const [endpoint, patient] of this.#patients) if (!present.has(endpoint)) this.#dismiss(patient)
    for (const member of members) this.#watch(member, checks)
  }

  /** The cluster is called. */
  called(): void {
    this.isCalled = true
    for (const { watched } of this.#patients.values()) for (const one of watched) one.hurry()
  }

  stop(): void {
    for (const patient of this.#patients.values()) this.#dismiss(patient)
  }

  found(watched: Watched, finding: Finding, hasChanged: boolean): void {
    const { check, endpoint } = watched
    const patient = this.#patients.get(endpoint)
    if (patient === undefined) return
    const isNews = hasChanged || (finding.fault !== '' && check.logsAllFailures)
    if (!isNews) return
    if (check.eventLogPath !== undefined)
      this.#eventLog(check.eventLogPath).write(this.#cluster, endpoint, check, finding)
    if (hasChanged) judge(patient)
    else
      this.#log.warn(
        { cluster: this.#cluster, endpoint: endpoint.key, reason: finding.fault },
        'health check failed',
      )
  }

  #watch(member: Probed, checks: readonly HealthCheck[]): void {
    const { endpoint } = member
    const patient = this.#patients.get(endpoint) ?? { endpoint, watched: [] }
    this.#patients.set(endpoint, patient)
    const before = patient.watched
    const kept = checks.map(check => before.find(one => isDeepStrictEqual(one.check, check)))
    for (const one of before) if (!kept.includes(one)) one.stop()
    patient.watched = checks.map((check, i) => kept[i] ?? new Watched(member, check, this))
    for (const one of patient.watched) if (!before.includes(one)) one.start()
    judge(patient)
  }

  #dismiss(patient: Patient): void {
    this.#patients.delete(patient.endpoint)
    for (const one of patient.watched) one.stop()
    patient.endpoint.clear('failing')
  }

  #eventLog(path: string): EventLog {
    const known = this.#events.get(path) ?? new EventLog(path, this.#log)
    this.#events.set(path, known)
    return known
  }
}

function judge({ endpoint, watched }: Patient): void {
  const faults = watched.filter(({ verdict }) => !verdict.isHealthy)
  if (faults.length === 0) endpoint.clear('failing')
  else {
    const said = faults.map(
      ({ check, verdict }) => `${check.type} health check: ${verdict.fault} (${check.policy})`,
    )
    endpoint.mark('failing', said.join('; '))
  }
}
