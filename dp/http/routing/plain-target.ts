/**
 * Paths in their plain form, in which routes are looked for and which goes on (Kuma semantics 3.0): otherwise whoever
 * writes a path in another way gets around the route that is meant for it.
 */
import { pathOf } from './matchers.ts'

/** What a path has in it that may not be plain. */
const SUSPECT = /[%\\]|\/\./
const CODE = /%[0-9a-f]{2}/gi
/** RFC 3986 §2.3: mean the same as their codes. */
const UNRESERVED = /[\w.~-]/

/** `.` and `..` resolved, `\` as `/`, codes of plain characters decoded; a code of `/` stays, and so does the query. */
export function plainTarget(target: string): string {
  const path = pathOf(target)
  if (!SUSPECT.test(path) || !path.startsWith('/')) return target
  const segments = path.replace(CODE, decoded).replaceAll('\\', '/').split('/')
  const last = segments.at(-1)
  const plain: string[] = []
  for (const segment of segments.slice(1)) {
    if (segment === '..') plain.pop()
    else if (segment !== '.') plain.push(segment)
  }
  if (last === '.' || last === '..') plain.push('')
  return `/${plain.join('/')}${target.slice(path.length)}`
}

function decoded(code: string): string {
  const character = String.fromCharCode(Number.parseInt(code.slice(1), 16))
  return UNRESERVED.test(character) ? character : code
}
