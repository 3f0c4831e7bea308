/**
 * The table of all routes of the HTTP API: every path, what answers it, and the right it needs (in its endpoint).
 * Kinds bring their own paths; a static segment wins over a parameter, so `_overview` is no name.
 */
import type { Kind } from '../kinds/kind.ts'
import { kinds } from '../kinds/registry.ts'
import { kriEndpoint } from './by-kri.ts'
import { appliedEndpoint } from './change/applied.ts'
import { historyRoutes } from './history/history.ts'
import { globalInsightEndpoint, globalInsightsEndpoint } from './insights/global-insight.ts'
import { inspectRoutes } from './inspect/routes.ts'
import { openApiEndpoint } from './openapi/endpoint.ts'
import { overviewRoutes } from './overviews.ts'
import type { ApiContext, Route } from './request.ts'
import { deleteEndpoint, getEndpoint, listEndpoint, putEndpoint, readOnlyEndpoint } from './resources.ts'
import { statusRoutes } from './status/routes.ts'
import { configEndpoint, indexEndpoint, readyEndpoint, whoAmIEndpoint } from './system/about.ts'
import { policiesEndpoint, resourceTypesEndpoint } from './system/resource-types.ts'
import { zoneStatusEndpoint } from './system/zone-status.ts'
import { dataplaneTokenEndpoint, userTokenEndpoint, zoneTokenEndpoint } from './tokens.ts'

export function routesOf(context: ApiContext): readonly Route[] {
  const routes: readonly Route[] = [
    { path: '/openapi.json', methods: { GET: openApiEndpoint(context, () => routes) } },
    { path: '/', methods: { GET: indexEndpoint(context) } },
    { path: '/ready', methods: { GET: readyEndpoint(context) } },
    { path: '/config', methods: { GET: configEndpoint(context) } },
    { path: '/who-am-i', methods: { GET: whoAmIEndpoint() } },
    { path: '/_resources', methods: { GET: resourceTypesEndpoint(context) } },
    { path: '/policies', methods: { GET: policiesEndpoint(context) } },
    { path: '/tokens/dataplane', methods: { POST: dataplaneTokenEndpoint(context) } },
    { path: '/tokens/zone', methods: { POST: zoneTokenEndpoint(context, null) } },
    { path: '/tokens/zone-ingress', methods: { POST: zoneTokenEndpoint(context, ['ingress']) } },
    { path: '/tokens/user', methods: { POST: userTokenEndpoint(context) } },
    { path: '/global-insight', methods: { GET: globalInsightEndpoint(context) } },
    { path: '/global-insights', methods: { GET: globalInsightsEndpoint(context) } },
    { path: '/status/zones', methods: { GET: zoneStatusEndpoint(context) } },
    { path: '/_kri/:kri', methods: { GET: kriEndpoint(context) } },
    { path: '/meshes/:mesh/_applied', methods: { GET: appliedEndpoint(context) } },
    ...overviewRoutes(context),
    ...statusRoutes(context),
    ...inspectRoutes(context),
    ...kinds.flatMap(kind => [kind.path, ...kind.aliases].flatMap(path => routesOfKind(context, kind, path))),
  ]
  return routes
}

function routesOfKind(context: ApiContext, kind: Kind, path: string): readonly Route[] {
  const parent = kind.scope === 'Mesh' ? `/meshes/:mesh/${path}` : `/${path}`
  const list = { GET: listEndpoint(context, kind) }
  const item =
    kind.readOnly || context.isReadOnly
      ? { PUT: readOnlyEndpoint(kind), DELETE: readOnlyEndpoint(kind) }
      : { PUT: putEndpoint(context, kind), DELETE: deleteEndpoint(context, kind) }
  return [
    { path: parent, methods: list },
    ...(kind.scope === 'Mesh' ? [{ path: `/${path}`, methods: list }] : []),
    { path: `${parent}/:name`, methods: { GET: getEndpoint(context, kind), ...item } },
    ...(kind.readOnly ? [] : historyRoutes(context, kind, `${parent}/:name`)),
  ]
}
