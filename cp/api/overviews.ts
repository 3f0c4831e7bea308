/**
 * DataplaneOverview: a Dataplane and what is known of its proxy in one object (kuma-api 1.9), on the present paths
 * and the older ones with a plus. In lists the second part is absent where there is none; on an item it is empty.
 */
import type { Resource } from '../kinds/kind.ts'
import { dataplane as kind } from '../kinds/proxy/dataplane.ts'
import { showResource } from '../kinds/show.ts'
import { ok } from './http/answer.ts'
import { INSIGHT } from './insights.ts'
import { listAnswer } from './lists.ts'
import { notFound } from './problem.ts'
import type { ApiContext, Endpoint } from './request.ts'
import { keyOfPath, readRight, requireMesh } from './resources.ts'

export function overviewList(context: ApiContext): Endpoint {
  return {
    right: readRight(kind),
    operation: 'Could not retrieve resources',
    async handle(request) {
      const mesh = request.params['mesh']
      if (mesh !== undefined) await requireMesh(context, mesh)
      const all = await context.store.list(kind.type, mesh)
      const insightOf = await insights(context, mesh)
      return listAnswer(request, kind, all, resource => overview(resource, insightOf(resource)))
    },
  }
}

export function overviewItem(context: ApiContext): Endpoint {
  return {
    right: readRight(kind),
    operation: 'Could not retrieve a resource',
    async handle(request) {
      const key = await keyOfPath(context, kind, request)
      const resource = await context.store.get(key)
      if (resource === null) return notFound('Could not retrieve a resource')
      const stored = await context.store.get({ ...key, type: INSIGHT })
      return ok(overview(resource, context.insight(key.mesh, key.name) ?? stored?.spec ?? {}))
    },
  }
}

/** From memory, else what the store has of it; undefined: never connected. */
async function insights(
  context: ApiContext,
  mesh: string | undefined,
): Promise<(dataplane: Resource) => unknown> {
  const stored = await context.store.list(INSIGHT, mesh)
  const specOf = new Map(stored.map(insight => [`${insight.mesh}/${insight.name}`, insight.spec]))
  return ({ mesh, name }) => context.insight(mesh, name) ?? specOf.get(`${mesh}/${name}`)
}

function overview(resource: Resource, insight: unknown): unknown {
  return {
    ...showResource(kind, { ...resource, type: 'DataplaneOverview', spec: {} }),
    dataplane: resource.spec,
    ...(insight === undefined ? {} : { dataplaneInsight: insight }),
  }
}
