/** How a data plane finds out whether the application behind an inbound takes calls (kuma-semantics 5.1). */
import type { Reader } from '../reader.ts'
import { readMs } from './timeouts.ts'

export type ServiceProbe = ProbeTimes &
  /** The application's port accepts a connection. */
  (
    | { readonly type: 'tcp' }
    /** GET, by HTTP/2 where the inbound is `http2`. `host` absent: the application's address and port. */
    | {
        readonly type: 'http'
        readonly path: string
        readonly host?: string
        readonly statuses: readonly number[]
      }
    /** grpc.health.v1.Health/Check; `service` '': of the server as a whole. */
    | { readonly type: 'grpc'; readonly service: string }
    /** Program and arguments, without a shell; it exits with 0. Run where the daemon is allowed to. */
    | { readonly type: 'exec'; readonly command: readonly string[] }
    /** The unit is active. */
    | { readonly type: 'systemd'; readonly unit: string }
  )

interface ProbeTimes {
  /** From the end of a probe to the next one. */
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Failures in a row that it takes to call a ready application not ready. */
  readonly unhealthyThreshold: number
  readonly healthyThreshold: number
}

/** What the probes of one inbound say. */
export interface InboundReadiness {
  readonly isReady: boolean
  /** In words; empty when it is ready. */
  readonly reason: string
  /** Epoch milliseconds. */
  readonly sinceMs: number
}

export function readServiceProbe(reader: Reader): ServiceProbe {
  const times: ProbeTimes = {
    intervalMs: readMs(reader, 'intervalMs', 1),
    timeoutMs: readMs(reader, 'timeoutMs', 1),
    unhealthyThreshold: reader.integer('unhealthyThreshold', 1, 4_294_967_295),
    healthyThreshold: reader.integer('healthyThreshold', 1, 4_294_967_295),
  }
  const type = reader.oneOf('type', ['tcp', 'http', 'grpc', 'exec', 'systemd'] as const)
  switch (type) {
    case 'tcp':
      return { ...times, type }
    case 'http':
      return {
        ...times,
        type,
        path: reader.text('path'),
        ...(reader.has('host') && { host: reader.text('host') }),
        statuses: reader.integers('statuses', 100, 599),
      }
    case 'grpc':
      return { ...times, type, service: reader.text('service') }
    case 'exec':
      return { ...times, type, command: reader.texts('command') }
    case 'systemd':
      return { ...times, type, unit: reader.text('unit') }
  }
}
