/**
 * The end of every write, whether it came as PUT, DELETE or rollback: rights, what is not enforced yet, `If-Match`, the
 * guarded store, and the answer: what was written, or on `?dryRun` what would be.
 */
import type { Kind, Resource, ResourceKey } from '../../kinds/kind.ts'
import type { ReadResource } from '../../kinds/validate.ts'
import type { WriteOptions } from '../../store/guarded-store.ts'
import { denied } from '../dispatch.ts'
import { type Answer, ok } from '../http/answer.ts'
import { invalid, notFound } from '../problem.ts'
import type { ApiContext, ApiRequest } from '../request.ts'
import { type Difference, resourceDifferences } from './differences.ts'
import { readChangeOptions } from './options.ts'
import { etagOf, expectedBy } from './preconditions.ts'
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
  const options = readChangeOptions(request.query)
  const refused =
    denied(context, request, { type: 'write', kind }) ?? refusedUnenforced(request, read.unenforced)
  if (refused !== null) return refused
  if (!options.ok) return options.answer
  const before = options.isDryRun ? await context.store.get(draft) : null
  const write = await writeOptions(context, request, draft, options.isDryRun)
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
  if (options.isDryRun) {
    const changed = put.created ? 'created' : 'updated'
    const outcome = put.changes.length === 0 ? 'unchanged' : changed
    const changes = resourceDifferences(kind, before, put.resource)
    return preview({ outcome, changes, warnings })
  }
  return written(context, put.created, put.resource, warnings)
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
  const refused = denied(context, request, { type: 'write', kind })
  if (refused !== null) return refused
  if (!options.ok) return options.answer
  const write = await writeOptions(context, request, key, options.isDryRun)
  const result = await context.guarded.delete(key, write)
  if (!result.ok) return invalid(result.title, result.violations)
  if (!result.deleted) return notFound('Could not delete a resource')
  if (options.isDryRun) {
    return preview({ outcome: 'deleted', changes: resourceDifferences(kind, before, null), warnings: [] })
  }
  return ok({})
}

async function writeOptions(
  context: ApiContext,
  request: ApiRequest,
  key: ResourceKey,
  isDryRun: boolean,
): Promise<WriteOptions> {
  const expectedRevision = await expectedBy(context, request, key)
  return {
    author: request.user.name,
    isDryRun,
    ...(expectedRevision === undefined ? {} : { expectedRevision }),
  }
}

function preview(found: {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'deleted'
  readonly changes: readonly Difference[]
  readonly warnings: readonly string[]
}): Answer {
  const { outcome, changes, warnings } = found
  return ok({ dryRun: true, outcome, ...(warnings.length === 0 ? {} : { warnings }), changes })
}

/** 201 or 200, and remarks for people in the body and, for those who look at headers only, in `Warning`. */
function written(
  context: ApiContext,
  created: boolean,
  resource: Resource,
  warnings: readonly string[],
): Answer {
  const status = created ? 201 : 200
  const etag = etagOf(context, resource)
  if (warnings.length === 0) return { status, value: {}, headers: { etag } }
  const warning = warnings.slice(0, SHOWN_IN_HEADER).map(headerOf).join(', ')
  return { status, value: { warnings }, headers: { etag, warning } }
}

const SHOWN_IN_HEADER = 8
const LONGEST_IN_HEADER = 200

function headerOf(warning: string): string {
  const text = warning.slice(0, LONGEST_IN_HEADER).replace(/[^ -~]/g, '?')
  return `299 - ${JSON.stringify(text)}`
}
