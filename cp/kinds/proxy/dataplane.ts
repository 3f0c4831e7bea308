/**
 * Dataplane: one proxy beside one workload, what it offers (inbounds) and what it calls (outbounds). Flat. The shape
 * is in `dataplane-schema.ts`, the checks in `dataplane-check.ts`; here are the kind and what others ask of a spec.
 */

import { fieldAt, itemAt, keyAt } from '../field-path.ts'
import { PROTOCOL_TAG, type Tags, ZONE_TAG } from '../fields.ts'
import { defineKind, type Unenforced } from '../kind.ts'
import { unenforcedFields } from '../schema/unenforced.ts'
import { SERVICE_TAG } from '../spiffe.ts'
import { dataplaneViolations } from './dataplane-check.ts'
import { type DataplaneSpec, dataplaneSchema, type ServiceProbeSpec } from './dataplane-schema.ts'

export type { DataplaneSpec, ServiceProbeSpec } from './dataplane-schema.ts'

/** An inbound with all its defaults. */
export interface DataplaneInbound {
  /** Where the proxy listens. */
  readonly address: string
  readonly port: number
  /** The address that callers use. */
  readonly advertisedAddress: string
  /** Where the application listens. */
  readonly serviceAddress: string
  readonly servicePort: number
  /** `kuma.io/service`; empty where the inbound has no such tag. */
  readonly service: string
  /** grpc, http, http2, kafka or tcp. */
  readonly protocol: string
  readonly tags: Tags
  readonly state: 'Ready' | 'NotReady' | 'Ignored'
  /** The Dataplane tells how its application is; else nobody does: `Ready` is what is written where nothing is. */
  readonly isHealthTold: boolean
  /** How the data plane asks the application; null: it does not. */
  readonly probe: ServiceProbeSpec | null
  /** Its section name: the port where it has no name. */
  readonly name: string
}

export interface DataplaneOutbound {
  readonly address: string
  readonly port: number
  readonly service: string
  readonly tags: Tags
}

const LOCALHOST = '127.0.0.1'

export function inboundsOf(spec: DataplaneSpec): readonly DataplaneInbound[] {
  const { networking } = spec
  return (networking?.inbound ?? []).map(inbound => {
    const address = inbound.address || networking?.address || ''
    const tags = inbound.tags ?? {}
    return {
      address,
      port: inbound.port,
      advertisedAddress: networking?.advertisedAddress || address,
      serviceAddress: inbound.serviceAddress || LOCALHOST,
      servicePort: inbound.servicePort || inbound.port,
      service: tags[SERVICE_TAG] ?? '',
      protocol: inbound.protocol || tags[PROTOCOL_TAG] || 'tcp',
      tags,
      state: stateOf(inbound),
      isHealthTold: inbound.health !== undefined,
      probe: inbound.serviceProbe ?? null,
      name: inbound.name || String(inbound.port),
    }
  })
}

/** Outbounds that name their destination by tags, in order; those with a `backendRef` are not among them. */
export function outboundsOf(spec: DataplaneSpec): readonly DataplaneOutbound[] {
  return (spec.networking?.outbound ?? []).flatMap(outbound => {
    const service = outbound.tags?.[SERVICE_TAG]
    if (service === undefined || outbound.backendRef !== undefined) return []
    return [
      { address: outbound.address || LOCALHOST, port: outbound.port, service, tags: outbound.tags ?? {} },
    ]
  })
}

/** The tags of each inbound, or those of the gateway. */
export function tagSetsOf(spec: DataplaneSpec): readonly Tags[] {
  const gateway = spec.networking?.gateway
  const inbounds = (spec.networking?.inbound ?? []).map(inbound => inbound.tags ?? {})
  return gateway === undefined ? inbounds : [gateway.tags ?? {}, ...inbounds]
}

/** The spec with `kuma.io/zone` on every inbound and the gateway, whatever they said. */
export function withZoneTag(spec: DataplaneSpec, zone: string): DataplaneSpec {
  const { networking } = spec
  if (networking === undefined) return spec
  const zoned = <T extends { tags?: Record<string, string> | undefined }>(owner: T): T => ({
    ...owner,
    tags: { ...owner.tags, [ZONE_TAG]: zone },
  })
  return {
    ...spec,
    networking: {
      ...networking,
      ...(networking.inbound === undefined ? {} : { inbound: networking.inbound.map(zoned) }),
      ...(networking.gateway === undefined ? {} : { gateway: zoned(networking.gateway) }),
    },
  }
}

export const dataplane = defineKind<DataplaneSpec>({
  type: 'Dataplane',
  path: 'dataplanes',
  scope: 'Mesh',
  encoding: 'flat',
  shortName: 'dp',
  doc:
    'A Dataplane describes one proxy: where it listens for calls of other members of the mesh (inbounds) and which ' +
    'services the application beside it calls, each on a local port (outbounds).',
  schema: dataplaneSchema,
  check: dataplaneViolations,
  unenforced: unenforcedIn,
})

type Inbound = NonNullable<NonNullable<DataplaneSpec['networking']>['inbound']>[number]

/** `health` without `ready` is the older way to say NotReady. */
function stateOf(inbound: Inbound): DataplaneInbound['state'] {
  if (inbound.state !== undefined && inbound.state !== 'Ready') return inbound.state
  return inbound.health !== undefined && inbound.health.ready !== true ? 'NotReady' : 'Ready'
}

function unenforcedIn(spec: DataplaneSpec): Unenforced[] {
  const inbounds = spec.networking?.inbound ?? []
  return [
    ...unenforcedFields(dataplaneSchema, spec, ''),
    ...inbounds.flatMap((inbound, i) => carriedAsTcp(inbound, itemAt('networking.inbound', i))),
  ]
}

function carriedAsTcp(inbound: Inbound, path: string): Unenforced[] {
  const protocol = inbound.protocol || inbound.tags?.[PROTOCOL_TAG] || 'tcp'
  if (!CARRIED_AS_TCP.includes(protocol)) return []
  const field = inbound.protocol ? fieldAt(path, 'protocol') : keyAt(fieldAt(path, 'tags'), PROTOCOL_TAG)
  const message = `${protocol} is carried as tcp: encrypted and permitted by connection, not by request`
  return [{ field, message, refusesTraffic: false }]
}

const CARRIED_AS_TCP: readonly string[] = ['kafka']
