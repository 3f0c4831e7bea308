/**
 * Retry and MeshRetry → which calls of an outbound, or of a route, are made again (Kuma semantics 3.2, 2.13). A MeshRetry
 * takes the place of a Retry, by the section of the service's protocol.
 */
import type { OutboundListener } from '#contract/listener.ts'
import type { Retry } from '#contract/resilience/retry.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import type {
  GrpcRetry,
  HttpRetry,
  Retry as MeshRetry,
  Predicate,
} from '../../kinds/resilience/retry-schema.ts'
import { outboundPolicy } from '../../match/legacy/connection.ts'
import { hasTags } from '../../match/select.ts'
import { type ServiceConf, selectedPolicies, serviceConf } from '../../match/selection.ts'
import type { MeshView } from '../../match/view.ts'
import type { Draft, OutboundDraft } from '../draft.ts'
import { commonProtocol } from '../protocol.ts'
import { addToListener, addToRoutes, authorOf, onceFor } from './outbound-parts.ts'
import { legacyGrpcRetry, legacyHttpRetry, legacyTcpRetry } from './retry-legacy.ts'
import { grpcRetry, httpRetry } from './retry-sections.ts'

type Section = 'http' | 'grpc' | 'tcp'

export function compileRetry(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  const policies = selectedPolicies(view, 'MeshRetry', dataplane)
  for (const target of draft.outbounds) {
    const section = sectionOf(view, target)
    const parts = partsFor(view, policies, dataplane, target, section)
    if (parts !== null) addToListener(target, parts)
    if (section !== 'tcp')
      addToRoutes(view, policies, target, conf => meshParts(view, target, section, conf) ?? NOTHING)
  }
}

function sectionOf(view: MeshView, { listener, outbound }: OutboundDraft): Section {
  if (listener.protocol === 'tcp') return 'tcp'
  return commonProtocol(view, outbound.service) === 'grpc' ? 'grpc' : 'http'
}

/** null: nothing is said. */
function partsFor(
  view: MeshView,
  policies: readonly Resource[],
  dataplane: Resource<DataplaneSpec>,
  target: OutboundDraft,
  section: Section,
): Partial<OutboundListener> | null {
  const { service } = target.outbound
  const conf = serviceConf(view, policies, service)
  if (conf !== undefined) return meshParts(view, target, section, conf)
  const legacy = outboundPolicy(view, 'Retry', dataplane, service)
  return legacy === undefined ? null : LEGACY[section](legacy)
}

function meshParts(
  view: MeshView,
  { outbound }: OutboundDraft,
  section: Section,
  conf: ServiceConf,
): Partial<OutboundListener> | null {
  const parts = MESH[section](conf)
  const predicates = section === 'http' ? (hostSelectionOf(conf) ?? []) : []
  const omitted = parts?.retry === undefined ? [] : omittedEndpoints(view, outbound.service, predicates)
  if (parts?.retry === undefined || omitted.length === 0) return parts
  return { retry: { ...parts.retry, omittedEndpoints: omitted } }
}

const MESH: Readonly<Record<Section, (conf: ServiceConf) => Partial<OutboundListener> | null>> = {
  http: onceFor(said => {
    const { http } = said.conf as MeshRetry
    return http === undefined ? null : { retry: httpRetry(http as HttpRetry, authorOf(said)) }
  }),
  grpc: onceFor(said => {
    const { grpc } = said.conf as MeshRetry
    return grpc === undefined ? null : { retry: grpcRetry(grpc as GrpcRetry, authorOf(said)) }
  }),
  tcp: onceFor(said => {
    const count = (said.conf as MeshRetry).tcp?.maxConnectAttempt
    return count === undefined ? null : { connectAttempts: count }
  }),
}

const LEGACY: Readonly<Record<Section, (policy: Resource) => Partial<OutboundListener> | null>> = {
  http: onceFor(policy => retryParts(legacyHttpRetry(policy))),
  grpc: onceFor(policy => retryParts(legacyGrpcRetry(policy))),
  tcp: onceFor(policy => {
    const count = legacyTcpRetry(policy)
    return count === undefined ? null : { connectAttempts: count }
  }),
}

function retryParts(retry: Retry | null): { readonly retry: Retry } | null {
  return retry === null ? null : { retry }
}

const NOTHING = {}

function hostSelectionOf({ conf }: ServiceConf): readonly Predicate[] | undefined {
  return (conf as MeshRetry).http?.hostSelection
}

/** As the data plane names endpoints. */
function omittedEndpoints(
  view: MeshView,
  service: string,
  predicates: readonly Predicate[],
): readonly string[] {
  const sets = predicates.flatMap(({ predicate, tags }) =>
    predicate === 'OmitHostsWithTags' && tags !== undefined ? [tags] : [],
  )
  if (sets.length === 0) return []
  return view
    .instancesOf(service)
    .filter(instance => sets.some(tags => hasTags(instance.tags, tags)))
    .map(({ address, port }) => `${address} ${port}`)
}
