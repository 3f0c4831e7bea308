/** What a data plane can put into a message that it passes on: names of headers, paths and hosts that policies write. */
import { isHostText, isOfConnection, isPathText } from '#base/text/http.ts'
import { violation } from '../fields.ts'
import type { Violation } from '../kind.ts'

/** A header that cannot be set, added or removed. @param field of the name */
export function carriedNameViolations(name: string, field: string): Violation[] {
  return isOfConnection(name) ? [violation(field, 'belongs to the connection and cannot be changed')] : []
}

/** A path, or what becomes part of one. @param field of the value */
export function carriedPathViolations(value: string | undefined, field: string): Violation[] {
  return value === undefined || isPathText(value)
    ? []
    : [violation(field, 'must hold only visible ASCII characters, without ? and #')]
}

/** A host, or what one is made of. @param field of the value */
export function carriedHostViolations(value: string | undefined, field: string): Violation[] {
  return value === undefined || isHostText(value)
    ? []
    : [violation(field, 'must be a host, with or without a port')]
}
