/**
 * The end of every write, whether it came as PUT, DELETE or rollback: rights, what is not enforced yet, `If-Match`, the
 * guarded store, and the answer: what was written and, on `?wait=applied`, who runs it; or on `?dryRun` what would be.
 */
import { firstFew } from '#base/text/first-few.ts'
import type { JsonChange } from '#base/text/json-changes.ts'
import type { Kind, ResourceKey } from '../../kinds/kind.ts'
import type { ReadResource } from '../../kinds/validate.ts'
import { type Applied, applied } from '../../push/delivery/applied.ts'
import { affectedBy } from '../../snapshot/dry-run.ts'
import type { Change } from '../../store/store.ts'
import { denied, permitFor } from '../dispatch.ts'
import { type Answer, ok } from '../http/answer.ts'
import { invalid, notFound } from '../problem.ts'
import type { ApiContext, ApiRequest, PermittedWrite } from '../request.ts'
import { resourceDifferences } from './differences.ts'
import { lossesOf } from './losses.ts'
import { readChangeOptions } from './options.ts'
import { etagOf, expectedBy } from './preconditions.ts'
import { returningSentences } from './returning.ts'
import { refusedUnenforced, unenforcedSentence } from './unenforced.ts'

type Read = Extract<ReadResource, { readonly ok: true }>

/** @param restoredFrom the revision that said the same */
export async function putResource(
  context: ApiContext,
  request: ApiRequest,
  kind: Kind,
  read: Read,
  restoredFrom?: number,
): Promise<Answer> {
  const { draft } = read
  const options = readChangeOptions(request.query, restoredFrom === undefined ? [] : ['revision'])
  const before = await context.store.get(draft)
  const refused =
    denied(context, request, { type: 'change', kind, before, after: draft }) ??
    refusedUnenforced(request, read.unenforced)
  if (refused !== null) return refused
  if (!options.ok) return options.answer
  const write = await writeOptions(context, request, kind, { key: draft, isDryRun: options.isDryRun })
  const put = await context.guarded.put(kind, draft, {
    ...write,
    ...(restoredFrom === undefined ? {} : { restoredFrom }),
  })
  if (!put.ok) return invalid(put.title, put.violations)
  const warnings = [
    ...new Set([
      ...read.warnings,
      ...read.unenforced.map(found => unenforcedSentence(kind, found)),
      ...put.warnings,
    ]),
  ]
  const { changes, created, resource } = put
  if (options.isDryRun) {
    const outcome = changes.length === 0 ? 'unchanged' : created ? 'created' : 'updated'
    const differences = resourceDifferences(kind, before, resource)
    const affected = options.namesAffected
      ? await affectedProxies(context, meshOf(draft), changes)
      : undefined
    const losses = await lossesOf(context.store, before, draft)
    const answer = preview({ outcome, differences, warnings: [...warnings, ...losses], affected })
    // of what is stored now
    return before === null ? answer : { ...answer, headers: { etag: etagOf(context, before) } }
  }
  const delivered = await appliedTo(context, request, draft, options.waitMs, resource.revision)
  const headers = { etag: etagOf(context, resource) }
  return written({ status: created ? 201 : 200, warnings, applied: delivered, headers })
}

export async function deleteResource(
  context: ApiContext,
  request: ApiRequest,
  kind: Kind,
  key: ResourceKey,
): Promise<Answer> {
  const before = await context.store.get(key)
  // looked up before the right to write, as in Kuma
  if (before === null) return notFound('Could not delete a resource')
  const options = readChangeOptions(request.query)
  const refused = denied(context, request, { type: 'change', kind, before, after: null })
  if (refused !== null) return refused
  if (!options.ok) return options.answer
  const returning = returningSentences(context, before)
  const write = await writeOptions(context, request, kind, { key, isDryRun: options.isDryRun })
  const result = await context.guarded.delete(key, write)
  if (!result.ok) return invalid(result.title, result.violations)
  if (!result.deleted) return notFound('Could not delete a resource')
  const { changes } = result
  if (options.isDryRun) {
    const differences = resourceDifferences(kind, before, null)
    const affected = options.namesAffected ? await affectedProxies(context, meshOf(key), changes) : undefined
    const warnings = [...(await lossesOf(context.store, before, null)), ...returning]
    return preview({ outcome: 'deleted', differences, warnings, affected })
  }
  const revision = changes[0]?.revision ?? context.store.revision()
  const delivered = await appliedTo(context, request, key, options.waitMs, revision)
  return written({ status: 200, warnings: returning, applied: delivered, headers: {} })
}

async function writeOptions(
  context: ApiContext,
  request: ApiRequest,
  kind: Kind,
  { key, isDryRun }: { readonly key: ResourceKey; readonly isDryRun: boolean },
): Promise<PermittedWrite> {
  const expectedRevision = await expectedBy(context, request, key)
  return {
    author: request.user.name,
    authorGroups: request.user.groups,
    // once more, against what the commit really replaces
    permit: permitFor(context, request, kind),
    isDryRun,
    ...(expectedRevision === undefined ? {} : { expectedRevision }),
  }
}

function preview(found: {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'deleted'
  readonly differences: readonly JsonChange[]
  readonly warnings: readonly string[]
  /** undefined: nobody wants to know. */
  readonly affected: unknown
}): Answer {
  const { outcome, differences, affected } = found
  const warnings = boundedWarnings(found.warnings)
  return ok({
    dryRun: true,
    outcome,
    ...(warnings.length === 0 ? {} : { warnings }),
    changes: differences,
    ...(affected === undefined ? {} : { affected }),
  })
}

async function affectedProxies(
  { live }: ApiContext,
  mesh: string,
  changes: readonly Change[],
): Promise<unknown> {
  const index = live.mesh(mesh)
  const affected = index === undefined ? [] : await affectedBy(index, changes)
  const shown = affected.slice(0, MAX_SHOWN).map(({ name, sections }) => {
    const isConnected = live.sessions.get(mesh, name) !== null
    return { mesh, name, isConnected, sections }
  })
  return { total: affected.length, dataplanes: shown }
}

/** By the commit that has written what is stored now; null: nobody waits. */
async function appliedTo(
  { live, store }: ApiContext,
  { gone }: ApiRequest,
  key: ResourceKey,
  waitMs: number | null,
  revision: number,
): Promise<Applied | null> {
  if (waitMs === null) return null
  const version = { epoch: store.epoch, revision }
  const commits = [{ from: revision, to: revision }]
  return applied(live, { mesh: meshOf(key), commits, version, timeoutMs: waitMs, gone: gone() })
}

/** Empty for what belongs to none. */
function meshOf({ type, mesh, name }: ResourceKey): string {
  return type === 'Mesh' ? name : mesh
}

/** The write stands, whoever has not got it yet. */
function statusOf(status: number, applied: Applied | null): number {
  return applied === null || applied.isComplete ? status : 202
}

/** With remarks for people in the body and, for those who look at headers only, in `Warning`. */
function written(done: {
  readonly status: number
  readonly warnings: readonly string[]
  readonly applied: Applied | null
  readonly headers: Readonly<Record<string, string>>
}): Answer {
  const { status, applied, headers } = done
  const warnings = boundedWarnings(done.warnings)
  const warning = warnings.slice(0, SHOWN_IN_HEADER).map(headerOf).join(', ')
  return {
    status: statusOf(status, applied),
    value: { ...(warnings.length === 0 ? {} : { warnings }), ...(applied === null ? {} : { applied }) },
    headers: { ...headers, ...(warning === '' ? {} : { warning }) },
  }
}

function boundedWarnings(warnings: readonly string[]): readonly string[] {
  return firstFew(warnings, count => `${count} more warnings are not listed`)
}

/** Data planes that are named; more are only counted. */
const MAX_SHOWN = 1_000
const SHOWN_IN_HEADER = 8
const LONGEST_IN_HEADER = 200

function headerOf(warning: string): string {
  const text = warning.slice(0, LONGEST_IN_HEADER).replace(/[^ -~]/g, '?')
  return `299 - ${JSON.stringify(text)}`
}
