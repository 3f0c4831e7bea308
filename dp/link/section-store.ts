/**
 * What the data plane has been given, section by section with the control plane's digests: the base that changes are
 * put on, and what `hello` says it has.
 */
import { checkSections } from '#contract/check.ts'
import type { SnapshotFrame } from '#contract/messages.ts'
import type { Violation } from '#contract/reader.ts'
import { compareVersions, formatVersion, type Snapshot, type Version } from '#contract/snapshot.ts'

export interface StoredSection {
  readonly digest: string
  readonly value: unknown
}

/** A whole snapshot as it lies on disk. */
export interface StoredSnapshot {
  readonly version: Version
  readonly sections: Readonly<Record<string, StoredSection>>
}

export type MergeResult =
  | { readonly ok: true; readonly stored: StoredSnapshot; readonly snapshot: Snapshot }
  | {
      readonly ok: false
      readonly violations: readonly Violation[]
      /** The two sides do not agree about what runs: a new hello mends it. */
      readonly isOutOfStep?: boolean
    }

/**
 * The frame put on `base`; refused when it was made for another base, or when a section is not sound. A frame without
 * base is whole and needs none.
 */
export function merge(base: StoredSnapshot | null, frame: SnapshotFrame): MergeResult {
  const known = base?.version ?? null
  const isWhole = frame.base === null
  if (!isWhole && (frame.base.epoch !== known?.epoch || frame.base.revision !== known.revision)) {
    const message = 'the change was made for another snapshot'
    return { ok: false, violations: [{ path: 'base', message }], isOutOfStep: true }
  }
  if (known !== null && compareVersions(frame.version, known) < 0) {
    const message =
      `${formatVersion(frame.version)} is older than ${formatVersion(known)}, which runs: is this another control ` +
      'plane, or one with an old copy of the store? To take it all the same, stop vmesh-dp and remove snapshot.json in its state folder'
    return { ok: false, violations: [{ path: 'version', message }] }
  }
  const sections: Record<string, StoredSection> = isWhole ? {} : { ...base?.sections }
  for (const name of frame.removed) delete sections[name]
  for (const [name, value] of Object.entries(frame.sections)) {
    sections[name] = { digest: frame.digests[name] ?? '', value }
  }
  return load({ version: frame.version, sections })
}

/** Checks a whole snapshot, for instance one read from disk. */
export function load(stored: StoredSnapshot): MergeResult {
  const checked = checkSections(valuesOf(stored))
  if (!checked.ok) return checked
  return { ok: true, stored, snapshot: { version: stored.version, ...checked.sections } }
}

export function digestsOf(stored: StoredSnapshot): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(stored.sections).map(([name, section]) => [name, section.digest]))
}

export function valuesOf(stored: StoredSnapshot): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(stored.sections).map(([name, section]) => [name, section.value]))
}

/** Of a value read from disk; what is in the sections is looked at by `load`. */
export function isStoredSnapshot(value: unknown): value is StoredSnapshot {
  if (!isObject(value) || !isObject(value['version']) || !isObject(value['sections'])) return false
  const { epoch, revision } = value['version']
  const sections = Object.values(value['sections'])
  return (
    [epoch, revision].every(Number.isSafeInteger) &&
    sections.every(section => isObject(section) && typeof section['digest'] === 'string')
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
