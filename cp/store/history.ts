/**
 * What the past of a resource is: who wrote each revision, when, and what it said. In: the contents of journal records
 * and of history files, which have one form. Out: revisions of one resource. Kinds that the control plane writes by
 * itself (insights) have no history, and the values of secrets never get into it.
 */
import { keyOf, keyText, type Resource, type ResourceKey } from '../kinds/kind.ts'
import { isObject, readChanges } from './checked-json.ts'

/** Author of what the control plane writes by itself. */
export const CONTROL_PLANE = 'mesh-system:control-plane'
/** Author of what was written before there was a history. */
const UNKNOWN = 'unknown'

/** Who makes a commit. */
export interface Origin {
  /** Name of a user, `dataplane:NAME`, or `CONTROL_PLANE`. */
  readonly author: string
  /** The commit writes what that revision of its first resource said. */
  readonly restoredFrom?: number
}

export interface Revision {
  readonly epoch: number
  readonly revision: number
  /** RFC 3339. */
  readonly time: string
  readonly author: string
  readonly action: 'created' | 'updated' | 'deleted' | 'restored'
  readonly restoredFrom: number | null
  readonly key: ResourceKey
  /** null: it was deleted. The spec of a secret is empty. */
  readonly resource: Resource | null
}

/** Its value is kept nowhere but in the resource itself. */
export function holdsSecret(type: string): boolean {
  return type === 'Secret' || type === 'GlobalSecret'
}

/** False for insights, which nobody writes through the API. By name, so that a store opens without loading all kinds. */
export function hasHistory(type: string): boolean {
  return !type.endsWith('Insight')
}

/** The beginning of a record's content that its revisions are told from, up to `"changes":`; one that bears no origin has none. */
export function originText(revision: number, time: string, origin: Origin | null): string {
  if (origin === null) return `{"revision":${revision},`
  const from = origin.restoredFrom === undefined ? '' : `"restoredFrom":${origin.restoredFrom},`
  return `{"revision":${revision},"time":${JSON.stringify(time)},"author":${JSON.stringify(origin.author)},${from}`
}

/** What every record about the resource contains. */
export function needleOf(key: ResourceKey): string {
  return JSON.stringify(keyOf(key)).slice(0, -1)
}

/** Of all resources in a record; none when it is not one, or has no history. `epoch`: where the record names none. */
export function revisionsOf(content: string, epoch: number): readonly Revision[] {
  const record = parse(content)
  if (!isObject(record)) return []
  const { revision, time, author, restoredFrom, changes } = record
  if (typeof revision !== 'number' || typeof time !== 'string' || typeof author !== 'string') return []
  const read = readChanges(changes)
  if (read === null) return []
  const head = {
    epoch: typeof record['epoch'] === 'number' ? record['epoch'] : epoch,
    revision,
    time,
    author,
  }
  return read.flatMap(({ key, after, isNew }, index): Revision[] => {
    if (!hasHistory(key.type)) return []
    const isRestored = index === 0 && typeof restoredFrom === 'number'
    const written = isRestored ? 'restored' : isNew ? 'created' : 'updated'
    return [
      {
        ...head,
        action: after === null ? 'deleted' : written,
        restoredFrom: isRestored ? restoredFrom : null,
        key,
        resource: after === null ? null : withoutSecret(after),
      },
    ]
  })
}

/** The content of a history line. */
export function revisionText(one: Revision): string {
  const { epoch, revision, time, author, restoredFrom, action } = one
  const change = one.resource === null ? { delete: keyOf(one.key) } : { put: one.resource }
  return JSON.stringify({
    epoch,
    revision,
    time,
    author,
    ...(restoredFrom === null ? {} : { restoredFrom }),
    changes: [action === 'created' ? { ...change, new: true } : change],
  })
}

/** What is stored, of which the history knows nothing. */
export function firstKnown(resource: Resource, epoch: number): Revision {
  const { revision, modificationTime: time, creationTime } = resource
  const action = creationTime === time ? 'created' : 'updated'
  const key = keyOf(resource)
  return {
    epoch,
    revision,
    time,
    author: UNKNOWN,
    action,
    restoredFrom: null,
    key,
    resource: withoutSecret(resource),
  }
}

/** Newest first, each once, at most `count`. */
export function newestOf(revisions: Iterable<Revision>, count: number): readonly Revision[] {
  const once = new Map<string, Revision>()
  for (const one of revisions) {
    const id = `${one.epoch}-${one.revision} ${keyText(one.key)}`
    if (one.author !== UNKNOWN || !once.has(id)) once.set(id, one)
  }
  return [...once.values()].sort((a, b) => b.epoch - a.epoch || b.revision - a.revision).slice(0, count)
}

/** Named one by one, so that nothing else of a stored resource gets in. */
function withoutSecret(resource: Resource): Resource {
  const { type, mesh, name, labels, spec, creationTime, modificationTime, revision } = resource
  const shown = holdsSecret(type) ? {} : spec
  return { type, mesh, name, labels, spec: shown, creationTime, modificationTime, revision }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
