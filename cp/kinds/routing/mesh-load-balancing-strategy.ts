/**
 * MeshLoadBalancingStrategy: which endpoint of a service gets a call (kuma-api 4.12). What a hash is made of is in
 * `hash-policy.ts`, zones are in `locality-awareness.ts`.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { ANY_PROXY, policyViolations, toField, topTargetRef } from '../policy.ts'
import { optional, required } from '../schema/doc.ts'
import { type TargetRef, type TargetRefRules, topLevelWarnings } from '../target-ref.ts'
import { intOrString, numberOf } from '../values.ts'
import { hashPoliciesField, hashPoliciesViolations, hashPoliciesWarnings } from './hash-policy.ts'
import { localityAwarenessSchema, localityViolations } from './locality-awareness.ts'
import { unenforcedParts } from './unenforced-refs.ts'

const MAX_RING_SIZE = 8_000_000
const MAX_TABLE_SIZE = 5_000_011

const ringSize = z.int().min(1).max(MAX_RING_SIZE)
const OLD_PLACE = 'not together with default.hashPolicies, which replaces it'

const loadBalancerSchema = z.object({
  type: required(
    z.enum(['RoundRobin', 'LeastRequest', 'RingHash', 'Random', 'Maglev']),
    'How an endpoint is chosen; the field of that name says more.',
  ),
  roundRobin: optional(z.object({}), 'One after the other.', { rule: 'with type RoundRobin' }),
  leastRequest: optional(
    z.object({
      choiceCount: optional(z.int().min(2), 'How many endpoints are picked at random and compared.', {
        default: '2',
        rule: 'at least 2',
      }),
      activeRequestBias: optional(
        intOrString,
        'How much running requests count against the weight of an endpoint; 0: not at all.',
        {
          default: '1',
          rule: '0 or more',
          typeText: 'whole number or decimal text',
          unenforced: { message: 'it is 1' },
        },
      ),
    }),
    'The one with the fewest running requests.',
    { rule: 'with type LeastRequest' },
  ),
  ringHash: optional(
    z.object({
      hashFunction: optional(z.enum(['XXHash', 'MurmurHash2']), 'How endpoints are put on the ring.', {
        default: 'XXHash',
      }),
      minRingSize: optional(ringSize, 'Places on the ring, at least.', {
        default: '1024',
        rule: `1 to ${MAX_RING_SIZE}, not above maxRingSize`,
      }),
      maxRingSize: optional(ringSize, 'Places on the ring, at most.', {
        default: String(MAX_RING_SIZE),
        rule: `1 to ${MAX_RING_SIZE}`,
      }),
      hashPolicies: hashPoliciesField('What the hash is made of.', OLD_PLACE),
    }),
    'The same endpoint for the same hash, by a ring.',
    { rule: 'with type RingHash' },
  ),
  random: optional(z.object({}), 'Any one.', { rule: 'with type Random' }),
  maglev: optional(
    z.object({
      tableSize: optional(z.int().min(1).max(MAX_TABLE_SIZE), 'Size of the table, best a prime number.', {
        default: '65537',
        rule: `1 to ${MAX_TABLE_SIZE}`,
      }),
      hashPolicies: hashPoliciesField('What the hash is made of.', OLD_PLACE),
    }),
    'The same endpoint for the same hash, by a table.',
    { rule: 'with type Maglev' },
  ),
})

const confSchema = z.object({
  localityAwareness: optional(localityAwarenessSchema, 'Preference for near endpoints.'),
  loadBalancer: optional(loadBalancerSchema, 'How an endpoint is chosen.', { default: 'RoundRobin' }),
  hashPolicies: hashPoliciesField(
    'What the hash is made of, for RingHash and Maglev.',
    'the only field with a MeshHTTPRoute as target',
  ),
})

const TOP = 'Mesh, MeshSubset, MeshService, MeshServiceSubset, MeshGateway, Dataplane'

const strategySchema = z.object({
  targetRef: topTargetRef(TOP),
  to: toField(confSchema, 'Mesh, MeshService, MeshMultiZoneService, MeshHTTPRoute'),
})

export type MeshLoadBalancingStrategySpec = z.infer<typeof strategySchema>
type Conf = z.infer<typeof confSchema>
type LoadBalancer = z.infer<typeof loadBalancerSchema>

const TARGET: TargetRefRules = { kinds: ['Mesh', 'MeshService', 'MeshMultiZoneService', 'MeshHTTPRoute'] }
const GATEWAY_TARGET: TargetRefRules = { kinds: ['Mesh', 'MeshService', 'MeshMultiZoneService'] }
const GATEWAY_BALANCER_TARGET: TargetRefRules = {
  kinds: ['Mesh'],
  kindMessage: "value 'MeshGateway' is not supported, only Mesh is allowed if loadBalancer is set",
}

export const meshLoadBalancingStrategy = defineKind<MeshLoadBalancingStrategySpec>({
  type: 'MeshLoadBalancingStrategy',
  path: 'meshloadbalancingstrategies',
  plural: 'meshloadbalancingstrategies',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mlbs',
  isPolicy: true,
  doc:
    'A MeshLoadBalancingStrategy says which endpoint of a service gets a call: the way of choosing, what keeps calls ' +
    'that belong together at one endpoint, and the preference for near ones.',
  schema: strategySchema,
  check: spec =>
    policyViolations<Conf>(spec, {
      top: ANY_PROXY,
      to: targetRules,
      conf: (conf, path, place) => confViolations(conf, path, place.targetRef),
    }),
  warnings: spec => [
    ...(spec.to ?? []).flatMap(({ default: conf }, i) =>
      confWarnings(conf, fieldAt(itemAt('spec.to', i), 'default')),
    ),
    ...topLevelWarnings(spec.targetRef),
  ],
  unenforced: spec => unenforcedParts(strategySchema, spec),
})

function targetRules(top: TargetRef, conf: Conf | undefined): TargetRefRules {
  if (top.kind !== 'MeshGateway') return TARGET
  return conf?.loadBalancer === undefined ? GATEWAY_TARGET : GATEWAY_BALANCER_TARGET
}

function confViolations(conf: Conf = {}, path: string, target: TargetRef | undefined): Violation[] {
  const balancer = fieldAt(path, 'loadBalancer')
  const locality = fieldAt(path, 'localityAwareness')
  const hash = hashPoliciesViolations(conf.hashPolicies, fieldAt(path, 'hashPolicies'))
  if (target?.kind === 'MeshHTTPRoute') {
    const rule = 'field is not allowed when targetRef.kind is MeshHTTPRoute, only hashPolicies is supported'
    return [
      ...hash,
      ...(conf.loadBalancer === undefined ? [] : [violation(balancer, rule)]),
      ...(conf.localityAwareness === undefined ? [] : [violation(locality, rule)]),
    ]
  }
  return [
    ...balancerViolations(conf.loadBalancer, balancer),
    ...localityViolations(conf.localityAwareness, locality, target),
    ...hash,
    ...(conf.hashPolicies === undefined ? [] : oldPlaces(conf.loadBalancer)).map(({ name }) =>
      violation(
        fieldAt(balancer, `${name}.hashPolicies`),
        'hashPolicies already specified in the root level',
      ),
    ),
  ]
}

function balancerViolations(balancer: LoadBalancer | undefined, path: string): Violation[] {
  if (balancer?.type === 'LeastRequest') {
    const field = fieldAt(path, 'leastRequest.activeRequestBias')
    const bias = balancer.leastRequest?.activeRequestBias
    if (bias === undefined) return []
    const number = numberOf(bias)
    if (number === null) return [violation(field, 'string must be a valid number')]
    return number < 0 ? [violation(field, 'must be greater or equal then: 0')] : []
  }
  const { minRingSize = 1, maxRingSize = MAX_RING_SIZE } = balancer?.ringHash ?? {}
  const used = oldPlaces(balancer).filter(({ type }) => type === balancer?.type)
  return [
    ...(minRingSize > maxRingSize
      ? [violation(fieldAt(path, 'ringHash.minRingSize'), 'must not be greater than maxRingSize')]
      : []),
    ...used.flatMap(({ name, policies }) =>
      hashPoliciesViolations(policies, fieldAt(path, `${name}.hashPolicies`)),
    ),
  ]
}

function confWarnings(conf: Conf | undefined, path: string): string[] {
  return oldPlaces(conf?.loadBalancer).flatMap(({ name, policies }) => {
    const field = fieldAt(path, `loadBalancer.${name}.hashPolicies`)
    const instead = fieldAt(path, 'hashPolicies')
    return [
      `configuration '${field}' is deprecated, use '${instead}' instead`,
      ...hashPoliciesWarnings(policies, field),
    ]
  })
}

/** Hash policies where they were before 2.12, as far as there are any. */
function oldPlaces(balancer: LoadBalancer | undefined) {
  const places = [
    { type: 'RingHash', name: 'ringHash', policies: balancer?.ringHash?.hashPolicies },
    { type: 'Maglev', name: 'maglev', policies: balancer?.maglev?.hashPolicies },
  ] as const
  return places.filter(({ policies }) => policies !== undefined)
}
