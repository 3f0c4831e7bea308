/**
 * The door that all writes of people and data planes pass, after their shape was checked: the mesh is there, labels
 * are computed, a type's own rules hold, and what belongs to a write is committed with it.
 * In: a kind and a draft that `kinds/validate.ts` accepted. Out: what is stored now, or all that is wrong with it.
 */
import { CodedError, codeOf } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import {
  type Kind,
  keyText,
  type Resource,
  type ResourceDraft,
  type ResourceKey,
  type Violation,
} from '../kinds/kind.ts'
import { caChangeViolation, type MeshSpec } from '../kinds/mesh/mesh.ts'
import { type DataplaneSpec, withZoneTag } from '../kinds/proxy/dataplane.ts'
import { stage } from './commit/stage.ts'
import { alsoDeleted, deletionViolations, type Reader } from './guard/deletions.ts'
import { Gate } from './guard/gate.ts'
import { computeLabels, immutableLabelViolations, labelViolations } from './guard/labels.ts'
import { membershipViolations } from './guard/membership.ts'
import { CONTROL_PLANE } from './history.ts'
import type { Change, Store, Write } from './store.ts'

/**
 * Adds writes to the commit of a resource. Is called again when the commit met a conflict; must not call the guarded
 * store. `before` is null when the resource is new.
 */
export type WriteHook = (
  draft: ResourceDraft,
  before: Resource | null,
  read: Reader,
) => Promise<readonly Write[]>

/** Faults of a draft that only the store or the disk can tell, besides those of its type. May be called again. */
export type WriteCheck = (draft: ResourceDraft, read: Reader) => Promise<readonly Violation[]>

export interface Refused {
  readonly ok: false
  /** Of the error body (kuma-api 1.4). */
  readonly title: string
  /** All of them. */
  readonly violations: readonly Violation[]
}

export interface Stored<Spec = unknown> {
  readonly ok: true
  readonly created: boolean
  readonly resource: Resource<Spec>
  /** Of the kind, for the answer. */
  readonly warnings: readonly string[]
  /** Of the commit; none: all of it was stored already. */
  readonly changes: readonly Change[]
}

export interface Deleted {
  readonly ok: true
  /** false: there was no such resource. */
  readonly deleted: boolean
  readonly changes: readonly Change[]
}

export interface WriteOptions {
  /** As in `Write`. */
  readonly expectedRevision?: number
  /** For the history; the control plane itself when left out. */
  readonly author?: string
  /** Of the author, for the audit log. */
  readonly authorGroups?: readonly string[]
  /**
   * Is asked, before anything else is looked at, with what the commit replaces (null: nothing) and with what it writes
   * (null: it deletes); throws to refuse. May be called again when the commit met a conflict.
   */
  readonly permit?: (before: Resource | null, after: ResourceDraft | null) => void
  /** The draft is what that revision said. */
  readonly restoredFrom?: number
  /** Everything but the write: `changes` are those that it would make. */
  readonly isDryRun?: boolean
}

export interface GuardedStore {
  /**
   * Throws `store.mesh-missing`, `store.conflict` (the expected revision is not the stored one), `store.disk`,
   * `store.closed`.
   */
  put<Spec>(
    kind: Kind<Spec>,
    draft: ResourceDraft<Spec>,
    options?: WriteOptions,
  ): Promise<Stored<Spec> | Refused>
  /** Throws `store.conflict`, `store.disk`, `store.closed`. A mesh goes with all that is in it. */
  delete(key: ResourceKey, options?: WriteOptions): Promise<Deleted | Refused>
}

export interface GuardedStoreOptions {
  readonly store: Store
  /** Name of this control plane's zone. */
  readonly zone: string
  readonly hooks: readonly WriteHook[]
  readonly checks?: readonly WriteCheck[]
  readonly log: Logger
  /** Deletes also what is in use (`store.unsafeDelete`). */
  readonly unsafeDelete?: boolean
}

/** A writer that loses so often against others is told of the conflict. */
const TRIES = 10

export function createGuardedStore(options: GuardedStoreOptions): GuardedStore {
  const gate = new Gate()
  const pass = <T>(type: string, task: () => Promise<T>): Promise<T> =>
    type === 'Mesh' ? gate.alone(task) : gate.share(task)
  return {
    put: (kind, draft, write = {}) =>
      pass(kind.type, () => retried(draft, write.expectedRevision, () => put(options, kind, draft, write))),
    delete: (key, write = {}) =>
      pass(key.type, () => retried(key, write.expectedRevision, () => remove(options, key, write))),
  }
}

async function put<Spec>(
  { store, zone, hooks, checks = [], log }: GuardedStoreOptions,
  kind: Kind<Spec>,
  draft: ResourceDraft<Spec>,
  options: WriteOptions,
): Promise<Stored<Spec> | Refused> {
  const mesh = kind.scope === 'Mesh' ? await existingMesh(store, draft.mesh) : null
  const before = await store.get(draft)
  options.permit?.(before, draft)
  const faults = labelViolations(kind, draft, zone)
  if (faults.length > 0) return refused('Could not process a resource', faults)
  const spec = draft.type === 'Dataplane' ? withZoneTag(draft.spec as DataplaneSpec, zone) : draft.spec
  const labels = computeLabels(kind, draft, zone, before?.labels)
  const complete: ResourceDraft = { ...draft, spec, labels }
  const immutable = before === null ? [] : immutableLabelViolations(before.labels, labels)
  if (immutable.length > 0) return refused('Could not update a resource', immutable)
  const further = await Promise.all(checks.map(check => check(complete, store)))
  const ownFaults = [...typeViolations(complete, before, mesh), ...further.flat()]
  if (ownFaults.length > 0) return refused(storingTitle(before), ownFaults)
  const together = await Promise.all(hooks.map(hook => hook(complete, before, store)))
  const write: Write = {
    op: 'put',
    resource: complete,
    expectedRevision: options.expectedRevision ?? before?.revision ?? 0,
  }
  const changes = await commit(store, [write, ...together.flat()], options)
  const resource = storedIn(changes, complete) ?? before
  if (resource === null) throw new Error(`${keyText(draft)} is not in its own commit`)
  const created = before === null
  if (options.isDryRun !== true) {
    log.debug({ key: keyText(draft), revision: resource.revision, created }, 'stored')
  }
  const warnings = kind.warnings(spec as Spec, draft)
  return { ok: true, created, resource: resource as Resource<Spec>, warnings, changes }
}

/** Of faults that Kuma finds when it stores a resource. */
export function storingTitle(before: Resource | null): string {
  return before === null ? 'Failed to create a resource' : 'Failed to update a resource'
}

async function remove(
  { store, log, unsafeDelete = false }: GuardedStoreOptions,
  key: ResourceKey,
  options: WriteOptions,
): Promise<Deleted | Refused> {
  const before = await store.get(key)
  if (before !== null) options.permit?.(before, null)
  if (before !== null && !unsafeDelete) {
    const violations = await deletionViolations(store, key)
    if (violations.length > 0) return refused('Could not delete a resource', violations)
  }
  const further = await alsoDeleted(store, key)
  const expectedRevision = options.expectedRevision ?? before?.revision ?? 0
  const changes = await commit(store, [{ op: 'delete', key, expectedRevision }, ...further], options)
  if (options.isDryRun !== true) log.debug({ key: keyText(key), further: further.length }, 'deleted')
  return { ok: true, deleted: before !== null, changes }
}

async function commit(
  store: Store,
  writes: readonly Write[],
  { author = CONTROL_PLANE, restoredFrom, isDryRun = false }: WriteOptions,
): Promise<readonly Change[]> {
  if (isDryRun) return preview(store, writes)
  return store.commit(writes, { author, ...(restoredFrom === undefined ? {} : { restoredFrom }) })
}

/** As `Store.commit`, without the commit. */
async function preview(store: Store, writes: readonly Write[]): Promise<readonly Change[]> {
  const revision = store.revision() + 1
  const stored = new Map<string, Resource | null>()
  for (const write of writes) {
    const key = write.op === 'put' ? write.resource : write.key
    stored.set(keyText(key), await store.get(key))
  }
  const read = (key: ResourceKey): Resource | null => stored.get(keyText(key)) ?? null
  return stage(read, writes, { revision, timeMs: Date.now() }).changes
}

/**
 * Again when somebody else wrote in between, unless the caller named the revision of this very resource. Nobody can
 * do so without end: each conflict is another writer's success.
 */
async function retried<T>(
  key: ResourceKey,
  expected: number | undefined,
  write: () => Promise<T>,
): Promise<T> {
  for (let left = TRIES; ; left--) {
    try {
      return await write()
    } catch (error) {
      const isOurs =
        expected !== undefined && error instanceof CodedError && isSame(error.details['key'], key)
      if (codeOf(error) !== 'store.conflict' || isOurs || left === 1) throw error
    }
  }
}

async function existingMesh(store: Store, name: string): Promise<Resource<MeshSpec>> {
  const mesh = await store.get({ type: 'Mesh', mesh: '', name })
  if (mesh !== null) return mesh as Resource<MeshSpec>
  throw new CodedError('store.mesh-missing', `there is no mesh ${name}; create it first`, {
    details: { mesh: name },
  })
}

function typeViolations(
  draft: ResourceDraft,
  before: Resource | null,
  mesh: Resource<MeshSpec> | null,
): readonly Violation[] {
  if (draft.type === 'Dataplane' && mesh !== null) {
    return membershipViolations(mesh, draft as ResourceDraft<DataplaneSpec>)
  }
  if (draft.type !== 'Mesh' || before === null) return []
  const violation = caChangeViolation(before.spec as MeshSpec, draft.spec as MeshSpec)
  return violation === null ? [] : [violation]
}

function refused(title: string, violations: readonly Violation[]): Refused {
  return { ok: false, title, violations }
}

function storedIn(changes: readonly Change[], key: ResourceKey): Resource | null {
  return changes.find(change => isSame(change.key, key))?.after ?? null
}

function isSame(key: unknown, other: ResourceKey): boolean {
  if (typeof key !== 'object' || key === null || !('type' in key && 'mesh' in key && 'name' in key))
    return false
  return key.type === other.type && key.mesh === other.mesh && key.name === other.name
}
