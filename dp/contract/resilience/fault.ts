/** Faults that an inbound makes for some of its requests, to see how callers cope (kuma-semantics 3.5). */
import { type ClientMatch, readClientMatch } from '../client-match.ts'
import type { Reader } from '../reader.ts'
import { readMs } from './timeouts.ts'

/** All that fit the client act, one after the other; in each first the delay, then the abort. Percentages are independent. */
export interface Fault {
  /** `KIND/POLICY`. */
  readonly policy: string
  /** Absent: all clients. */
  readonly clients?: ClientMatch
  /** The request is answered and not passed on. */
  readonly abort?: { readonly status: number; readonly percentage: number }
  /** The request waits. */
  readonly delay?: { readonly ms: number; readonly percentage: number }
  /** The body of the response goes no faster. */
  readonly bandwidth?: { readonly bytesPerSecond: number; readonly percentage: number }
}

export function readFault(reader: Reader): Fault {
  const abort = reader.nullable('abort')
  const delay = reader.nullable('delay')
  const bandwidth = reader.nullable('bandwidth')
  const percentage = (of: Reader) => of.number('percentage', 0, 100)
  return {
    policy: reader.text('policy'),
    ...(reader.has('clients') && { clients: readClientMatch(reader.object('clients')) }),
    ...(abort && { abort: { status: abort.integer('status', 100, 599), percentage: percentage(abort) } }),
    ...(delay && { delay: { ms: readMs(delay, 'ms'), percentage: percentage(delay) } }),
    ...(bandwidth && {
      bandwidth: {
        bytesPerSecond: bandwidth.integer('bytesPerSecond', 1, Number.MAX_SAFE_INTEGER),
        percentage: percentage(bandwidth),
      },
    }),
  }
}
