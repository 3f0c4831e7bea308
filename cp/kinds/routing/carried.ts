/** What a data plane can put into a message that it passes on: names of headers, paths and hosts that policies write. */
import { violation } from '../fields.ts'
import type { Violation } from '../kind.ts'

/** Whoever changes one of these changes where a message ends, or what becomes of its connection. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** A header that cannot be set, added or removed. @param field of the name */
export function carriedNameViolations(name: string, field: string): Violation[] {
  return OF_THE_CONNECTION.has(name.toLowerCase())
    ? [violation(field, 'belongs to the connection and cannot be changed')]
    : []
}

/** A path, or what becomes part of one. @param field of the value */
export function carriedPathViolations(value: string | undefined, field: string): Violation[] {
  return value === undefined || /^[!"$->@-~]*$/.test(value)
    ? []
    : [violation(field, 'must hold only visible ASCII characters, without ? and #')]
}

/** A host with or without a port, or what one is made of (`\\1`). @param field of the value */
export function carriedHostViolations(value: string | undefined, field: string): Violation[] {
  return value === undefined || /^[A-Za-z0-9\-._~%!$&'()*+;=:[\]\\]*$/.test(value)
    ? []
    : [violation(field, 'must be a host, with or without a port')]
}
