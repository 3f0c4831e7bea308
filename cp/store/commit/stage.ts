/**
 * What a commit would change: the writes, checked against what is stored, become changes and the text of their
 * journal record. Nothing is written here. A resource is stored as its JSON reads back, so that memory holds
 * exactly what a restart would, and nobody who kept the draft can change it.
 */
import { isDeepStrictEqual } from 'node:util'
import { CodedError } from '#base/errors.ts'
import {
  keyOf,
  keyText,
  type Labels,
  type Resource,
  type ResourceDraft,
  type ResourceKey,
} from '../../kinds/kind.ts'
import type { Change, Write } from '../store.ts'

export interface Staged {
  /** One per resource, in the order first written; none: the writes change nothing. */
  readonly changes: readonly Change[]
  /** The changes as JSON array for the journal. */
  readonly text: string
}

interface Entry {
  readonly key: ResourceKey
  readonly before: Resource | null
  after: Resource | null
  text: string
}

/**
 * Throws `store.conflict` when an expected revision is not the one that `read` gives. Several writes of one
 * resource act in order and make one change.
 * @param at what the commit will bear when it changes anything
 */
export function stage(
  read: (key: ResourceKey) => Resource | null,
  writes: readonly Write[],
  at: { readonly revision: number; readonly timeMs: number },
): Staged {
  const entries = new Map<string, Entry>()
  const time = new Date(at.timeMs).toISOString()
  for (const write of writes) {
    const key = keyOf(write.op === 'put' ? write.resource : write.key)
    const id = keyText(key)
    let entry = entries.get(id)
    if (entry === undefined) {
      const before = read(key)
      entry = { key, before, after: before, text: '' }
      entries.set(id, entry)
    }
    checkRevision(key, entry.before, write.expectedRevision)
    if (write.op === 'put') putOn(entry, write.resource, time, at.revision)
    else {
      entry.after = null
      entry.text = `{"delete":${JSON.stringify(key)}}`
    }
  }
  const changed = [...entries.values()].filter(entry => entry.after !== entry.before)
  return {
    changes: changed.map(({ key, before, after }) => ({ revision: at.revision, key, before, after })),
    text: `[${changed.map(entry => entry.text).join(',')}]`,
  }
}

function checkRevision(key: ResourceKey, before: Resource | null, expected: number | undefined): void {
  const actual = before?.revision ?? 0
  if (expected === undefined || expected === actual) return
  const name = `${key.type} ${key.mesh === '' ? '' : `${key.mesh}/`}${key.name}`
  let message = `${name} was changed meanwhile: revision ${expected} was expected, ${actual} is stored; read it again and repeat the change`
  if (expected === 0) message = `${name} exists already (revision ${actual})`
  else if (actual === 0) message = `${name} does not exist any more: revision ${expected} was expected`
  throw new CodedError('store.conflict', message, { details: { key, expected, actual } })
}

/** A put that changes nothing leaves the stored object itself, which is how it is told from a change. */
function putOn(entry: Entry, draft: ResourceDraft, time: string, revision: number): void {
  const labelsText = JSON.stringify(draft.labels)
  const specText = JSON.stringify(draft.spec) ?? 'null'
  const labels: Labels = JSON.parse(labelsText)
  const spec: unknown = JSON.parse(specText)
  const stored = entry.before
  if (stored !== null && isDeepStrictEqual(stored.spec, spec) && isDeepStrictEqual(stored.labels, labels)) {
    entry.after = stored
    entry.text = ''
    return
  }
  const creationTime = entry.after?.creationTime ?? time
  entry.after = { ...entry.key, labels, spec, creationTime, modificationTime: time, revision }
  const head = JSON.stringify(entry.key).slice(0, -1)
  const tail = JSON.stringify({ creationTime, modificationTime: time, revision }).slice(1)
  const isNew = stored === null ? ',"new":true' : ''
  entry.text = `{"put":${head},"labels":${labelsText},"spec":${specText},${tail}${isNew}}`
}
