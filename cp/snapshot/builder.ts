/**
 * One data plane's snapshot: view → match → compile → sections. Sections that did not change keep the object of the
 * last snapshot, so equal snapshots are found by comparing digests.
 */
import type { IdentityConfig } from '#contract/identity.ts'
import type { Version } from '#contract/snapshot.ts'
import { compile } from '../compile/compile.ts'
import type { MeshView } from '../match/view.ts'
import { type Section, type SectionMap, sectionOf } from './sections.ts'

export interface ProxySnapshot {
  readonly version: Version
  readonly sections: SectionMap
  /** The section of that name, for who issues certificates; null: the mesh has no mTLS. */
  readonly identity: IdentityConfig | null
}

/**
 * The snapshot of a data plane at `version`, or `last` itself when nothing in it changed; null when there is no
 * such Dataplane.
 */
export function buildSnapshot(
  view: MeshView,
  name: string,
  version: Version,
  last: ProxySnapshot | null,
): ProxySnapshot | null {
  const dataplane = view.dataplane(name)
  if (dataplane === undefined) return null
  const sections = new Map<string, Section>()
  const values = compile(view, dataplane)
  let isSame = last !== null && last.sections.size === values.size
  for (const [sectionName, value] of values) {
    const section = sectionOf(value)
    const before = last?.sections.get(sectionName)
    const isKept = before?.digest === section.digest
    sections.set(sectionName, isKept ? before : section)
    isSame &&= isKept
  }
  if (isSame && last !== null) return last
  return { version, sections, identity: (values.get('identity') as IdentityConfig | undefined) ?? null }
}
