/** Which clients of an inbound something is for, by the URI names in their certificates. */
import type { Reader } from './reader.ts'

/** All members that are there have to fit; none: every client. */
export interface ClientMatch {
  /** Each must be among the client's URI SANs. */
  readonly principals?: readonly string[]
  /** For each, one of the client's URI SANs begins with it, character by character. */
  readonly prefixes?: readonly string[]
  /** None of these may be among them. */
  readonly excluded?: readonly string[]
  /** The server name that the client asked for. */
  readonly sni?: string
}

export function readClientMatch(reader: Reader): ClientMatch {
  return {
    ...(reader.has('principals') && { principals: reader.texts('principals') }),
    ...(reader.has('prefixes') && { prefixes: reader.texts('prefixes') }),
    ...(reader.has('excluded') && { excluded: reader.texts('excluded') }),
    ...(reader.has('sni') && { sni: reader.text('sni') }),
  }
}
