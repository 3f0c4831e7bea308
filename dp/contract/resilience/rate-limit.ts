/** How many requests and connections an inbound takes in a time (kuma-semantics 3.6). A bucket that refills smoothly. */
import { type ClientMatch, readClientMatch } from '../client-match.ts'
import type { Reader } from '../reader.ts'
import type { HeaderLine } from '../route.ts'
import { readMs } from './timeouts.ts'

/** The first that fits the client decides. One bucket for all clients of it, and all workers. */
export interface RateLimit {
  /** `KIND/POLICY`. */
  readonly policy: string
  /** Absent: all clients. */
  readonly clients?: ClientMatch
  /** Size of the bucket, filled anew within `intervalMs`; null: no limit for these clients. */
  readonly requests: number | null
  readonly intervalMs: number
  /** Of the answer to a request that is over. */
  readonly status: number
  /** Header fields of that answer: in place of its own, and beside them. */
  readonly set: readonly HeaderLine[]
  readonly add: readonly HeaderLine[]
}

/** TCP connections; one that is over is closed. The first that fits the client decides, one bucket for all clients of it. */
export interface ConnectionRate {
  /** `KIND/POLICY`. */
  readonly policy: string
  /** Absent: all clients. */
  readonly clients?: ClientMatch
  /** null: no limit for these clients. */
  readonly connections: number | null
  readonly intervalMs: number
}

export function readRateLimit(reader: Reader): RateLimit {
  const lines = (name: string) =>
    reader.list(name).map(line => ({ name: line.text('name'), value: line.text('value') }))
  return {
    policy: reader.text('policy'),
    ...(reader.has('clients') && { clients: readClientMatch(reader.object('clients')) }),
    requests: reader.has('requests') ? reader.integerOrNull('requests', 1, 4_294_967_295) : null,
    intervalMs: readMs(reader, 'intervalMs', 1),
    status: reader.integer('status', 100, 599),
    set: lines('set'),
    add: lines('add'),
  }
}

export function readConnectionRate(reader: Reader): ConnectionRate {
  return {
    policy: reader.text('policy'),
    ...(reader.has('clients') && { clients: readClientMatch(reader.object('clients')) }),
    connections: reader.integerOrNull('connections', 1, 4_294_967_295),
    intervalMs: readMs(reader, 'intervalMs', 1),
  }
}
