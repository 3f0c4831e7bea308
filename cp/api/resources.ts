/**
 * Read, write, delete and list for every kind of the registry on Kuma's paths (kuma-api 1.7). One request is one
 * resource; what the API adds to the guarded store: the mesh of the path, body against URL, and what change/write.ts
 * sees to.
 */
import { CodedError } from '#base/errors.ts'
import type { Kind, Resource, ResourceKey } from '../kinds/kind.ts'
import { showResource } from '../kinds/show.ts'
import { resourceTable, type Shown } from '../kinds/table/columns.ts'
import { readResource } from '../kinds/validate.ts'
import { storingTitle } from '../store/guarded-store.ts'
import { etagOf } from './change/preconditions.ts'
import { deleteResource, putResource } from './change/write.ts'
import { contentTypeOf } from './dispatch.ts'
import { type Answer, ok } from './http/answer.ts'
import { readValue } from './http/body.ts'
import { computedKind } from './insights/computed.ts'
import { kubernetesManifest } from './kubernetes.ts'
import { listAnswer } from './lists.ts'
import { invalid, notFound, problem } from './problem.ts'
import type { ApiContext, ApiRequest, Endpoint, Right } from './request.ts'

export function listEndpoint(context: ApiContext, kind: Kind): Endpoint {
  return {
    right: readRight(kind),
    operation: 'Could not retrieve resources',
    async handle(request) {
      const mesh = request.params['mesh']
      if (mesh !== undefined) await requireMesh(context, mesh)
      const all = await resourcesOf(context, kind, mesh)
      const table = tableOf(kind)
      return listAnswer(request, kind, all, resource => showResource(kind, resource), { table })
    },
  }
}

export function getEndpoint(context: ApiContext, kind: Kind): Endpoint {
  return {
    right: readRight(kind),
    operation: 'Could not retrieve a resource',
    async handle(request) {
      const key = await keyOfPath(context, kind, request)
      return itemAnswer(context, kind, key, request)
    },
  }
}

/** Shown resources as a table. */
function tableOf(kind: Kind): (items: readonly Shown[]) => string {
  return items => resourceTable(kind, items, Date.now())
}

/** One resource as `?format=` wants it. */
export async function itemAnswer(
  context: ApiContext,
  kind: Kind,
  key: ResourceKey,
  { query }: Pick<ApiRequest, 'query'>,
): Promise<Answer> {
  const format = query.get('format') || 'universal'
  if (!FORMATS.includes(format)) {
    const message = '"format" must be one of ["k8s", "kubernetes", "universal"]'
    return invalid('Could not retrieve a resource', [{ field: '', message }])
  }
  const resource = await resourceAt(context, key)
  if (resource === null) return notFound('Could not retrieve a resource')
  const shown = format === 'universal' ? showResource(kind, resource) : kubernetesManifest(kind, resource)
  const plain = (): string => tableOf(kind)([showResource(kind, resource)])
  return { ...ok(shown, { etag: etagOf(context, resource) }), plain }
}

const FORMATS: readonly string[] = ['universal', 'kubernetes', 'k8s']

export function putEndpoint(context: ApiContext, kind: Kind): Endpoint {
  return {
    right: { check: 'inside', action: { type: 'write', kind } },
    operation: 'Could not process a resource',
    consumes: 'resource',
    async handle(request) {
      const key = await keyOfPath(context, kind, request)
      const body = readValue(await request.body(), contentTypeOf(request))
      if (!body.ok) {
        const detail = `invalid ${kind.type} object: ${JSON.stringify(body.message)}`
        return problem({ status: 400, title: 'Bad Request', detail })
      }
      const read = readResource(kind, body.value, kind.scope === 'Mesh' ? key : { name: key.name })
      if (!read.ok) {
        const isStoring = read.violations.every(({ whenStored }) => whenStored === true)
        const title = isStoring ? storingTitle(await context.store.get(key)) : read.title
        return problem({ ...read, title, status: 400 })
      }
      return putResource(context, request, kind, read)
    },
  }
}

export function deleteEndpoint(context: ApiContext, kind: Kind): Endpoint {
  return {
    right: { check: 'inside', action: { type: 'write', kind } },
    operation: 'Could not delete a resource',
    async handle(request) {
      const key = await keyOfPath(context, kind, request)
      return deleteResource(context, request, kind, key)
    },
  }
}

/** PUT and DELETE of what the control plane writes itself, or of anything where nobody may write. */
export function readOnlyEndpoint(kind: Kind): Endpoint {
  const detail = kind.readOnly
    ? `${kind.type} is written by the control plane itself and cannot be changed through the API`
    : 'apiServer.readOnly is set: this control plane refuses all changes'
  return {
    right: { check: 'inside', action: { type: 'write', kind } },
    operation: 'Could not process a resource',
    async handle() {
      return problem({
        status: 405,
        title: 'Method not allowed',
        detail,
        headers: { allow: 'GET' },
      })
    },
  }
}

/** Throws `store.mesh-missing`. */
export async function requireMesh({ store }: ApiContext, mesh: string): Promise<void> {
  if ((await store.get({ type: 'Mesh', mesh: '', name: mesh })) !== null) return
  throw new CodedError('store.mesh-missing', `there is no mesh ${mesh}`, { details: { mesh } })
}

export function readRight(kind: Kind): Right {
  return { check: 'before', action: { type: 'read', kind } }
}

/** Throws `store.mesh-missing` when the mesh of the path does not exist. */
export async function keyOfPath(
  context: ApiContext,
  kind: Kind,
  { params }: ApiRequest,
): Promise<ResourceKey> {
  const { mesh = '', name = '' } = params
  if (kind.scope === 'Mesh') await requireMesh(context, mesh)
  return { type: kind.type, mesh: kind.scope === 'Mesh' ? mesh : '', name }
}

export function resourceAt(context: ApiContext, key: ResourceKey): Promise<Resource | null> {
  return computedKind(key.type)?.one(context, key) ?? context.store.get(key)
}

function resourcesOf(
  context: ApiContext,
  kind: Kind,
  mesh: string | undefined,
): Promise<readonly Resource[]> {
  return computedKind(kind.type)?.all(context, mesh) ?? context.store.list(kind.type, mesh)
}
