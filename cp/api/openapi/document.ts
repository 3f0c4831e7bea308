/**
 * The OpenAPI 3.1 document, made from the routes and the kinds: what is served is what is described. Routes of kinds are
 * known by their paths, the others by their line in `operations.table.ts`.
 */
import type { Kind } from '../../kinds/kind.ts'
import type { Route } from '../request.ts'
import { OPERATIONS } from './operations.table.ts'
import { IF_MATCH, PARAMETERS, type ParameterName, pathParameters } from './parameters.ts'
import { schemasOf } from './schemas.ts'

type Json = Readonly<Record<string, unknown>>

interface Operation {
  readonly id: string
  readonly summary: string
  readonly tag: string
  readonly query: readonly ParameterName[]
  readonly headers: readonly object[]
  readonly body: Json | null
  readonly answers: Readonly<Record<string, Json>>
}

const SECURITY = [{ userToken: [] }, { clientCertificate: [] }]

export function openApiDocument(
  routes: readonly Route[],
  kinds: readonly Kind[],
  info: { readonly version: string; readonly prefix: string },
): Json {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const { path: pattern, methods } of routes) {
    const path = pattern.replace(/:(\w+)/g, '{$1}')
    // the files of the GUI are no API
    if (path.includes('*')) continue
    for (const method of Object.keys(methods)) {
      const operation = operationAt(method, path, kinds)
      if (operation === null) continue
      paths[path] ??= { parameters: pathParameters(path) }
      paths[path][method.toLowerCase()] = shown(operation)
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'vmesh control plane',
      version: info.version,
      summary: 'The HTTP API of the vmesh control plane, compatible with that of Kuma 2.14 (Universal).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: info.prefix === '' ? '/' : info.prefix, description: 'This control plane.' }],
    security: SECURITY,
    tags: tagsOf(paths),
    paths,
    components: {
      securitySchemes: {
        userToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        clientCertificate: { type: 'mutualTLS' },
      },
      responses: { Problem: { description: 'What went wrong.', content: json('Problem') } },
      schemas: schemasOf(kinds),
    },
  }
}

/** null: nothing describes it. */
function operationAt(method: string, path: string, kinds: readonly Kind[]): Operation | null {
  const own = OPERATIONS[`${method} ${path}`]
  const place = placeOf(path, kinds)
  const doc = own ?? (place === null ? undefined : OPERATIONS[`${method} ${place.pattern}`])
  if (doc !== undefined) {
    const content = doc.isText === true ? TEXT : json(doc.answer ?? null)
    return {
      id: idOf(method, path),
      summary: doc.summary,
      tag: doc.tag,
      query: doc.query ?? [],
      headers: [],
      body: doc.body === undefined ? null : { required: true, content: json(doc.body) },
      answers: { 200: { description: 'Done.', content } },
    }
  }
  return place === null ? null : operationOfKind(method, place)
}

interface Place {
  readonly kind: Kind
  /** The path with `KIND` in the place of the kind's. */
  readonly pattern: string
  /** Behind the kind's path. */
  readonly rest: string
  readonly isAllMeshes: boolean
  readonly path: string
}

function placeOf(path: string, kinds: readonly Kind[]): Place | null {
  for (const kind of kinds) {
    for (const own of [kind.path, ...kind.aliases]) {
      for (const parent of kind.scope === 'Mesh' ? ['/meshes/{mesh}', ''] : ['']) {
        const base = `${parent}/${own}`
        if (path !== base && !path.startsWith(`${base}/{name}`)) continue
        const rest = path.slice(base.length)
        return {
          kind,
          pattern: `${parent}/KIND${rest}`,
          rest,
          isAllMeshes: kind.scope === 'Mesh' && parent === '',
          path,
        }
      }
    }
  }
  return null
}

const LIST_QUERY: readonly ParameterName[] = ['size', 'offset', 'name', 'filter']
const MORE_FILTERS: Readonly<Record<string, readonly ParameterName[]>> = {
  Dataplane: ['tag', 'gateway'],
  ExternalService: ['tag'],
  ServiceInsight: ['type'],
}
const CHANGE_QUERY: readonly ParameterName[] = ['dryRun', 'affected', 'wait', 'timeout']

function operationOfKind(method: string, place: Place): Operation | null {
  const { kind, rest, isAllMeshes } = place
  const one = `${/^[AEIO]/.test(kind.type) ? 'an' : 'a'} ${kind.type}`
  const of = (summary: string, more: Partial<Operation>): Operation => ({
    id: idOf(method, place.path),
    summary,
    tag: kind.type,
    query: [],
    headers: [],
    body: null,
    answers: {},
    ...more,
  })
  const answer = (schema: Json, description = 'Done.') => ({ 200: { description, content: schema } })
  const written = (description: string) => ({ description, content: json('Written') })
  switch (`${method} ${rest}`) {
    case 'GET ':
      return of(`List resources of type ${kind.type}${isAllMeshes ? ' in all meshes' : ''}`, {
        query: [...LIST_QUERY, ...(MORE_FILTERS[kind.type] ?? [])],
        answers: answer(listOf(kind)),
      })
    case 'GET /{name}':
      return of(`Get ${one}`, { query: ['format'], answers: answer(json(kind.type)) })
    case 'PUT /{name}':
      if (kind.readOnly) return null
      return of(`Create or replace ${one}`, {
        query: [...CHANGE_QUERY, 'acceptUnenforced'],
        headers: [IF_MATCH],
        body: { required: true, content: jsonOrYaml(kind.type) },
        answers: {
          200: written('Replaced, or what would happen.'),
          201: written('Created.'),
          202: written('Written, and not run by all data planes in time.'),
        },
      })
    case 'DELETE /{name}':
      if (kind.readOnly) return null
      return of(`Delete ${one}`, {
        query: CHANGE_QUERY,
        headers: [IF_MATCH],
        answers: {
          200: written('Deleted, or what would happen.'),
          202: written('Deleted, and still run by some.'),
        },
      })
    case 'GET /{name}/history':
      return of(`List the revisions of ${one}`, {
        query: ['size', 'offset'],
        answers: answer(pageOf('Revision')),
      })
    case 'GET /{name}/history/{revision}':
      return of(`Get ${one} as it was`, { answers: answer(json(kind.type)) })
    case 'GET /{name}/history/{revision}/diff':
      return of(`Compare two revisions of ${one}`, { query: ['to'], answers: answer(json('Difference')) })
    case 'POST /{name}/rollback':
      return of(`Restore a revision of ${one}`, {
        query: ['revision', ...CHANGE_QUERY],
        headers: [IF_MATCH],
        answers: {
          200: written('Restored.'),
          201: written('Brought back.'),
          202: written('Restored, and not run by all.'),
        },
      })
    default:
      return null
  }
}

function shown({ id, summary, tag, query, headers, body, answers }: Operation): Json {
  const parameters = [...query.map(name => PARAMETERS[name]), ...headers]
  return {
    operationId: id,
    summary,
    tags: [tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === null ? {} : { requestBody: body }),
    responses: { ...answers, '4XX': { $ref: '#/components/responses/Problem' } },
  }
}

const TEXT: Json = { 'text/plain': { schema: { type: 'string' } } }

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` }
}

function json(schema: string | null): Json {
  return { 'application/json': { schema: schema === null ? { type: 'object' } : ref(schema) } }
}

function jsonOrYaml(schema: string): Json {
  return { 'application/json': { schema: ref(schema) }, 'application/yaml': { schema: ref(schema) } }
}

function listOf(kind: Kind): Json {
  return pageOf(kind.type)
}

function pageOf(schema: string): Json {
  const items = { properties: { items: { type: 'array', items: ref(schema) } } }
  return { 'application/json': { schema: { allOf: [ref('List'), items] } } }
}

/** `GET /meshes/{mesh}/dataplanes/{name}/_rules` → `get.meshes.mesh.dataplanes.name._rules`. */
function idOf(method: string, path: string): string {
  const words = path.split('/').filter(word => word !== '')
  return [
    method.toLowerCase(),
    ...words.map(word => word.replace(/[{}]/g, '').replaceAll('+', '-with-')),
  ].join('.')
}

function tagsOf(paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>): readonly Json[] {
  const names = new Set<string>()
  for (const path of Object.values(paths)) {
    for (const operation of Object.values(path)) {
      for (const tag of (operation as { readonly tags?: readonly string[] }).tags ?? []) names.add(tag)
    }
  }
  return [...names].sort().map(name => ({ name, description: `Operations on ${name}.` }))
}
