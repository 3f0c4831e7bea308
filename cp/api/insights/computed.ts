/** Kinds that nobody stores as they are shown: type → how one and all of them are found out at this moment. */
import type { Resource, ResourceKey } from '../../kinds/kind.ts'
import type { ApiContext } from '../request.ts'
import { liveInsight, liveInsights } from './live.ts'
import { meshInsight, meshInsights } from './mesh-insights.ts'
import { serviceInsight, serviceInsights } from './service-insights.ts'

export interface Computed {
  one(context: ApiContext, key: ResourceKey): Promise<Resource | null>
  /** In the order of lists. */
  all(context: ApiContext, mesh: string | undefined): Promise<readonly Resource[]>
}

/** undefined: the store has it. */
export function computedKind(type: string): Computed | undefined {
  return COMPUTED[type]
}

const COMPUTED: Readonly<Record<string, Computed>> = {
  // in the store up to half a minute later
  DataplaneInsight: { one: liveInsight, all: liveInsights },
  MeshInsight: { one: (context, { name }) => meshInsight(context, name), all: meshInsights },
  ServiceInsight: {
    one: (context, { mesh, name }) => serviceInsight(context, mesh, name),
    all: serviceInsights,
  },
}
