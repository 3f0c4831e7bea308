/**
 * Read, write, delete and list for every kind of the registry on Kuma's paths (kuma-api 1.7). One request is one
 * resource; what the API adds to the guarded store: the mesh of the path, body against URL, rights, `If-Match`, and
 * what is not enforced yet.
 */
import { CodedError } from '#base/errors.ts'
import type { Kind, Resource, ResourceKey, Unenforced } from '../kinds/kind.ts'
import { showResource } from '../kinds/show.ts'
import { readResource } from '../kinds/validate.ts'
import { contentTypeOf, denied } from './dispatch.ts'
import { type Answer, ok } from './http/answer.ts'
import { readValue } from './http/body.ts'
import { computedKind } from './insights/computed.ts'
import { kubernetesManifest } from './kubernetes.ts'
import { listAnswer } from './lists.ts'
import { INVALID, invalid, notFound, problem } from './problem.ts'
import type { ApiContext, ApiRequest, Endpoint, Right } from './request.ts'

export function listEndpoint(context: ApiContext, kind: Kind): Endpoint {
  return {
    right: readRight(kind),
    operation: 'Could not retrieve resources',
    async handle(request) {
      const mesh = request.params['mesh']
      if (mesh !== undefined) await requireMesh(context, mesh)
      const all = await resourcesOf(context, kind, mesh)
      return listAnswer(request, kind, all, resource => showResource(kind, resource))
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

/** One resource as `?format=` wants it. */
export async function itemAnswer(
  context: ApiContext,
  kind: Kind,
  key: ResourceKey,
  { query }: Pick<ApiRequest, 'query'>,
): Promise<Answer> {
  const format = query.get('format') ?? 'universal'
  if (!FORMATS.includes(format)) {
    const message = '"format" must be one of ["k8s", "kubernetes", "universal"]'
    return invalid('Could not retrieve a resource', [{ field: '', message }])
  }
  const resource = await resourceAt(context, key)
  if (resource === null) return notFound('Could not retrieve a resource')
  const shown = format === 'universal' ? showResource(kind, resource) : kubernetesManifest(kind, resource)
  return ok(shown, { etag: etagOf(context, resource) })
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
      if (!read.ok) return problem({ ...read, status: 400 })
      const refused = denied(context, request, { type: 'write', kind })
      if (refused !== null) return refused
      const open = read.unenforced.filter(({ refusesTraffic }) => refusesTraffic)
      if (open.length > 0 && !acceptsUnenforced(request)) return wouldFailOpen(open)
      const expectedRevision = await expectedBy(context, request, key)
      const put = await context.guarded.put(kind, read.draft, optionsFor(expectedRevision))
      if (!put.ok) return invalid(put.title, put.violations)
      const warnings = [
        ...read.warnings,
        ...read.unenforced.map(found => sentenceOf(kind, found)),
        ...put.warnings,
      ]
      return written(context, put.created, put.resource, [...new Set(warnings)])
    },
  }
}

export function deleteEndpoint(context: ApiContext, kind: Kind): Endpoint {
  return {
    right: { check: 'inside', action: { type: 'write', kind } },
    operation: 'Could not delete a resource',
    async handle(request) {
      const key = await keyOfPath(context, kind, request)
      // looked up before the right to write, as in Kuma
      if ((await context.store.get(key)) === null) return notFound('Could not delete a resource')
      const refused = denied(context, request, { type: 'write', kind })
      if (refused !== null) return refused
      const expectedRevision = await expectedBy(context, request, key)
      const result = await context.guarded.delete(key, optionsFor(expectedRevision))
      if (!result.ok) return invalid(result.title, result.violations)
      return result.deleted ? ok({}) : notFound('Could not delete a resource')
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

/** Strong: epoch and revision of the last write. */
function etagOf({ store }: ApiContext, resource: Resource): string {
  return `"${store.epoch}-${resource.revision}"`
}

/**
 * The revision that has to be there, by `If-Match` and `If-None-Match: *`; undefined when the caller does not care.
 * Throws `api.conflict`.
 */
async function expectedBy(
  context: ApiContext,
  { headers }: ApiRequest,
  key: ResourceKey,
): Promise<number | undefined> {
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined
  const stored = await context.store.get(key)
  const tag = stored === null ? null : etagOf(context, stored)
  if (ifNoneMatch !== undefined && stored !== null && names(ifNoneMatch, tag)) {
    throw new CodedError('api.conflict', `${key.type} ${key.name} exists already as ${tag}`)
  }
  if (ifMatch !== undefined && (tag === null || !names(ifMatch, tag))) {
    const is = tag === null ? 'does not exist' : `is ${tag} now`
    throw new CodedError('api.conflict', `${key.type} ${key.name} ${is}; read it again and repeat the change`)
  }
  return stored?.revision ?? 0
}

function names(header: string | readonly string[], tag: string | null): boolean {
  const tags = String(header)
    .split(',')
    .map(one => one.trim())
  return tags.includes('*') || (tag !== null && tags.includes(tag))
}

function optionsFor(expectedRevision: number | undefined): { readonly expectedRevision?: number } {
  return expectedRevision === undefined ? {} : { expectedRevision }
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

function sentenceOf({ type }: Kind, { field, message }: Unenforced): string {
  return `${field === '' ? type : field} is stored and not enforced yet: ${message}`
}

/** Clients of Kuma cannot add parameters; their configuration can hold headers. */
function acceptsUnenforced({ query, headers }: ApiRequest): boolean {
  return query.get('acceptUnenforced') === 'true' || headers['x-vmesh-accept-unenforced'] === 'true'
}

function wouldFailOpen(unenforced: readonly Unenforced[]): Answer {
  const remedy =
    'to store it all the same, add ?acceptUnenforced=true or the header x-vmesh-accept-unenforced: true'
  return problem({
    status: 400,
    title: 'Could not process a resource',
    detail: INVALID,
    violations: unenforced.map(({ field, message }) => ({
      field,
      message: `is not enforced yet: ${message}; ${remedy}`,
    })),
  })
}
