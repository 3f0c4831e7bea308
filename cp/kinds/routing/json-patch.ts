/** JSON patches (RFC 6902) as policies write them (kuma-api 4.3): schema, and the rules with Kuma's messages. */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { optional, required } from '../schema/doc.ts'

export const jsonPatchSchema = z.object({
  op: required(z.enum(['add', 'remove', 'replace', 'move', 'copy']), 'What is done.'),
  path: required(z.string(), 'The place, as a JSON pointer (`/a/0/b`).', {
    rule: 'remove: not the whole',
  }),
  value: optional(z.unknown(), 'The new value.', { rule: 'with add and replace' }),
  from: optional(z.string(), 'Where the value is taken from, as a JSON pointer.', {
    rule: 'with move and copy',
  }),
})

type JsonPatch = z.infer<typeof jsonPatchSchema>

/** @param path of the list */
export function jsonPatchesViolations(patches: readonly JsonPatch[], path: string): Violation[] {
  return patches.flatMap((patch, i) => {
    const at = itemAt(path, i)
    const isRoot = patch.path === '' || patch.path === '/'
    return [
      ...presenceViolations(patch, 'from', ['move', 'copy'], at),
      ...presenceViolations(patch, 'value', ['add', 'replace'], at),
      ...(patch.op === 'remove' && isRoot
        ? [violation(fieldAt(at, 'path'), 'root path cannot be removed')]
        : []),
    ]
  })
}

/** A field that has to be there with some operations, and not with the others. */
function presenceViolations(
  patch: JsonPatch,
  field: 'from' | 'value',
  operations: readonly JsonPatch['op'][],
  path: string,
): Violation[] {
  const isNeeded = operations.includes(patch.op)
  if (isNeeded === (patch[field] !== undefined)) return []
  const rule = isNeeded ? 'must not be empty' : 'is allowed only'
  const list = operations.map(operation => JSON.stringify(operation)).join(', ')
  return [violation(fieldAt(path, field), `"${field}" ${rule} when "op" is one of [${list}]`)]
}
