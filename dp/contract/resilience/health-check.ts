/** Probes of the endpoints of a cluster by this data plane (kuma-semantics 3.4). */
import type { Reader } from '../reader.ts'
import type { HeaderLine } from '../route.ts'
import { readMs } from './timeouts.ts'

/** A cluster may have several: an endpoint is healthy where all of them say so. */
export type HealthCheck = HealthCheckTimes &
  (
    | {
        readonly type: 'tcp'
        /** Base64; absent: to connect is enough. */
        readonly send?: string
        /** Base64; each must come, in this order. */
        readonly receive?: readonly string[]
      }
    | {
        readonly type: 'http'
        readonly path: string
        readonly host: string
        /** Beside those that the probe has of its own. */
        readonly headers: readonly HeaderLine[]
        /** In place of those of the same name that the probe has of its own. */
        readonly set?: readonly HeaderLine[]
        readonly statuses: readonly number[]
      }
    /** grpc.health.v1.Health/Check; `service` '': of the server as a whole. */
    | { readonly type: 'grpc'; readonly service: string; readonly authority: string }
  )

interface HealthCheckTimes {
  /** `KIND/POLICY`. */
  readonly policy: string
  readonly intervalMs: number
  /** Instead of the interval while the endpoint is unhealthy; absent: the same. */
  readonly unhealthyIntervalMs?: number
  readonly timeoutMs: number
  /** Failures in a row that it takes to call a healthy endpoint unhealthy. */
  readonly unhealthyThreshold: number
  readonly healthyThreshold: number
  /** Added to the first pause, at random from 0. */
  readonly initialJitterMs: number
  /** Added to each pause, at random from 0. */
  readonly intervalJitterMs: number
  /** Of the interval, added likewise. */
  readonly intervalJitterPercent: number
  /** Instead of the interval while the cluster has never been called. */
  readonly noTrafficIntervalMs: number
  /** False: each probe makes a connection of its own. */
  readonly reusesConnection: boolean
  /** File that takes a line of JSON for each change. */
  readonly eventLogPath?: string
  /** Each failure is logged, not the first alone. */
  readonly logsAllFailures: boolean
}

export function readHealthCheck(reader: Reader): HealthCheck {
  const count = (name: string) => reader.integer(name, 1, 4_294_967_295)
  const times: HealthCheckTimes = {
    policy: reader.text('policy'),
    intervalMs: readMs(reader, 'intervalMs', 1),
    ...(reader.has('unhealthyIntervalMs') && {
      unhealthyIntervalMs: readMs(reader, 'unhealthyIntervalMs', 1),
    }),
    timeoutMs: readMs(reader, 'timeoutMs', 1),
    unhealthyThreshold: count('unhealthyThreshold'),
    healthyThreshold: count('healthyThreshold'),
    initialJitterMs: readMs(reader, 'initialJitterMs'),
    intervalJitterMs: readMs(reader, 'intervalJitterMs'),
    intervalJitterPercent: reader.integer('intervalJitterPercent', 0, 4_294_967_295),
    noTrafficIntervalMs: readMs(reader, 'noTrafficIntervalMs', 1),
    reusesConnection: reader.flag('reusesConnection'),
    ...(reader.has('eventLogPath') && { eventLogPath: reader.text('eventLogPath') }),
    logsAllFailures: reader.flag('logsAllFailures'),
  }
  const type = reader.oneOf('type', ['tcp', 'http', 'grpc'] as const)
  switch (type) {
    case 'tcp':
      return {
        ...times,
        type,
        ...(reader.has('send') && { send: reader.text('send') }),
        ...(reader.has('receive') && { receive: reader.texts('receive') }),
      }
    case 'http':
      return {
        ...times,
        type,
        path: reader.text('path'),
        host: reader.text('host'),
        headers: readLines(reader, 'headers'),
        ...(reader.has('set') && { set: readLines(reader, 'set') }),
        statuses: reader.integers('statuses', 100, 599),
      }
    case 'grpc':
      return { ...times, type, service: reader.text('service'), authority: reader.text('authority') }
  }
}

function readLines(reader: Reader, name: string): readonly HeaderLine[] {
  return reader.list(name).map(line => ({ name: line.text('name'), value: line.text('value') }))
}
