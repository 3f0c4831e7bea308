/** Whom a probe asks, and what it says of what went wrong on the way. */
import { codeOf, messageOf } from '#base/errors.ts'
import type { Protocol, Upstream } from '#contract/listener.ts'
import type { ServiceProbe } from '#contract/resilience/service-probe.ts'

/** One probed application. */
export interface Asked {
  readonly probe: ServiceProbe
  readonly address: Upstream['address']
  readonly port: Upstream['port']
  /** What the application speaks. */
  readonly protocol: Protocol
}

/** Before the answer was over. */
export const CUT = 'the connection was cut'

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: CUT,
  EPIPE: CUT,
  ETIMEDOUT: 'no connection in time',
  EHOSTUNREACH: 'out of reach',
  ENETUNREACH: 'out of reach',
  ERR_HTTP2_ERROR: 'the answer is no HTTP/2',
}

export function faultOf(error: unknown): string {
  // a stream of HTTP/2 fails because its connection did
  if (error instanceof Error && error.cause !== undefined) return faultOf(error.cause)
  if (codeOf(error).startsWith('HPE_')) return 'the answer is no HTTP'
  return WORDS[codeOf(error)] ?? (messageOf(error) || 'it failed without a word')
}

/** `HOST:PORT` as URLs and Host have it. */
export function authorityOf({ address, port }: Asked): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** As Kuma's probes call themselves: applications tell them by it. */
export const USER_AGENT = 'Envoy/HC'
/** Of an answer; what is longer is not read to its end. */
export const MAX_BODY_BYTES = 65_536
