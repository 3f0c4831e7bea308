/**
 * Regular expressions of the RE2 syntax, which are matched in linear time: a text → why it is none, or null. What takes
 * exponential time elsewhere (backreferences, look-around) is not in the language; counted repetitions are limited as
 * RE2 limits them. It checks the grammar and compiles nothing.
 */
import { violation } from './fields.ts'
import type { Violation } from './kind.ts'

/** RE2 refuses more copies of a part than this, nested repetitions multiplied. */
const REPEAT_LIMIT = 1000
const NESTING_LIMIT = 1000

/** Left out is fine. */
export function regexViolations(pattern: string | undefined, field: string): Violation[] {
  const reason = pattern === undefined ? null : re2Fault(pattern)
  return reason === null ? [] : [violation(field, `must be a regular expression in RE2 syntax: ${reason}`)]
}

/** Null: it is one. */
export function re2Fault(pattern: string): string | null {
  const scan: Scan = { text: pattern, at: 0, names: new Set() }
  try {
    readAlternatives(scan, 0)
    return scan.at < pattern.length ? 'unexpected )' : null
  } catch (error) {
    if (error instanceof SyntaxFault) return error.message
    throw error
  }
}

interface Scan {
  readonly text: string
  at: number
  readonly names: Set<string>
}

class SyntaxFault extends Error {}

const LOOK_AROUND = /^\(\?(?:<?[=!])/
const GROUP = /^\((?:\?(?:P?<([A-Za-z0-9_]+)>|:|[imsU]*(?:-[imsU]+)?:))?/
const FLAGS = /^\(\?(?:[imsU]+(?:-[imsU]+)?|-[imsU]+)\)/
const REPEAT = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})/
const POSIX_CLASS =
  /^\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/
const UNICODE_CLASS = /^\\[pP](?:([A-Z])|\{\^?([A-Za-z_]+)\})/
const CHARACTER =
  /^\\(?:x[0-9A-Fa-f]{2}|x\{[0-9A-Fa-f]{1,6}\}|0[0-7]{0,2}|[1-7][0-7]{1,2}|[afnrtv]|[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f])/
const CLASS = /^\\[dDsSwW]/
const ASSERTION = /^\\[AbBz]/

/** @returns copies of the largest part, all repetitions inside multiplied */
function readAlternatives(scan: Scan, depth: number): number {
  if (depth > NESTING_LIMIT) throw new SyntaxFault('groups are nested too deeply')
  let copies = 1
  /** Copies of what a repetition would repeat; null: nothing is there. */
  let last: number | null = null
  while (scan.at < scan.text.length) {
    const rest = scan.text.slice(scan.at, scan.at + 128)
    if (rest.startsWith(')')) break
    const repeat = REPEAT.exec(rest)
    if (repeat !== null) {
      if (last === null) throw new SyntaxFault(`nothing to repeat before ${repeat[0]}`)
      last = readRepeat(scan, repeat, last)
      copies = Math.max(copies, last)
      continue
    }
    if (rest.startsWith('|')) {
      scan.at++
      last = null
    } else if (FLAGS.test(rest)) {
      scan.at += FLAGS.exec(rest)?.[0].length ?? 0
      last = null
    } else {
      last = readAtom(scan, rest, depth)
      copies = Math.max(copies, last)
    }
  }
  return copies
}

/** Also takes the `?` of a lazy repetition, and refuses what other dialects put there. */
function readRepeat(scan: Scan, [text, from, comma, to]: RegExpExecArray, inner: number): number {
  scan.at += text.length
  let copies = inner
  if (from !== undefined) {
    const most = comma === undefined || to === '' ? Number(from) : Number(to)
    if (comma !== undefined && to !== '' && Number(to) < Number(from)) {
      throw new SyntaxFault(`invalid repeat count ${text}`)
    }
    copies = inner * Math.max(most, 1)
    if (copies > REPEAT_LIMIT) throw new SyntaxFault(`repeat count of ${text} is over ${REPEAT_LIMIT}`)
  }
  if (scan.text[scan.at] === '?') scan.at++
  const next = REPEAT.exec(scan.text.slice(scan.at, scan.at + 32))
  if (next !== null) throw new SyntaxFault(`nested repetition ${text}${next[0]} is not supported`)
  return copies
}

function readAtom(scan: Scan, rest: string, depth: number): number {
  const first = rest[0] ?? ''
  if (first === '(') return readGroup(scan, rest, depth)
  if (first === '[') {
    readClass(scan)
    return 1
  }
  if (first === '\\') {
    scan.at += escapeLength(scan, rest)
    return 1
  }
  scan.at += String.fromCodePoint(rest.codePointAt(0) ?? 0).length
  return 1
}

function readGroup(scan: Scan, rest: string, depth: number): number {
  if (LOOK_AROUND.test(rest)) throw new SyntaxFault('look-ahead and look-behind are not supported')
  const [opening = '(', name] = GROUP.exec(rest) ?? []
  if (name !== undefined && scan.names.has(name)) throw new SyntaxFault(`two groups are named ${name}`)
  if (name !== undefined) scan.names.add(name)
  if (opening === '(' && rest.startsWith('(?')) {
    throw new SyntaxFault(`group ${rest.slice(0, 3)} is not supported`)
  }
  scan.at += opening.length
  const copies = readAlternatives(scan, depth + 1)
  if (scan.text[scan.at] !== ')') throw new SyntaxFault('missing )')
  scan.at++
  return copies
}

function escapeLength(scan: Scan, rest: string): number {
  if (rest === '\\') throw new SyntaxFault('trailing backslash')
  if (rest.startsWith('\\Q')) {
    const end = scan.text.indexOf('\\E', scan.at + 2)
    return (end < 0 ? scan.text.length : end + 2) - scan.at
  }
  const length = classLength(rest) ?? (CHARACTER.exec(rest) ?? ASSERTION.exec(rest))?.[0].length
  if (length !== undefined) return length
  if (/^\\(?:[1-9]|k)/.test(rest)) throw new SyntaxFault(`backreference ${rest.slice(0, 2)} is not supported`)
  throw new SyntaxFault(`escape ${rest.slice(0, 2)} is not supported`)
}

/** Of `\\d` and `\\p{Greek}`; undefined: something else is there. */
function classLength(rest: string): number | undefined {
  const unicode = UNICODE_CLASS.exec(rest)
  if (unicode === null) return CLASS.exec(rest)?.[0].length
  const name = unicode[1] ?? unicode[2] ?? ''
  if (!isUnicodeClass(name)) throw new SyntaxFault(`there is no Unicode class ${name}`)
  return unicode[0].length
}

/** A general category in its short form (`Lu`), or a script. */
function isUnicodeClass(name: string): boolean {
  if (name === 'Any') return true
  const property = name.length <= 2 ? 'General_Category' : 'Script'
  try {
    return new RegExp(`\\p{${property}=${name}}`, 'u') instanceof RegExp
  } catch {
    return false
  }
}

function readClass(scan: Scan): void {
  const start = scan.at
  scan.at += scan.text[start + 1] === '^' ? 2 : 1
  for (let isFirst = true; ; isFirst = false) {
    const rest = scan.text.slice(scan.at, scan.at + 128)
    if (rest === '') throw new SyntaxFault('missing ]')
    if (rest.startsWith(']') && !isFirst) break
    const length = POSIX_CLASS.exec(rest)?.[0].length ?? classLength(rest)
    if (length !== undefined) {
      scan.at += length
      continue
    }
    if (rest.startsWith('[:') && rest.includes(':]')) throw new SyntaxFault('unknown character class [:…:]')
    const low = readMember(scan)
    if (scan.text[scan.at] !== '-' || scan.text[scan.at + 1] === ']' || scan.at + 1 >= scan.text.length)
      continue
    scan.at++
    if (readMember(scan) < low) throw new SyntaxFault('range in [ ] is the wrong way round')
  }
  scan.at++
}

/** One character of a class. @returns its code point */
function readMember(scan: Scan): number {
  const rest = scan.text.slice(scan.at, scan.at + 16)
  if (!rest.startsWith('\\')) {
    const code = rest.codePointAt(0) ?? 0
    scan.at += String.fromCodePoint(code).length
    return code
  }
  const text = CHARACTER.exec(rest)?.[0]
  if (text === undefined) {
    throw new SyntaxFault(
      rest === '\\' ? 'trailing backslash' : `escape ${rest.slice(0, 2)} is not supported in [ ]`,
    )
  }
  scan.at += text.length
  return codeOf(text)
}

const LETTERS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }

/** Of an escaped character. */
function codeOf(escaped: string): number {
  const body = escaped.slice(1)
  if (body.startsWith('x')) return Number.parseInt(body.replace(/[x{}]/g, ''), 16)
  if (/^[0-7]/.test(body)) return Number.parseInt(body, 8)
  return LETTERS[body] ?? body.codePointAt(0) ?? 0
}
