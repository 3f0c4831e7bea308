/**
 * The HTTP API of a control plane in memory, for tests of its clients: resources, lists, tokens and errors as
 * kuma-api 1.4 to 1.11 say. It remembers what it was asked, and can be told to misbehave.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { kindByPath } from '../../cp/kinds/registry.ts'
import { readResource } from '../../cp/kinds/validate.ts'
import { jsonChanges } from '../../dp/base/text/json-changes.ts'

export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

interface Reply {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface FakeApi {
  readonly url: string
  readonly asked: Asked[]
  /** By path: `/meshes/default/dataplanes/web-1`. */
  readonly stored: Map<string, Record<string, unknown>>
  /** Answers instead of the usual for what returns one. */
  override: (asked: Asked) => Reply | undefined
  /** Most items of a page. */
  pageSize: number
  close(): Promise<void>
}

export interface FakeApiOptions {
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Everything but `/` needs it. */
  readonly token?: string
}

export async function startFakeApi(options: FakeApiOptions = {}): Promise<FakeApi> {
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    void answer(api, options, request).then(({ status, body, headers }) => {
      const isText = typeof body === 'string'
      response.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers })
      response.end(isText ? body : JSON.stringify(body, null, 1))
    })
  }
  const server: Server =
    options.tls === undefined ? createServer(handle) : createTlsServer(options.tls, handle)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const api: FakeApi = {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    asked: [],
    stored: new Map([['/meshes/default', { type: 'Mesh', name: 'default', ...times() }]]),
    override: () => undefined,
    pageSize: 1_000,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return api
}

function problem(status: number, title: string, detail: string, faults: readonly unknown[] = []): Reply {
  const parameters = faults.length === 0 ? {} : { invalid_parameters: faults }
  return { status, body: { type: '/std-errors', status, title, detail, ...parameters } }
}

async function answer(api: FakeApi, options: FakeApiOptions, request: IncomingMessage): Promise<Reply> {
  const { method = '', url = '', headers } = request
  const sent = await text(request)
  const body: unknown = sent !== '' && (method === 'PUT' || method === 'POST') ? JSON.parse(sent) : sent
  const asked: Asked = { method, url, headers, body }
  api.asked.push(asked)
  const own = api.override(asked)
  if (own !== undefined) return own
  const { pathname, searchParams } = new URL(url, api.url)
  if (pathname === '/')
    return {
      status: 200,
      body: { product: 'vmesh', tagline: 'vmesh', version: '9.8.7', implementation: 'vmesh' },
    }
  if (options.token !== undefined && headers.authorization !== `Bearer ${options.token}`) {
    return problem(401, 'Invalid authentication data', 'Unauthenticated')
  }
  if (pathname.startsWith('/tokens/')) {
    return { status: 200, body: `token of ${pathname} for ${JSON.stringify(body)}` }
  }
  const parts = pathname.split('/').slice(1)
  if (parts[0] === 'meshes' && parts.length > 2 && !api.stored.has(`/meshes/${parts[1]}`)) {
    return problem(404, 'Failed to retrieve Mesh', 'Not found')
  }
  const isItem = parts.length === 2 || parts.length === 4
  return isItem ? item(api, asked, pathname, searchParams) : listed(api, pathname, searchParams)
}

function item(api: FakeApi, { method, body }: Asked, path: string, query: URLSearchParams): Reply {
  const parts = path.split('/').slice(1)
  const there = api.stored.get(path)
  if (method === 'PUT') {
    const kind = kindByPath(parts.at(-2) ?? '')
    if (kind === undefined) return problem(404, 'Not Found', '')
    const read = readResource(kind, body)
    if (!read.ok) {
      const faults = read.violations.map(({ field, message }) => ({ field, reason: message }))
      return problem(400, read.title, read.detail, faults)
    }
    if (query.get('dryRun') === 'true') return preview(there, body as object, read.warnings)
    api.stored.set(path, { ...there, ...times(there), ...(body as object) })
    return { status: there === undefined ? 201 : 200, body: { warnings: read.warnings } }
  }
  if (there === undefined) {
    const title = method === 'DELETE' ? 'Could not delete a resource' : 'Could not retrieve a resource'
    return problem(404, title, 'Not found')
  }
  if (method === 'DELETE') api.stored.delete(path)
  return { status: 200, body: method === 'DELETE' ? {} : there }
}

/** What a write would do. */
function preview(
  there: Record<string, unknown> | undefined,
  body: object,
  warnings: readonly string[],
): Reply {
  const changes = jsonChanges(there, { ...there, ...body })
  const outcome = there === undefined ? 'created' : changes.length === 0 ? 'unchanged' : 'updated'
  return { status: 200, body: { dryRun: true, outcome, changes, warnings } }
}

function listed(api: FakeApi, path: string, query: URLSearchParams): Reply {
  // without a mesh: those of all
  const isListed = (parent: string): boolean =>
    parent === path || parent.replace(/^\/meshes\/[^/]+/, '') === path
  const all = [...api.stored].filter(([key]) => isListed(key.slice(0, key.lastIndexOf('/'))))
  const offset = Number(query.get('offset') ?? 0)
  const end = offset + Math.min(Number(query.get('size') ?? 100), api.pageSize)
  // an address that the client cannot reach: only the offset counts
  const next = end < all.length ? `http://192.0.2.1${path}?offset=${end}` : null
  const items = all.slice(offset, end).map(([, resource]) => resource)
  return { status: 200, body: { total: all.length, items, next } }
}

/** Each write has its own time, as on a control plane. */
function times(there?: Record<string, unknown>): object {
  const now = `2026-01-02T03:04:05.${String(writes++).padStart(9, '0')}Z`
  return { creationTime: there?.['creationTime'] ?? now, modificationTime: now }
}
let writes = 0
