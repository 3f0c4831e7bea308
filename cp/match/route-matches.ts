/**
 * The name of a rule of a MeshHTTPRoute: a hash of its matches as Go writes them (Kuma semantics 2.5), so that equal
 * matches have equal names whoever wrote them.
 */
import { createHash } from 'node:crypto'

/** Tag under which rules that are for such a route carry the hash. */
export const MATCHES_TAG = '__rule-matches-hash__'

/** Base64 of SHA-256 over compact JSON with the keys in the order of Kuma's types. */
export function matchesHash(matches: readonly unknown[]): string {
  return createHash('sha256').update(matchesText(matches)).digest('base64')
}

/** What is hashed: equal matches have equal texts. */
export function matchesText(matches: readonly unknown[]): string {
  return JSON.stringify(matches.map(matchOf))
}

const MATCH_KEYS = ['path', 'method', 'queryParams', 'headers']
const VALUE_KEYS: Readonly<Record<string, readonly string[]>> = {
  path: ['value', 'type'],
  queryParams: ['type', 'name', 'value'],
  headers: ['type', 'name', 'value'],
}

function matchOf(match: unknown): unknown {
  return ordered(match, MATCH_KEYS, (key, value) => {
    const keys = VALUE_KEYS[key]
    if (keys === undefined) return value
    return Array.isArray(value) ? value.map(one => ordered(one, keys)) : ordered(value, keys)
  })
}

function ordered(
  value: unknown,
  keys: readonly string[],
  inner: (key: string, value: unknown) => unknown = (_key, one) => one,
): unknown {
  if (typeof value !== 'object' || value === null) return value
  const given = value as Readonly<Record<string, unknown>>
  const present = keys.filter(key => Object.hasOwn(given, key) && given[key] !== undefined)
  return Object.fromEntries(present.map(key => [key, inner(key, given[key])]))
}
