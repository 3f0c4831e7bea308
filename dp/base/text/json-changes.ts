/**
 * What differs between two JSON values, as the operations of a JSON patch (RFC 6902: add, remove, replace) that make the
 * second from the first when done in order, each with what was there before. In lists, what is equal at both ends is left
 * out first.
 */
import { isDeepStrictEqual } from 'node:util'

export interface JsonChange {
  readonly op: 'add' | 'remove' | 'replace'
  /** JSON pointer (RFC 6901); empty: the whole value. */
  readonly path: string
  /** Absent with `remove`. */
  readonly value?: unknown
  /** What was there; absent with `add`. Clients of JSON patch ignore it. */
  readonly before?: unknown
}

/** Empty when they are equal. Members whose value is undefined count as absent, and so does null as the whole. */
export function jsonChanges(before: unknown, after: unknown): readonly JsonChange[] {
  const found: JsonChange[] = []
  collect('', before ?? undefined, after ?? undefined, found)
  return found
}

function collect(path: string, before: unknown, after: unknown, found: JsonChange[]): void {
  if (isDeepStrictEqual(before, after)) return
  if (before === undefined) found.push({ op: 'add', path, value: after })
  else if (after === undefined) found.push({ op: 'remove', path, before })
  else if (Array.isArray(before) && Array.isArray(after)) collectItems(path, before, after, found)
  else if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      collect(`${path}/${escaped(key)}`, memberOf(before, key), memberOf(after, key), found)
    }
  } else found.push({ op: 'replace', path, value: after, before })
}

function collectItems(
  path: string,
  before: readonly unknown[],
  after: readonly unknown[],
  found: JsonChange[],
): void {
  const shorter = Math.min(before.length, after.length)
  let head = 0
  while (head < shorter && isDeepStrictEqual(before[head], after[head])) head++
  let tail = 0
  while (tail < shorter - head && isDeepStrictEqual(before.at(-1 - tail), after.at(-1 - tail))) tail++
  const paired = shorter - head - tail
  for (let index = head; index < head + paired; index++) {
    collect(`${path}/${index}`, before[index], after[index], found)
  }
  // from the last on, so that the indices of the others stay
  for (let index = before.length - tail - 1; index >= head + paired; index--) {
    found.push({ op: 'remove', path: `${path}/${index}`, before: before[index] })
  }
  for (let index = head + paired; index < after.length - tail; index++) {
    found.push({ op: 'add', path: `${path}/${index}`, value: after[index] })
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function memberOf(value: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
