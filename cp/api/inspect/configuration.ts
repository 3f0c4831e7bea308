/**
 * What a data plane is to run: `_config`, the sections of the wanted snapshot by name, on request with shadow policies
 * and the difference that they make (kuma-api 1.10); `_outbounds`, the ports that its application calls with what is
 * behind them, for data planes that never connected too.
 */
import { jsonChanges } from '#base/text/json-changes.ts'
import { dataplane as kind } from '../../kinds/proxy/dataplane.ts'
import type { OutboundStatus } from '../../push/questions/questions.ts'
import { type OutboundPreview, outboundPreview, previewOf } from '../../snapshot/preview.ts'
import { ok } from '../http/answer.ts'
import { INSIGHT } from '../insights/live.ts'
import { notFound } from '../problem.ts'
import type { ApiContext, Endpoint } from '../request.ts'
import { readRight, requireMesh } from '../resources.ts'

export function configurationEndpoint(context: ApiContext): Endpoint {
  return {
    right: { check: 'before', action: { type: 'view', what: 'config dump', proxy: kind.type } },
    operation: 'Could not build the configuration of a data plane',
    async handle({ params, query }) {
      const { mesh = '', name = '' } = params
      await requireMesh(context, mesh)
      const view = context.live.mesh(mesh)
      const isShadow = query.get('shadow') === 'true'
      const xds = view === undefined ? null : previewOf(view, name, { withShadow: isShadow })
      if (view === undefined || xds === null) return notFound('Could not get dataplane resource')
      if (!(await wasEverConnected(context, mesh, name))) return notFound('Failed to fetch dataplane insight')
      if (!query.getAll('include').some(one => one.split(',').includes('diff'))) return ok({ xds })
      const diff = isShadow ? jsonChanges(previewOf(view, name), xds) : []
      return ok({
        xds,
        diff: diff.map(({ op, path, value }) => ({ op, path, ...(op === 'remove' ? {} : { value }) })),
      })
    },
  }
}

export function outboundsEndpoint(context: ApiContext): Endpoint {
  return {
    right: readRight(kind),
    operation: 'Could not list the outbounds of a data plane',
    async handle({ params }) {
      const { mesh = '', name = '' } = params
      await requireMesh(context, mesh)
      const view = context.live.mesh(mesh)
      const outbounds = view === undefined ? null : outboundPreview(view, name)
      if (outbounds === null) return notFound('Could not get dataplane resource')
      const statuses = await knownStatuses(context, mesh, name)
      return ok({ total: outbounds.length, items: outbounds.map(outbound => show(outbound, statuses)) })
    },
  }
}

async function wasEverConnected(
  { insight, store }: ApiContext,
  mesh: string,
  name: string,
): Promise<boolean> {
  return insight(mesh, name) !== undefined || (await store.get({ type: INSIGHT, mesh, name })) !== null
}

/** What the data plane itself sees of its destinations; none when it cannot be asked. */
async function knownStatuses(
  { live }: ApiContext,
  mesh: string,
  name: string,
): Promise<readonly OutboundStatus[]> {
  try {
    return (await live.questions.statistics(mesh, name)).outbounds
  } catch {
    return []
  }
}

/** Of dates. */
const LAST_TIME_MS = 8_640_000_000_000_000

/** `endpoints` are those of the destination itself; `targets` all that calls may go to, of other clusters with their name. */
function show(outbound: OutboundPreview, statuses: readonly OutboundStatus[]): unknown {
  const { address, port, protocol, service, cluster, endpoints, others } = outbound
  const status = statuses.find(one => one.address === address && one.port === port)
  const own = targetsOf(endpoints, status?.cluster === cluster ? status.endpoints : [])
  const elsewhere = others.flatMap(({ cluster, endpoints }) => {
    const seen = status?.others?.find(one => one.cluster === cluster)?.endpoints ?? []
    return targetsOf(endpoints, seen).map(target => ({ cluster, ...target }))
  })
  const healthy = own.filter(target => target.healthy).length
  return {
    address,
    port,
    protocol,
    destination: { service },
    endpoints: { total: own.length, healthy },
    targets: [...own, ...elsewhere],
  }
}

/** Endpoints are healthy until the data plane says otherwise: the control plane lists only those that serve. */
function targetsOf(endpoints: OutboundPreview['endpoints'], seen: OutboundStatus['endpoints']) {
  return endpoints.map(({ dataplane, address, port }) => {
    const known = seen.find(one => one.address === address && one.port === port)
    const marks = (known?.marks ?? []).map(({ cause, reason, sinceMs }) => ({
      cause,
      reason,
      since: new Date(Math.min(sinceMs, LAST_TIME_MS)).toISOString(),
    }))
    const healthy = known?.healthy ?? true
    return { dataplane, address, port, healthy, ...(marks.length > 0 && { marks }) }
  })
}
