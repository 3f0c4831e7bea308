/**
 * Sections as they go out: serialised once with their digest and shared by all data planes that get the same value.
 * Shared values are the same objects (compile sees to that), so a lookup by identity is enough.
 */
import { canonicalJson, digestOf } from '#contract/digest.ts'

export interface Section {
  readonly digest: string
  /** Canonical JSON, ready to be put into a frame. */
  readonly json: string
}

/** By section name. */
export type SectionMap = ReadonlyMap<string, Section>

const known = new WeakMap<object, Section>()

/** Of a value that is never changed. */
export function sectionOf(value: object): Section {
  let section = known.get(value)
  if (section === undefined) {
    const json = canonicalJson(value)
    section = { digest: digestOf(json), json }
    known.set(value, section)
  }
  return section
}

/** Names in `after` whose digest is not that in `before`. */
export function changedNames(
  before: ReadonlyMap<string, { readonly digest: string }>,
  after: SectionMap,
): string[] {
  const changed: string[] = []
  for (const [name, section] of after) {
    if (before.get(name)?.digest !== section.digest) changed.push(name)
  }
  return changed
}

/** Names in `before` that `after` lacks. */
export function removedNames(before: ReadonlyMap<string, unknown>, after: SectionMap): string[] {
  return [...before.keys()].filter(name => !after.has(name))
}
