/**
 * Where policies are attached to a data plane (kuma-api 1.10): to an inbound, an outbound, a called service, or to the
 * data plane as a whole, as all policies with a targetRef are.
 */
import type { Kind, Resource } from '../../kinds/kind.ts'
import { type DataplaneSpec, inboundsOf, outboundsOf } from '../../kinds/proxy/dataplane.ts'
import { kinds } from '../../kinds/registry.ts'
import { type LegacyMatching, traitsOf } from '../../kinds/schema/policy-traits.ts'
import {
  calledServices,
  dataplanePolicy,
  inboundPolicies,
  inboundPolicy,
  outboundPolicy,
  PASS_THROUGH,
} from '../../match/legacy/connection.ts'
import { selectedPolicies } from '../../match/selection.ts'
import type { MeshView } from '../../match/view.ts'

type Dataplane = Resource<DataplaneSpec>

export interface Attachment {
  readonly type: 'inbound' | 'outbound' | 'service' | 'dataplane'
  /** Empty for a data plane. */
  readonly name: string
  readonly service: string
  /** By type; lowest precedence first. No list is empty. */
  readonly policies: ReadonlyMap<string, readonly Resource[]>
}

const TYPES: readonly Attachment['type'][] = ['inbound', 'outbound', 'service', 'dataplane']

/** By type, then name; without those that no policy is attached to. */
export function attachmentsOf(
  view: MeshView,
  dataplane: Dataplane,
  of = policyKinds(),
): readonly Attachment[] {
  const inbounds = inboundsOf(dataplane.spec).map(inbound => ({
    type: 'inbound' as const,
    name: `${inbound.address}:${inbound.port}:${inbound.servicePort}`,
    service: inbound.service,
    policies: collected(of, kind => {
      const { legacy } = traitsOf(kind)
      if (legacy === 'inbound') return listOf(inboundPolicy(view, kind.type, inbound.tags))
      return legacy === 'inbound-all' ? inboundPolicies(view, kind.type, inbound) : []
    }),
  }))
  const outbounds = outboundsOf(dataplane.spec).map(({ address, port, service }) => ({
    type: 'outbound' as const,
    name: `${address}:${port}`,
    service,
    policies: collected(ofLegacy(of, 'outbound'), kind =>
      listOf(outboundPolicy(view, kind.type, dataplane, service)),
    ),
  }))
  const ofServices = ofLegacy(of, 'service')
  const called = ofServices.length === 0 ? [] : [...calledServices(view, dataplane), PASS_THROUGH]
  const services = called.map(service => ({
    type: 'service' as const,
    name: service,
    service,
    policies: collected(ofServices, kind =>
      // calls to outside are logged, nothing else
      service === PASS_THROUGH && kind.type !== 'TrafficLog'
        ? []
        : listOf(outboundPolicy(view, kind.type, dataplane, service)),
    ),
  }))
  const whole = {
    type: 'dataplane' as const,
    name: '',
    service: '',
    policies: collected(of, kind => {
      const { legacy, isTargetRef } = traitsOf(kind)
      if (isTargetRef) return selectedPolicies(view, kind.type, dataplane)
      return legacy === 'dataplane' ? listOf(dataplanePolicy(view, kind.type, dataplane)) : []
    }),
  }
  return [...inbounds, ...outbounds, ...services, whole]
    .filter(({ policies }) => policies.size > 0)
    .sort((a, b) => TYPES.indexOf(a.type) - TYPES.indexOf(b.type) || (a.name < b.name ? -1 : 1))
}

/** Its name and service, where it has them. */
export function showAttachment({ type, name, service }: Attachment): object {
  return { type, ...(name === '' ? {} : { name }), ...(type === 'dataplane' ? {} : { service }) }
}

function policyKinds(): readonly Kind[] {
  return kinds.filter(kind => kind.isPolicy).toSorted((a, b) => (a.type < b.type ? -1 : 1))
}

function ofLegacy(of: readonly Kind[], matching: LegacyMatching): readonly Kind[] {
  return of.filter(kind => traitsOf(kind).legacy === matching)
}

function collected(
  of: readonly Kind[],
  policiesOf: (kind: Kind) => readonly Resource[],
): ReadonlyMap<string, readonly Resource[]> {
  return new Map(
    of.map(kind => [kind.type, policiesOf(kind)] as const).filter(([, policies]) => policies.length > 0),
  )
}

function listOf(policy: Resource | undefined): readonly Resource[] {
  return policy === undefined ? [] : [policy]
}
