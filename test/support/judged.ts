/** Endpoints that are judged, with a clock that is set by hand. */
import { silentLogger } from '#base/log.ts'
import type { OutlierDetection } from '#contract/resilience/breaker.ts'
import { Endpoint, type HealthChange } from '../../dp/cluster/endpoint.ts'
import { Outliers } from '../../dp/cluster/outlier/outliers.ts'
import { DEFAULT_LIMITS } from '../../dp/codec/limits.ts'

const START = 1_000_000

export function startJudging(endpointCount: number, change: Partial<OutlierDetection>) {
  const told: HealthChange[] = []
  const environment = {
    limits: DEFAULT_LIMITS,
    log: silentLogger(),
    onHealth: (change: HealthChange) => told.push(change),
  }
  const anEndpoint = (port: number) =>
    new Endpoint({ address: '127.0.0.1', port }, 'api', environment, () => {})
  const endpoints = Array.from({ length: endpointCount }, (_, index) => anEndpoint(index + 1))
  let nowMs = START
  const config: OutlierDetection = {
    policy: 'MeshCircuitBreaker/test',
    intervalMs: 10_000,
    baseEjectionMs: 30_000,
    maxEjectionPercent: 100,
    splitsErrors: false,
    ...change,
  }
  const outliers = new Outliers(config, () => nowMs)
  outliers.watch(endpoints)
  return {
    outliers,
    endpoints,
    config,
    told,
    anEndpoint,
    /** In steps of half a second, as deadlines are looked at. */
    pass(ms: number) {
      const endMs = nowMs + ms
      while (nowMs < endMs) {
        nowMs = Math.min(endMs, nowMs + 500)
        outliers.sweep(nowMs)
      }
    },
    answers(index: number, ...statuses: readonly number[]) {
      for (const status of statuses) endpoints[index]?.judge?.answered(status)
    },
    fails(index: number, count: number) {
      for (let i = 0; i < count; i++) endpoints[index]?.judge?.failed('connection-refused')
    },
    /** Ports of those that are out. */
    get out() {
      return endpoints.filter(endpoint => endpoint.isMarked('ejected')).map(({ port }) => port)
    },
  }
}

export function repeat(status: number, times: number): readonly number[] {
  return Array.from({ length: times }, () => status)
}
