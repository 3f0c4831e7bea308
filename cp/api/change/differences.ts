/**
 * What differs between two values, as operations that make one of the other when done in order (RFC 6902 with JSON
 * pointers of RFC 6901), each with what was there before. In lists, what is equal at both ends is left out first.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Kind, Resource } from '../../kinds/kind.ts'
import { showResource } from '../../kinds/show.ts'

export interface Difference {
  readonly op: 'add' | 'remove' | 'replace'
  readonly path: string
  readonly value?: unknown
  readonly before?: unknown
}

/** Keys that follow from a write and are not part of what it says. */
const COMPUTED = ['creationTime', 'modificationTime', 'kri', 'status']
const MASK = '*****'

/** As people write it; null: there is none. The values of secrets are never told. */
export function resourceDifferences(
  kind: Kind,
  before: Resource | null,
  after: Resource | null,
): readonly Difference[] {
  const found = differences(writtenPart(kind, before), writtenPart(kind, after))
  if (!kind.adminOnly) return found
  return found.map(one => (one.path === '/data' ? { op: one.op, path: one.path } : masked(one)))
}

/** The representation without what the control plane adds by itself, to be compared or shown beside another. */
export function writtenPart(kind: Kind, resource: Resource | null): Readonly<Record<string, unknown>> | null {
  if (resource === null) return null
  return Object.fromEntries(
    Object.entries(showResource(kind, resource)).filter(([key]) => !COMPUTED.includes(key)),
  )
}

export function differences(before: unknown, after: unknown): readonly Difference[] {
  const found: Difference[] = []
  collect('', before ?? undefined, after ?? undefined, found)
  return found
}

function collect(path: string, before: unknown, after: unknown, found: Difference[]): void {
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
  found: Difference[],
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

function masked(one: Difference): Difference {
  const hide = (value: unknown): unknown =>
    isObject(value) && memberOf(value, 'data') !== undefined ? { ...value, data: MASK } : value
  return {
    ...one,
    ...('value' in one ? { value: hide(one.value) } : {}),
    ...('before' in one ? { before: hide(one.before) } : {}),
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
