/**
 * Overviews: a Dataplane, a zone or a proxy of one, and what is known of it, in one object (kuma-api 1.9), on the present
 * paths and the older ones. In lists the second part is absent where there is none; on an item it is empty.
 */
import type { Kind, Resource } from '../kinds/kind.ts'
import { dataplane } from '../kinds/proxy/dataplane.ts'
import { zoneEgress } from '../kinds/proxy/zone-egress.ts'
import { zoneIngress } from '../kinds/proxy/zone-ingress.ts'
import { showResource } from '../kinds/show.ts'
import { zone } from '../kinds/system/zone.ts'
import { ok } from './http/answer.ts'
import { withReadiness } from './insights/live.ts'
import { listAnswer } from './lists.ts'
import { notFound } from './problem.ts'
import type { ApiContext, Endpoint, Route } from './request.ts'
import { keyOfPath, readRight, requireMesh } from './resources.ts'

interface Overview {
  readonly kind: Kind
  /** Type of the second part's resource. */
  readonly insight: string
  /** Names of the two parts. */
  readonly parts: readonly [resource: string, insight: string]
  readonly lists: readonly string[]
  readonly items: readonly string[]
}

const OVERVIEWS: readonly Overview[] = [
  {
    kind: dataplane,
    insight: 'DataplaneInsight',
    parts: ['dataplane', 'dataplaneInsight'],
    lists: [
      '/dataplanes/_overview',
      '/dataplanes+insights',
      '/meshes/:mesh/dataplanes/_overview',
      '/meshes/:mesh/dataplanes+insights',
    ],
    items: ['/meshes/:mesh/dataplanes/:name/_overview', '/meshes/:mesh/dataplanes+insights/:name'],
  },
  {
    kind: zone,
    insight: 'ZoneInsight',
    parts: ['zone', 'zoneInsight'],
    lists: ['/zones/_overview', '/zones+insights'],
    items: ['/zones/:name/_overview', '/zones+insights/:name'],
  },
  {
    kind: zoneIngress,
    insight: 'ZoneIngressInsight',
    parts: ['zoneIngress', 'zoneIngressInsight'],
    lists: ['/zone-ingresses/_overview', '/zoneingresses/_overview', '/zoneingresses+insights'],
    items: [
      '/zone-ingresses/:name/_overview',
      '/zoneingresses/:name/_overview',
      '/zoneingresses+insights/:name',
    ],
  },
  {
    kind: zoneEgress,
    insight: 'ZoneEgressInsight',
    parts: ['zoneEgress', 'zoneEgressInsight'],
    lists: ['/zoneegresses/_overview', '/zoneegressoverviews'],
    items: ['/zoneegresses/:name/_overview', '/zoneegressoverviews/:name'],
  },
]

export function overviewRoutes(context: ApiContext): readonly Route[] {
  return OVERVIEWS.flatMap(overview => {
    const list = overviewList(context, overview)
    const item = overviewItem(context, overview)
    return [
      ...overview.lists.map(path => ({ path, methods: { GET: list } })),
      ...overview.items.map(path => ({ path, methods: { GET: item } })),
    ]
  })
}

function overviewList(context: ApiContext, overview: Overview): Endpoint {
  const { kind } = overview
  return {
    right: readRight(kind),
    operation: 'Could not retrieve resources',
    async handle(request) {
      const mesh = request.params['mesh']
      if (mesh !== undefined) await requireMesh(context, mesh)
      const all = await context.store.list(kind.type, mesh)
      const insightOf = await insights(context, overview, mesh)
      return listAnswer(request, kind, all, resource =>
        shown(context, overview, resource, insightOf(resource)),
      )
    },
  }
}

function overviewItem(context: ApiContext, overview: Overview): Endpoint {
  const { kind, insight } = overview
  return {
    right: readRight(kind),
    operation: 'Could not retrieve a resource',
    async handle(request) {
      const key = await keyOfPath(context, kind, request)
      const resource = await context.store.get(key)
      if (resource === null) return notFound('Could not retrieve a resource')
      const stored = await context.store.get({ ...key, type: insight })
      return ok(shown(context, overview, resource, live(context, overview, resource) ?? stored?.spec ?? {}))
    },
  }
}

/** From memory, else what the store has of it; undefined: never connected. */
async function insights(
  context: ApiContext,
  overview: Overview,
  mesh: string | undefined,
): Promise<(resource: Resource) => unknown> {
  const stored = await context.store.list(overview.insight, mesh)
  const specOf = new Map(stored.map(insight => [`${insight.mesh}/${insight.name}`, insight.spec]))
  return resource => live(context, overview, resource) ?? specOf.get(`${resource.mesh}/${resource.name}`)
}

/** Only data planes connect to a control plane that works alone. */
function live(context: ApiContext, { kind }: Overview, { mesh, name }: Resource): unknown {
  return kind === dataplane ? context.insight(mesh, name) : undefined
}

function shown(
  context: ApiContext,
  { kind, parts }: Overview,
  resource: Resource,
  insight: unknown,
): unknown {
  return {
    ...showResource(kind, { ...resource, type: `${kind.type}Overview`, spec: {} }),
    [parts[0]]: (kind === dataplane ? withReadiness(context, resource) : resource).spec,
    ...(insight === undefined ? {} : { [parts[1]]: insight }),
  }
}
