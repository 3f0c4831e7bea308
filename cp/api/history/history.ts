/**
 * The past of a resource over HTTP: its revisions, each as it was, what differs between two, and writing one again.
 * Works after the deletion of the resource too.
 */
import { unifiedDiff } from '#base/text/unified-diff.ts'
import { stringifyYaml } from '#base/yaml.ts'
import type { Kind, Resource, ResourceKey } from '../../kinds/kind.ts'
import { showResource } from '../../kinds/show.ts'
import type { Shown } from '../../kinds/table/columns.ts'
import { historyTable } from '../../kinds/table/history.ts'
import { readResource } from '../../kinds/validate.ts'
import { holdsSecret, type Revision } from '../../store/history.ts'
import { resourceDifferences, writtenPart } from '../change/differences.ts'
import { putResource } from '../change/write.ts'
import { denied } from '../dispatch.ts'
import { type Answer, ok } from '../http/answer.ts'
import { pageAnswer } from '../lists.ts'
import { invalid, notFound, problem } from '../problem.ts'
import type { ApiContext, ApiRequest, Endpoint, Route } from '../request.ts'
import { keyOfPath, readRight } from '../resources.ts'

/** @param item path of the resource */
export function historyRoutes(context: ApiContext, kind: Kind, item: string): readonly Route[] {
  return [
    { path: `${item}/history`, methods: { GET: revisionsEndpoint(context, kind) } },
    { path: `${item}/history/:revision`, methods: { GET: revisionEndpoint(context, kind) } },
    { path: `${item}/history/:revision/diff`, methods: { GET: differenceEndpoint(context, kind) } },
    ...(context.isReadOnly
      ? []
      : [{ path: `${item}/rollback`, methods: { POST: rollbackEndpoint(context, kind) } }]),
  ]
}

const READ_TITLE = 'Could not retrieve the history'
const ROLLBACK_TITLE = 'Could not roll back a resource'

function revisionsEndpoint(context: ApiContext, kind: Kind): Endpoint {
  return {
    right: readRight(kind),
    operation: READ_TITLE,
    async handle(request) {
      const revisions = await context.store.history(keyOf(kind, request))
      if (revisions.length === 0) return notFound(READ_TITLE)
      const table = (items: readonly Shown[]): string => historyTable(items, Date.now())
      return pageAnswer(request, revisions, showRevision, { table })
    },
  }
}

function revisionEndpoint(context: ApiContext, kind: Kind): Endpoint {
  return {
    right: readRight(kind),
    operation: READ_TITLE,
    async handle(request) {
      const revisions = await context.store.history(keyOf(kind, request))
      const found = find(revisions, request.params['revision'] ?? '')
      if (found === undefined) return noRevision(request.params['revision'], revisions)
      if (found.resource === null) return wasDeleted(found)
      const etag = JSON.stringify(`${found.epoch}-${found.revision}`)
      return ok(showResource(kind, found.resource), { etag })
    },
  }
}

function differenceEndpoint(context: ApiContext, kind: Kind): Endpoint {
  return {
    right: readRight(kind),
    operation: READ_TITLE,
    async handle(request) {
      const revisions = await context.store.history(keyOf(kind, request))
      const wanted = request.query.get('to') ?? 'current'
      const from = find(revisions, request.params['revision'] ?? '')
      const to = wanted === 'current' ? revisions[0] : find(revisions, wanted)
      if (from === undefined) return noRevision(request.params['revision'], revisions)
      if (to === undefined) return noRevision(wanted, revisions)
      const changes = resourceDifferences(kind, from.resource, to.resource)
      const value = { from: from.revision, to: to.revision, changes }
      return { ...ok(value), plain: () => textOf(kind, from, to) }
    },
  }
}

/** The same checks and rights as PUT; labels and spec become what they were, byte for byte. */
function rollbackEndpoint(context: ApiContext, kind: Kind): Endpoint {
  return {
    right: { check: 'inside', action: { type: 'write', kind } },
    operation: ROLLBACK_TITLE,
    async handle(request) {
      const key = await keyOfPath(context, kind, request)
      const refused = denied(context, request, { type: 'write', kind })
      if (refused !== null) return refused
      const wanted = request.query.get('revision') ?? ''
      if (wanted === '') {
        return invalid(ROLLBACK_TITLE, [{ field: 'revision', message: 'is missing: ?revision=N says which' }])
      }
      if (holdsSecret(kind.type)) return noSecrets(kind)
      const revisions = await context.store.history(key)
      const found = find(revisions, wanted)
      if (found === undefined) return noRevision(wanted, revisions)
      const { resource, revision } = found
      if (resource === null) return wasDeleted(found)
      const read = readResource(kind, showResource(kind, resource))
      // rules may have become stricter since
      if (!read.ok) return problem({ ...read, status: 400 })
      const draft = { ...read.draft, labels: resource.labels, spec: resource.spec }
      return putResource(context, request, kind, { ...read, draft }, revision)
    },
  }
}

/** The mesh may be gone by now. */
function keyOf(kind: Kind, { params }: ApiRequest): ResourceKey {
  const { mesh = '', name = '' } = params
  return { type: kind.type, mesh: kind.scope === 'Mesh' ? mesh : '', name }
}

/** `N`, or `EPOCH-N` where a restored store went back and counted on. */
function find(revisions: readonly Revision[], wanted: string): Revision | undefined {
  return revisions.find(
    ({ epoch, revision }) => wanted === String(revision) || wanted === `${epoch}-${revision}`,
  )
}

function showRevision({ epoch, revision, time, author, action, restoredFrom }: Revision): Shown {
  return {
    revision,
    version: `${epoch}-${revision}`,
    time,
    author,
    action,
    ...(restoredFrom === null ? {} : { restoredFrom }),
  }
}

function textOf(kind: Kind, from: Revision, to: Revision): string {
  const yamlOf = (resource: Resource | null): string =>
    resource === null ? '' : stringifyYaml(writtenPart(kind, resource))
  const nameOf = ({ revision, resource, key }: Revision): string =>
    resource === null ? '/dev/null' : `${key.type} ${key.name} (revision ${revision})`
  return unifiedDiff(yamlOf(from.resource), yamlOf(to.resource), { from: nameOf(from), to: nameOf(to) })
}

function noRevision(wanted: string | undefined, revisions: readonly Revision[]): Answer {
  const known = revisions.map(({ revision }) => revision).join(', ')
  const message = `there is no revision ${wanted ?? ''}; known are ${known === '' ? 'none' : known}`
  return problem({ status: 404, title: READ_TITLE, detail: message })
}

function wasDeleted({ revision }: Revision): Answer {
  const detail = `the resource was deleted with revision ${revision}; name an earlier one`
  return problem({ status: 404, title: READ_TITLE, detail })
}

function noSecrets({ type }: Kind): Answer {
  const message = `values of a ${type} are not kept in the history, so none can be brought back; PUT the value again`
  return invalid(ROLLBACK_TITLE, [{ field: 'revision', message }])
}
