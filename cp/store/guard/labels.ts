/**
 * The labels that the control plane adds to what people write, and the rules for those of `kuma.io/` that they write
 * themselves (kuma-api 4.2). In: a draft and its kind. Out: all labels, sorted, or violations.
 */
import { isDeepStrictEqual } from 'node:util'
import { keyAt } from '../../kinds/field-path.ts'
import type { Kind, Labels, ResourceDraft, Violation } from '../../kinds/kind.ts'
import { DISPLAY_NAME_LABEL, DNS_LABEL_RULE, isDnsLabel, sortedLabels, ZONE_LABEL } from '../../kinds/meta.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'

const MESH_LABEL = 'kuma.io/mesh'
const ORIGIN_LABEL = 'kuma.io/origin'
const ENV_LABEL = 'kuma.io/env'
const WORKLOAD_LABEL = 'kuma.io/workload'

const IMMUTABLE = [ORIGIN_LABEL, ZONE_LABEL, DISPLAY_NAME_LABEL]

/**
 * A label that was sent stays, but for those that follow from the spec. Who sends what is stored changes nothing: what
 * the control plane itself made has, as in Kuma, not the labels of what people write.
 * @param zone name of this control plane's zone
 * @param before undefined: the resource is new
 */
export function computeLabels(kind: Kind, draft: ResourceDraft, zone: string, before?: Labels): Labels {
  const ofSpec =
    draft.type === 'Dataplane'
      ? labelsOfDataplane(draft.spec as DataplaneSpec)
      : (ZONE_PROXY_LABELS[draft.type] ?? {})
  const added = isDeepStrictEqual(draft.labels, before) ? {} : addedLabels(kind, draft.mesh, zone)
  return sortedLabels({ ...added, ...draft.labels, ...ofSpec })
}

/** Faults of labels whose syntax is right. There is no global control plane, so nothing has its origin there. */
export function labelViolations(kind: Kind, draft: ResourceDraft, zone: string): readonly Violation[] {
  const violations: Violation[] = []
  const check = (label: string, isRight: (value: string) => boolean, message: string): void => {
    const value = draft.labels[label]
    if (value === undefined || isRight(value)) return
    violations.push({
      field: keyAt('labels', label),
      message: message.replace('VALUE', JSON.stringify(value)),
    })
  }
  if (kind.scope === 'Mesh') {
    check(
      MESH_LABEL,
      value => value === draft.mesh,
      'kuma.io/mesh label must not differ from mesh set on resource',
    )
  }
  const origin = draft.labels[ORIGIN_LABEL]
  const noGlobal = 'origin "global" is not possible: this control plane has no global one above it; use zone'
  check(
    ORIGIN_LABEL,
    value => value === 'zone',
    origin === 'global' ? noGlobal : 'unknown resource origin VALUE',
  )
  check(ZONE_LABEL, value => value === zone, `kuma.io/zone label should have ${zone} value`)
  if (kind.type === 'Dataplane') check(WORKLOAD_LABEL, isDnsLabel, DNS_LABEL_RULE)
  return violations
}

/** Both after computation. */
export function immutableLabelViolations(before: Labels, after: Labels): readonly Violation[] {
  return IMMUTABLE.flatMap(label => {
    const [was, is] = [before[label], after[label]]
    if (was === undefined || was === is) return []
    const message =
      is === undefined
        ? `is immutable, cannot be removed (was ${JSON.stringify(was)})`
        : `is immutable, cannot be changed from ${JSON.stringify(was)} to ${JSON.stringify(is)}`
    return [{ field: keyAt('labels', label), message }]
  })
}

function addedLabels(kind: Kind, mesh: string, zone: string): Labels {
  const ofMesh = { [MESH_LABEL]: mesh }
  const ofZone = { [ENV_LABEL]: 'universal', [ORIGIN_LABEL]: 'zone', [ZONE_LABEL]: zone }
  switch (kind.computedLabels) {
    case 'none':
      return {}
    case 'mesh':
      return ofMesh
    case 'zone':
      return ofZone
    case 'full':
      return { ...ofMesh, ...ofZone }
  }
}

const ZONE_PROXY_LABELS: Readonly<Record<string, Labels>> = {
  ZoneIngress: { 'kuma.io/proxy-type': 'zoneingress' },
  ZoneEgress: { 'kuma.io/proxy-type': 'zoneegress' },
}

/** A delegated gateway is a sidecar. */
function labelsOfDataplane(spec: DataplaneSpec): Labels {
  const { gateway, listeners = [] } = spec.networking ?? {}
  const has = (type: string): boolean => listeners.some(listener => listener.type === type)
  return {
    'kuma.io/proxy-type': gateway?.type === 'BUILTIN' ? 'gateway' : 'sidecar',
    ...(has('ZoneIngress') ? { 'kuma.io/listener-zoneingress': 'enabled' } : {}),
    ...(has('ZoneEgress') ? { 'kuma.io/listener-zoneegress': 'enabled' } : {}),
  }
}
