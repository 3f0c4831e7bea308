/** `_status` of one data plane and of all, with the filters and pages of Dataplanes. */
import type { Resource } from '../../kinds/kind.ts'
import { type DataplaneSpec, dataplane as kind } from '../../kinds/proxy/dataplane.ts'
import type { DataplaneInsightSpec } from '../../kinds/proxy/dataplane-insight.ts'
import type { Shown } from '../../kinds/table/columns.ts'
import { statusTable } from '../../kinds/table/status.ts'
import { ok } from '../http/answer.ts'
import { INSIGHT } from '../insights/live.ts'
import { listAnswer } from '../lists.ts'
import { notFound } from '../problem.ts'
import type { ApiContext, Endpoint, Route } from '../request.ts'
import { keyOfPath, readRight, requireMesh } from '../resources.ts'
import { statusOf } from './status.ts'

export function statusRoutes(context: ApiContext): readonly Route[] {
  const list = { GET: statusList(context) }
  return [
    { path: '/dataplanes/_status', methods: list },
    { path: '/meshes/:mesh/dataplanes/_status', methods: list },
    { path: '/meshes/:mesh/dataplanes/:name/_status', methods: { GET: statusItem(context) } },
  ]
}

function statusList(context: ApiContext): Endpoint {
  return {
    right: readRight(kind),
    operation: 'Could not retrieve resources',
    async handle(request) {
      const mesh = request.params['mesh']
      if (mesh !== undefined) await requireMesh(context, mesh)
      const all = await context.store.list(kind.type, mesh)
      const stored = await context.store.list(INSIGHT, mesh)
      const specOf = new Map(stored.map(insight => [`${insight.mesh}/${insight.name}`, insight.spec]))
      const item = (dataplane: Resource): Shown =>
        show(context, dataplane, specOf.get(`${dataplane.mesh}/${dataplane.name}`))
      return listAnswer(request, kind, all, item, { table })
    },
  }
}

function statusItem(context: ApiContext): Endpoint {
  return {
    right: readRight(kind),
    operation: 'Could not retrieve a resource',
    async handle(request) {
      const key = await keyOfPath(context, kind, request)
      const dataplane = await context.store.get(key)
      if (dataplane === null) return notFound('Could not retrieve a resource')
      const stored = await context.store.get({ ...key, type: INSIGHT })
      const shown = show(context, dataplane, stored?.spec)
      return { ...ok(shown), plain: () => table([shown]) }
    },
  }
}

function table(items: readonly Shown[]): string {
  return statusTable(items, Date.now())
}

/** What is in memory is newer than what is stored. */
function show(context: ApiContext, dataplane: Resource, stored: unknown): Shown {
  const insight = context.insight(dataplane.mesh, dataplane.name) ?? stored
  return statusOf(
    context,
    dataplane as Resource<DataplaneSpec>,
    insight as DataplaneInsightSpec | undefined,
    Date.now(),
  )
}
