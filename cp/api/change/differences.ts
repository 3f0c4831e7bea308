/** What differs between two states of a resource, as people write it and without the values of secrets. */
import { type JsonChange, jsonChanges } from '#base/text/json-changes.ts'
import type { Kind, Resource } from '../../kinds/kind.ts'
import { showResource } from '../../kinds/show.ts'

/** Keys that follow from a write and are not part of what it says. */
const COMPUTED = ['creationTime', 'modificationTime', 'kri', 'status']
const MASK = '*****'

/** As people write it; null: there is none. The values of secrets are never told. */
export function resourceDifferences(
  kind: Kind,
  before: Resource | null,
  after: Resource | null,
): readonly JsonChange[] {
  const found = jsonChanges(writtenPart(kind, before), writtenPart(kind, after))
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

function masked(one: JsonChange): JsonChange {
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
