/**
 * TrafficRoute: where calls go, in which shares, and how an endpoint is chosen (kuma-api 4.10, 4.12, 5.7). Flat, mesh.
 * What its HTTP rules match and change is in `traffic-route-http.ts`.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { tagsSchema, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { optional } from '../schema/doc.ts'
import { uint32, uint64 } from '../values.ts'
import { defineLegacyPolicy } from './legacy-policy.ts'
import { directionFields, matchViolations, outboundViolations } from './selectors.ts'
import {
  alternativeViolations,
  httpMatchViolations,
  httpModifyViolations,
  matchSchema,
  modifySchema,
} from './traffic-route-http.ts'

const TAGS_RULE = '`kuma.io/service` and any other tags'
const NOT_BOTH = 'one of destination, split'

const splitSchema = z.object({
  weight: optional(uint32, 'Share of the calls, as a part of the sum of all weights; 0: none.', {
    rule: 'must be defined; the sum above 0',
    keepsZero: true,
  }),
  destination: optional(tagsSchema, 'Tags of the endpoints.', { rule: TAGS_RULE }),
})

/** Where calls go; the same for all of them and for one HTTP rule. */
const targetFields = {
  destination: optional(tagsSchema, 'Tags of the endpoints that get the calls.', {
    rule: `${TAGS_RULE}; ${NOT_BOTH}`,
  }),
  split: optional(z.array(splitSchema), 'Several destinations, each with a share of the calls.', {
    rule: NOT_BOTH,
  }),
}

const loadBalancerSchema = z.object({
  roundRobin: optional(z.object({}), 'One after the other.'),
  leastRequest: optional(
    z.object({
      choiceCount: optional(uint32, 'How many endpoints are picked at random and compared.', {
        default: '2',
        rule: 'at least 2',
      }),
    }),
    'The one with the fewest running requests.',
  ),
  ringHash: optional(
    z.object({
      hashFunction: optional(z.string(), 'How endpoints are put on the ring.', {
        rule: 'XX_HASH or MURMUR_HASH_2; must be defined',
      }),
      minRingSize: optional(uint64, 'Places on the ring, at least.', {
        default: '1024',
        typeText: 'whole number',
        zero: '0',
      }),
      maxRingSize: optional(uint64, 'Places on the ring, at most.', {
        default: '8388608',
        typeText: 'whole number',
        zero: '0',
      }),
    }),
    'The same endpoint for the same hash.',
  ),
  random: optional(z.object({}), 'Any one.'),
  maglev: optional(z.object({}), 'The same endpoint for the same hash, by a table.'),
})

const confSchema = z.object({
  ...targetFields,
  loadBalancer: optional(loadBalancerSchema, 'How an endpoint is chosen.', {
    default: 'roundRobin',
    rule: 'one of its fields',
  }),
  http: optional(
    z.array(
      z.object({
        match: optional(matchSchema, 'Which requests the rule is for.', {
          rule: 'must be there; at least one of its fields',
        }),
        modify: optional(modifySchema, 'What is changed in requests and answers.'),
        ...targetFields,
      }),
    ),
    'Rules for HTTP requests, in order; the first that matches decides, and none: destination or split beside this.',
  ),
})

const trafficRouteSchema = z.object({
  ...directionFields,
  conf: optional(confSchema, 'Where calls go.', { rule: 'must be there' }),
})

export type TrafficRouteSpec = z.infer<typeof trafficRouteSchema>
type Conf = z.infer<typeof confSchema>
type Rule = NonNullable<Conf['http']>[number]
type Target = Pick<Conf, 'destination' | 'split'>

export const trafficRoute = defineLegacyPolicy<TrafficRouteSpec>({
  type: 'TrafficRoute',
  doc:
    'A TrafficRoute says which endpoints get the calls from its sources to its destinations: other tags, shares of ' +
    'the calls, rules for HTTP requests, and the balancer. MeshHTTPRoute, MeshTCPRoute and ' +
    'MeshLoadBalancingStrategy are its successors.',
  schema: trafficRouteSchema,
  check: ({ conf, ...directions }) => [
    ...outboundViolations(directions),
    ...(conf === undefined ? [violation('conf', 'cannot be empty')] : confViolations(conf)),
  ],
})

function confViolations(conf: Conf): Violation[] {
  return [
    ...targetViolations(conf, 'conf'),
    ...(conf.http ?? []).flatMap((rule, i) => ruleViolations(rule, itemAt('conf.http', i))),
    ...balancerViolations(conf.loadBalancer ?? {}, 'conf.loadBalancer'),
  ]
}

function ruleViolations(rule: Rule, path: string): Violation[] {
  return [
    ...httpMatchViolations(rule.match, fieldAt(path, 'match')),
    ...httpModifyViolations(rule.modify, rule.match, fieldAt(path, 'modify')),
    ...targetViolations(rule, path),
  ]
}

/** An empty list is none; an empty map of tags is one without tags. */
function targetViolations({ destination, split = [] }: Target, path: string): Violation[] {
  if (destination === undefined && split.length === 0) {
    return [violation(path, 'requires either "destination" or "split"')]
  }
  const both = '"split" cannot be defined at the same time as "destination"'
  return [
    ...(destination !== undefined && split.length > 0 ? [violation(path, both)] : []),
    ...(split.length > 0 ? splitViolations(split, fieldAt(path, 'split')) : []),
    ...(destination === undefined
      ? []
      : matchViolations(destination, fieldAt(path, 'destination'), { needsService: true })),
  ]
}

function splitViolations(split: NonNullable<Target['split']>, path: string): Violation[] {
  const total = split.reduce((sum, { weight = 0 }) => sum + weight, 0)
  return [
    ...split.flatMap(({ weight, destination = {} }, i) => [
      ...(weight === undefined ? [violation(`${itemAt(path, i)}.weight`, 'needs to be defined')] : []),
      ...matchViolations(destination, `${itemAt(path, i)}.destination`, { needsService: true }),
    ]),
    ...(total === 0 ? [violation(path, 'there must be at least one split entry with weight above 0')] : []),
  ]
}

function balancerViolations(balancer: z.infer<typeof loadBalancerSchema>, path: string): Violation[] {
  const { leastRequest, ringHash } = balancer
  const hashFunction = ringHash?.hashFunction ?? ''
  return [
    ...alternativeViolations(balancer, path),
    ...(leastRequest?.choiceCount === 1
      ? [violation(`${path}.leastRequest.choiceCount`, 'value must be greater than or equal to 2')]
      : []),
    ...(ringHash !== undefined && !['XX_HASH', 'MURMUR_HASH_2'].includes(hashFunction)
      ? [violation(`${path}.ringHash.hashFunction`, 'must have a valid hash function')]
      : []),
  ]
}
