/**
 * The legacy policies that act on a data plane (Kuma semantics 1.4 to 1.8): exactly one for an outbound, a called service
 * or the data plane; one, or all that match, for an inbound. Source and destination ranks add up for outgoing calls; for
 * incoming ones the sources play no part in the choice.
 */
import type { Resource } from '../../kinds/kind.ts'
import {
  type DataplaneInbound,
  type DataplaneSpec,
  outboundsOf,
  tagSetsOf,
} from '../../kinds/proxy/dataplane.ts'
import { SERVICE_TAG } from '../../kinds/spiffe.ts'
import type { MeshView } from '../view.ts'
import {
  addRanks,
  bestOf,
  bestRank,
  byPrecedence,
  type Ranked,
  type Selectors,
  winnerOf,
} from './selector.ts'

type Dataplane = Resource<DataplaneSpec>
type Tags = Readonly<Record<string, string>>

/** Calls to what is no part of the mesh. */
export const PASS_THROUGH = 'pass_through'

/** The policy of a type for calls of this data plane to `service`; undefined: none matches both ends. */
export function outboundPolicy(
  view: MeshView,
  type: string,
  dataplane: Dataplane,
  service: string,
): Resource | undefined {
  return connectionPolicy(view, type, tagSetsFor(dataplane), { [SERVICE_TAG]: service })
}

/** As `outboundPolicy`, for a caller with these tag sets and a destination with all of its tags. */
export function connectionPolicy(
  view: MeshView,
  type: string,
  sources: readonly Tags[],
  destination: Tags,
): Resource | undefined {
  return winnerOf(
    view.policies(type).flatMap(policy => {
      const source = bestRank(selectorsOf(policy, 'sources'), sources)
      const target = bestRank(selectorsOf(policy, 'destinations'), [destination])
      return source === null || target === null ? [] : [{ policy, rank: addRanks(source, target) }]
    }),
  )
}

/** The one policy whose destinations fit an inbound (or an external service) best. */
export function inboundPolicy(view: MeshView, type: string, tags: Tags): Resource | undefined {
  return winnerOf(inboundCandidates(view, type, tags))
}

/** All policies whose destinations fit an inbound: the most specific source first. */
export function inboundPolicies(
  view: MeshView,
  type: string,
  inbound: DataplaneInbound,
): readonly Resource[] {
  return inboundCandidates(view, type, inbound.tags)
    .map(({ policy }): Ranked => {
      const [first] = selectorsOf(policy, 'sources')
      return { policy, rank: rankOfSource(first?.match ?? {}) }
    })
    .toSorted(byPrecedence)
    .map(({ policy }) => policy)
}

/** The one policy with `selectors` that fits the data plane best. */
export function dataplanePolicy(view: MeshView, type: string, dataplane: Dataplane): Resource | undefined {
  return bestOf(view.policies(type), policy => selectorsOf(policy, 'selectors'), tagSetsFor(dataplane))
}

/** Services that a data plane calls: its outbounds and where TrafficRoutes send those calls. Sorted. */
export function calledServices(view: MeshView, dataplane: Dataplane): readonly string[] {
  const services = new Set<string>()
  for (const { service, tags } of outboundsOf(dataplane.spec)) {
    services.add(service)
    const route = outboundPolicy(view, 'TrafficRoute', dataplane, service)
    for (const destination of route === undefined ? [] : destinationsOf(route)) {
      const named = destination[SERVICE_TAG]
      services.add(named === undefined || named === '*' ? (tags[SERVICE_TAG] ?? service) : named)
    }
  }
  return [...services].sort()
}

export function selectorsOf(policy: Resource, field: 'sources' | 'destinations' | 'selectors'): Selectors {
  return (policy.spec as Readonly<Record<string, Selectors | undefined>>)[field] ?? []
}

/** A data plane without gateway has an empty tag map beside its inbounds: an empty selector fits it. */
export function tagSetsFor({ spec }: Dataplane): readonly Tags[] {
  const sets = tagSetsOf(spec)
  return spec.networking?.gateway === undefined ? [...sets, {}] : sets
}

function inboundCandidates(view: MeshView, type: string, tags: Tags): readonly Ranked[] {
  return view.policies(type).flatMap(policy => {
    const rank = bestRank(selectorsOf(policy, 'destinations'), [tags])
    return rank === null ? [] : [{ policy, rank }]
  })
}

function rankOfSource(match: Tags): Ranked['rank'] {
  const values = Object.values(match)
  const wildcard = values.filter(value => value === '*').length
  return { exact: values.length - wildcard, wildcard }
}

interface RouteConf {
  readonly destination?: Tags | undefined
  readonly split?: readonly { readonly destination?: Tags | undefined }[] | undefined
}

function destinationsOf(route: Resource): readonly Tags[] {
  const { conf } = route.spec as { conf?: RouteConf & { readonly http?: readonly RouteConf[] | undefined } }
  return [conf ?? {}, ...(conf?.http ?? [])].flatMap(({ destination, split = [] }) =>
    [destination, ...split.map(one => one.destination)].filter(tags => tags !== undefined),
  )
}
