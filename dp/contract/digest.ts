/**
 * What "unchanged" means: two sections are the same when their canonical JSON (keys sorted, no white space) is.
 * The control plane makes the digests; the data plane only compares them.
 */
import { createHash } from 'node:crypto'

/** JSON with sorted keys; `undefined` members are left out as JSON.stringify does. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(item => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`
}

/** 128 bits of SHA-256 over canonical JSON, base64url: 22 characters. */
export function digestOf(canonical: string): string {
  return createHash('sha256').update(canonical).digest().subarray(0, 16).toString('base64url')
}
