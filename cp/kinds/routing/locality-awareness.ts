/**
 * Locality of a MeshLoadBalancingStrategy (kuma-api 4.12): which endpoints of the own zone come first, and to which
 * zones calls go when those fail. Schema, and the rules with Kuma's messages.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { optional, required } from '../schema/doc.ts'
import type { TargetRef } from '../target-ref.ts'
import { intOrString, numberOf, percentageViolations } from '../values.ts'

const localZoneSchema = z.object({
  affinityTags: optional(
    z.array(
      z.object({
        key: required(z.string(), 'Name of a tag of Dataplanes.', { rule: 'not empty' }),
        weight: optional(z.int(), 'Share of the calls for endpoints that have the same value of it.', {
          default: '90 %, 9 %, 1 % by the order of the list',
          rule: 'above 0; all tags have one or none',
        }),
      }),
    ),
    'Endpoints that share these tags with the caller come first.',
  ),
})

const failoverSchema = z.object({
  from: optional(
    z.object({
      zones: required(z.array(z.string()), 'Names of zones.', { rule: 'not empty' }),
    }),
    'Zones of the callers.',
    { default: 'all zones' },
  ),
  to: required(
    z.object({
      type: required(
        z.enum(['None', 'Only', 'Any', 'AnyExcept']),
        'Which zones may get the calls: none, those of the list, all, or all but those of the list.',
      ),
      zones: optional(z.array(z.string()), 'Names of zones.', {
        rule: 'with Only and AnyExcept, not empty',
      }),
    }),
    'Zones that get the calls.',
  ),
})

const crossZoneSchema = z.object({
  failover: optional(z.array(failoverSchema), 'What happens in which zone; the first that fits decides.'),
  failoverThreshold: optional(
    z.object({
      percentage: required(intOrString, 'Share of live endpoints.', {
        unit: 'percent',
        rule: 'above 0, at most 100',
        typeText: 'whole number or decimal text',
      }),
    }),
    'Below this share of live endpoints calls go to the next zone too.',
    { default: '50' },
  ),
})

export const localityAwarenessSchema = z.object({
  disabled: optional(z.boolean(), 'Use all endpoints, wherever they are.', { default: 'false' }),
  localZone: optional(localZoneSchema, 'Endpoints of the own zone.'),
  crossZone: optional(crossZoneSchema, 'Endpoints of other zones.', {
    rule: 'not with a MeshService by labels or with a section, which is of one zone',
  }),
})

type LocalityAwareness = z.infer<typeof localityAwarenessSchema>

/** @param target of the item that it stands in */
export function localityViolations(
  awareness: LocalityAwareness | undefined,
  path: string,
  target: TargetRef | undefined,
): Violation[] {
  return [
    ...localZoneViolations(awareness?.localZone, fieldAt(path, 'localZone')),
    ...crossZoneViolations(awareness?.crossZone, fieldAt(path, 'crossZone'), target),
  ]
}

function localZoneViolations(localZone: LocalityAwareness['localZone'], path: string): Violation[] {
  const tags = localZone?.affinityTags ?? []
  const field = fieldAt(path, 'affinityTags')
  const weighted = tags.filter(tag => tag.weight !== undefined)
  const violations = tags.flatMap(({ key, weight }, i) => [
    ...(key === '' ? [violation(fieldAt(itemAt(field, i), 'key'), 'must not be empty')] : []),
    ...(weight !== undefined && weight <= 0
      ? [violation(fieldAt(itemAt(field, i), 'weight'), 'must be greater than 0')]
      : []),
  ])
  return weighted.length > 0 && weighted.length < tags.length
    ? [...violations, violation(field, 'all or none affinity tags should have weight')]
    : violations
}

function crossZoneViolations(
  crossZone: LocalityAwareness['crossZone'],
  path: string,
  target: TargetRef | undefined,
): Violation[] {
  if (crossZone === undefined) return []
  const { failover = [], failoverThreshold } = crossZone
  const isLocal =
    target?.kind === 'MeshService' &&
    ((target.sectionName ?? '') !== '' || Object.keys(target.labels ?? {}).length > 0)
  return [
    ...(isLocal ? [violation(path, 'must not be set: MeshService traffic is local')] : []),
    ...failover.flatMap((rule, i) => failoverViolations(rule, itemAt(fieldAt(path, 'failover'), i))),
    ...thresholdViolations(failoverThreshold?.percentage, fieldAt(path, 'failoverThreshold.percentage')),
  ]
}

function failoverViolations({ from, to }: z.infer<typeof failoverSchema>, path: string): Violation[] {
  const fromZones = fieldAt(path, 'from.zones')
  const violations = (from?.zones ?? []).flatMap((zone, i) =>
    zone === '' ? [violation(itemAt(fromZones, i), 'must not be empty')] : [],
  )
  if (from?.zones.length === 0) violations.push(violation(fromZones, 'must not be empty'))
  const takesZones = to.type === 'Only' || to.type === 'AnyExcept'
  const hasZones = (to.zones ?? []).length > 0
  if (takesZones !== hasZones) {
    const rule = takesZones ? 'must not be empty' : 'must be empty'
    violations.push(violation(fieldAt(path, 'to.zones'), `${rule} when type is ${to.type}`))
  }
  return violations
}

function thresholdViolations(percentage: string | number | undefined, field: string): Violation[] {
  const violations = percentageViolations(percentage, field)
  return percentage !== undefined && numberOf(percentage) === 0
    ? [violation(field, 'must be greater than 0')]
    : violations
}
