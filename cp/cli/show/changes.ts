/** What a write changes, for people: the changes that the control plane tells (JSON pointers) → a unified diff of YAML. */
import { unifiedDiff } from '#base/text/unified-diff.ts'
import { stringifyYaml } from '#base/yaml.ts'
import type { Kind } from '../../kinds/kind.ts'
import { at, list, type Shown, text } from '../output.ts'
import type { World } from '../world.ts'

/** Keys that say nothing of what the resource is. */
const NOT_SHOWN = ['creationTime', 'modificationTime', 'kri', 'snis', 'status']

/**
 * Empty when nothing that people write differs. null: there is none. Secrets are not shown, only that they differ.
 * @param label names the resource: `dataplane default/web-1`
 */
export function resourceDiff(
  kind: Pick<Kind, 'adminOnly'>,
  label: string,
  before: Shown | null,
  after: Shown | null,
): string {
  const [from, to] = kind.adminOnly ? masked(before, after) : [before, after]
  return unifiedDiff(yamlOf(from), yamlOf(to), {
    from: from === null ? '/dev/null' : `${label} (stored)`,
    to: to === null ? '/dev/null' : `${label} (applied)`,
  })
}

/** `changes` of an answer to a dry run, made to a copy of `before`. */
export function afterChanges(before: Shown | null, changes: unknown): Shown | null {
  let root: unknown = structuredClone(before ?? {})
  for (const change of list(changes)) {
    const steps = stepsOf(text(at(change, 'path')))
    root = changed(root, steps, text(at(change, 'op')), at(change, 'value'))
  }
  return typeof root === 'object' && root !== null && !Array.isArray(root) ? { ...root } : null
}

/** Removed lines red, added ones green, where colours are wanted. */
export function coloured(diff: string, world: Pick<World, 'hasColours'>): string {
  if (!world.hasColours) return diff
  return diff
    .replace(/^-.*$/gm, line => `\x1b[31m${line}\x1b[0m`)
    .replace(/^\+.*$/gm, line => `\x1b[32m${line}\x1b[0m`)
    .replace(/^@@.*$/gm, line => `\x1b[36m${line}\x1b[0m`)
}

/** RFC 6901. */
function stepsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function changed(place: unknown, steps: readonly string[], op: string, value: unknown): unknown {
  const [step, ...rest] = steps
  if (step === undefined) return op === 'remove' ? null : value
  if (Array.isArray(place)) {
    const items: unknown[] = [...place]
    const index = step === '-' ? items.length : Number(step)
    if (rest.length > 0) items[index] = changed(items[index], rest, op, value)
    else if (op === 'add') items.splice(index, 0, value)
    else if (op === 'remove') items.splice(index, 1)
    else items[index] = value
    return items
  }
  const fields = new Map(Object.entries(typeof place === 'object' && place !== null ? place : {}))
  if (rest.length > 0) fields.set(step, changed(fields.get(step), rest, op, value))
  else if (op === 'remove') fields.delete(step)
  else fields.set(step, value)
  return Object.fromEntries(fields)
}

function masked(before: Shown | null, after: Shown | null): readonly [from: Shown | null, to: Shown | null] {
  const isOther = before !== null && before['data'] !== after?.['data']
  const hide = (resource: Shown | null, mask: string): Shown | null =>
    resource === null || resource['data'] === undefined ? resource : { ...resource, data: mask }
  return [hide(before, '*****'), hide(after, isOther ? '***** (another value)' : '*****')]
}

function yamlOf(resource: Shown | null): string {
  if (resource === null) return ''
  return stringifyYaml(
    Object.fromEntries(Object.entries(resource).filter(([key]) => !NOT_SHOWN.includes(key))),
  )
}
