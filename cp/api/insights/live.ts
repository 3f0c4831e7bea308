/**
 * DataplaneInsights as they are at this moment: the store has them up to half a minute later. One exists for each
 * Dataplane that was ever connected.
 */
import type { Resource, ResourceKey } from '../../kinds/kind.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import type { ApiContext } from '../request.ts'

export const INSIGHT = 'DataplaneInsight'

/** The Dataplane with what the probes of its inbounds say. */
export function withReadiness({ live }: ApiContext, dataplane: Resource): Resource<DataplaneSpec> {
  const { mesh, name, spec } = dataplane as Resource<DataplaneSpec>
  const readiness = live.mesh(mesh)?.readiness(name)
  return { ...dataplane, spec: readiness === undefined ? spec : readiness.shownIn(spec) }
}

export async function liveInsight(
  context: ApiContext,
  { mesh, name }: ResourceKey,
): Promise<Resource | null> {
  const [dataplane, stored] = await Promise.all([
    context.store.get({ type: 'Dataplane', mesh, name }),
    context.store.get({ type: INSIGHT, mesh, name }),
  ])
  return dataplane === null ? stored : merged(context, dataplane, stored)
}

/** In the order of the Dataplanes, which is that of lists. */
export async function liveInsights(
  context: ApiContext,
  mesh: string | undefined,
): Promise<readonly Resource[]> {
  const [dataplanes, stored] = await Promise.all([
    context.store.list('Dataplane', mesh),
    context.store.list(INSIGHT, mesh),
  ])
  const storedOf = new Map(stored.map(insight => [`${insight.mesh}/${insight.name}`, insight]))
  return dataplanes.flatMap(
    dataplane =>
      merged(context, dataplane, storedOf.get(`${dataplane.mesh}/${dataplane.name}`) ?? null) ?? [],
  )
}

function merged(context: ApiContext, dataplane: Resource, stored: Resource | null): Resource | null {
  const { mesh, name, creationTime } = dataplane
  const spec = context.insight(mesh, name)
  if (spec === undefined) return stored
  if (stored !== null) return { ...stored, spec }
  return {
    type: INSIGHT,
    mesh,
    name,
    labels: {},
    spec,
    creationTime,
    modificationTime: creationTime,
    revision: 0,
  }
}
