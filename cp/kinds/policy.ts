/**
 * What all policies with a targetRef have in common (kuma-api 4.11, 4.12): the lists `to`, `from` and `rules` around a
 * policy's own configuration, and the checks of their targets in Kuma's order. The configuration is checked by the
 * policy's own function.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from './field-path.ts'
import { violation } from './fields.ts'
import type { Violation } from './kind.ts'
import { isSubdomain, SUBDOMAIN_RULE } from './meta.ts'
import { type Facts, optional, required } from './schema/doc.ts'
import { spiffeIdFault } from './security/spiffe-id.ts'
import {
  type TargetKind,
  type TargetRef,
  type TargetRefRules,
  targetRefSchema,
  targetRefViolations,
  topLevelWarnings,
} from './target-ref.ts'

/** Kinds that may stand at the top of most policies (the matrix of kuma-api 4.12: P5, G, DP). */
export const TOP_KINDS: readonly TargetKind[] = [
  'Mesh',
  'MeshSubset',
  'MeshGateway',
  'MeshService',
  'MeshServiceSubset',
  'Dataplane',
]

/** Single destinations of calls (DEST of the matrix). */
export const DESTINATION_KINDS: readonly TargetKind[] = [
  'MeshService',
  'MeshExternalService',
  'MeshMultiZoneService',
]

/** Rules of a top: every proxy, and listeners of gateways by their tags. */
export const ANY_PROXY: TargetRefRules = { kinds: TOP_KINDS, hasGatewayTags: true }

/** Rules of a top: as ANY_PROXY, and single routes. */
export const ANY_PROXY_OR_ROUTE: TargetRefRules = {
  kinds: [...TOP_KINDS, 'MeshHTTPRoute'],
  hasGatewayTags: true,
}

/** Rules of `from` where clients cannot be told apart. */
export const ANY_CLIENT: TargetRefRules = { kinds: ['Mesh'] }

/** Rules of `to`. */
export const ANY_DESTINATION: TargetRefRules = { kinds: ['Mesh', ...DESTINATION_KINDS] }

/** Rules of `to`: as ANY_DESTINATION, and single routes. */
export const ANY_DESTINATION_OR_ROUTE: TargetRefRules = {
  kinds: [...ANY_DESTINATION.kinds, 'MeshHTTPRoute'],
}

/** The field `targetRef` of a policy. @param kinds for the reference: `Mesh, MeshSubset, …` */
export function topTargetRef(kinds: string) {
  return optional(targetRefSchema, 'What the policy is for.', { default: 'kind: Mesh', rule: kinds })
}

/** The field `to`: destinations of outgoing calls and what holds for them. @param kinds see `topTargetRef` */
export function toField<Conf extends z.ZodType>(conf: Conf, kinds: string) {
  return optional(itemsOf(conf, 'Destination of the calls.', kinds), 'Outgoing calls, by destination.')
}

/** The field `to` of policies for incoming calls: those that come in to a gateway. */
export function toOfGatewaysField<Conf extends z.ZodType>(conf: Conf) {
  return optional(itemsOf(conf, 'Destination of the calls.', 'Mesh'), 'Calls that come in to a gateway.', {
    rule: 'only where the policy is for gateways too',
    unenforced: { message: 'there are no builtin gateways' },
  })
}

/** The field `from`: clients of incoming calls and what holds for them. @param kinds see `topTargetRef` */
export function fromField<Conf extends z.ZodType>(conf: Conf, kinds: string) {
  return optional(itemsOf(conf, 'The clients.', kinds), 'Incoming calls, by client.', {
    rule: 'not together with rules',
  })
}

/** The field `rules`: what holds for incoming calls, of some clients or of all. @param facts of `matches` */
export function rulesField<Conf extends z.ZodType>(conf: Conf, facts: Facts = {}) {
  return optional(
    z.array(z.object({ matches: matchesField(facts), default: optional(conf, 'What holds for them.') })),
    'Incoming calls.',
    { rule: 'not together with to and from' },
  )
}

/** The field `rules` of policies whose rules cannot select clients. */
export function plainRulesField<Conf extends z.ZodType>(conf: Conf) {
  return optional(
    z.array(z.object({ default: optional(conf, 'What holds for all of them.') })),
    'Incoming calls.',
    { rule: 'not together with to and from' },
  )
}

/** Clients by identity, or the server name that they ask for. */
export const matchSchema = z.object({
  spiffeID: optional(
    z.object({
      type: required(z.enum(['Exact', 'Prefix']), 'How the value is compared.'),
      value: required(z.string(), 'SPIFFE id of the client, or its beginning.', {
        rule: 'spiffe://TRUST-DOMAIN/PATH, without a slash at the end',
      }),
    }),
    'Identity of the client.',
  ),
  sni: optional(
    z.object({
      type: required(z.enum(['Exact']), 'How the value is compared.'),
      value: required(z.string(), 'Server name.', { rule: 'a DNS name' }),
    }),
    'Server name that the client asks for.',
  ),
})

export type Match = z.infer<typeof matchSchema>

/** @param none message for a match that names nothing */
export function matchViolations(
  { spiffeID, sni }: Match,
  path: string,
  none = "must specify at least one of 'spiffeID' or 'sni'",
): Violation[] {
  if (spiffeID === undefined && sni === undefined) return [violation(path, none)]
  const violations: Violation[] = []
  const fault = spiffeID === undefined ? null : spiffeIdFault(spiffeID.value)
  if (fault !== null) {
    violations.push(violation(fieldAt(path, 'spiffeID'), `must be a valid Spiffe ID: ${fault}`))
  }
  if (sni !== undefined && !isSubdomain(sni.value)) {
    violations.push(violation(fieldAt(path, 'sni.value'), sni.value === '' ? 'must be set' : SUBDOMAIN_RULE))
  }
  return violations
}

export interface PolicySpec<Conf> {
  readonly targetRef?: TargetRef | undefined
  readonly to?: readonly PolicyItem<Conf>[] | undefined
  readonly from?: readonly PolicyItem<Conf>[] | undefined
  readonly rules?: readonly PolicyRule<Conf>[] | undefined
}

export interface PolicyRule<Conf> {
  readonly matches?: readonly Match[] | undefined
  readonly default?: Conf | undefined
}

export interface PolicyItem<Conf> {
  readonly targetRef: TargetRef
  readonly default?: Conf | undefined
}

export interface ConfPlace {
  readonly list: 'to' | 'from' | 'rules'
  /** Of the policy; `kind: Mesh` where it is left out. */
  readonly top: TargetRef
  /** Of the item; undefined in `rules`. */
  readonly targetRef: TargetRef | undefined
  /** Of the rule; empty elsewhere. */
  readonly matches: readonly Match[]
}

export interface PolicyRules<Conf> {
  readonly top: TargetRefRules
  /** Rules of the targets in each list, which may depend on the top and on the item. Left out: the policy has no such list. */
  readonly to?: (top: TargetRef, conf: Conf | undefined) => TargetRefRules
  readonly from?: (top: TargetRef, conf: Conf | undefined) => TargetRefRules
  readonly hasRules?: boolean
  /** Why a list that the policy has must not be there below this top; null: it may. */
  readonly refusal?: (list: ConfPlace['list'], top: TargetRef) => string | null
  /** A policy without any item is accepted. */
  readonly mayBeEmpty?: boolean
  /** Faults of one configuration; `path` is that of its `default`. */
  conf(conf: Conf | undefined, path: string, place: ConfPlace): readonly Violation[]
}

/** Faults of targets, lists and configurations of a policy; paths relative to the spec. */
export function policyViolations<Conf>(spec: PolicySpec<Conf>, rules: PolicyRules<Conf>): Violation[] {
  const top: TargetRef = spec.targetRef ?? { kind: 'Mesh' }
  const { to = [], from = [], rules: own = [] } = spec
  const isInbound = rules.top.isInbound ?? from.length + own.length > 0
  const unlessRefused = (list: ConfPlace['list'], count: number, violations: () => Violation[]) => {
    const message = count === 0 ? null : (rules.refusal?.(list, top) ?? null)
    return message === null ? violations() : [violation(list, message)]
  }
  return [
    ...(spec.targetRef === undefined
      ? []
      : targetRefViolations(spec.targetRef, 'targetRef', { ...rules.top, isInbound })),
    ...listViolations(spec, rules),
    ...unlessRefused('rules', own.length, () => ruleViolations(own, top, rules)),
    ...unlessRefused('from', from.length, () => itemViolations('from', from, top, rules)),
    ...unlessRefused('to', to.length, () => itemViolations('to', to, top, rules)),
  ]
}

function itemViolations<Conf>(
  list: 'to' | 'from',
  items: readonly PolicyItem<Conf>[],
  top: TargetRef,
  rules: PolicyRules<Conf>,
): Violation[] {
  return items.flatMap(({ targetRef, default: conf }, i) => {
    const path = itemAt(list, i)
    const admitted = rules[list]?.(top, conf) ?? { kinds: [] }
    return [
      ...targetRefViolations(targetRef, fieldAt(path, 'targetRef'), admitted),
      ...rules.conf(conf, fieldAt(path, 'default'), { list, top, targetRef, matches: [] }),
    ]
  })
}

function ruleViolations<Conf>(
  own: readonly PolicyRule<Conf>[],
  top: TargetRef,
  rules: PolicyRules<Conf>,
): Violation[] {
  return own.flatMap(({ matches = [], default: conf }, i) => {
    const path = itemAt('rules', i)
    return [
      ...matches.flatMap((match, m) => matchViolations(match, itemAt(fieldAt(path, 'matches'), m))),
      ...rules.conf(conf, fieldAt(path, 'default'), { list: 'rules', top, targetRef: undefined, matches }),
    ]
  })
}

/** Deprecations that Kuma 2.14 warns of. @param from text for policies with that list */
export function policyWarnings(
  spec: PolicySpec<unknown>,
  from = "'from' field is deprecated, use 'rules' instead",
): string[] {
  const hasFrom = spec.from !== undefined && spec.from.length > 0
  return [...(hasFrom ? [from] : []), ...topLevelWarnings(spec.targetRef)]
}

/** Gateways are among what it selects: by name, or because nothing says sidecars only (kuma-api 4.12). */
export function includesGateways({ kind, proxyTypes }: TargetRef): boolean {
  if (kind === 'MeshGateway' || kind === 'MeshHTTPRoute') return true
  if (kind !== 'Mesh' && kind !== 'MeshSubset') return false
  return proxyTypes === undefined || proxyTypes.length === 0 || proxyTypes.includes('Gateway')
}

/** Nothing but gateways is selected. */
export function isOnlyGateways({ kind, proxyTypes }: TargetRef): boolean {
  if (kind === 'MeshGateway' || kind === 'MeshHTTPRoute') return true
  return proxyTypes !== undefined && proxyTypes.length > 0 && !proxyTypes.includes('Sidecar')
}

function listViolations<Conf>(spec: PolicySpec<Conf>, rules: PolicyRules<Conf>): Violation[] {
  const { to = [], from = [], rules: own = [] } = spec
  if (own.length > 0 && to.length + from.length > 0) {
    const lists = rules.to === undefined ? "field 'from'" : "fields 'to' and 'from'"
    return [violation('', `${lists} must be empty when 'rules' is defined`)]
  }
  if (to.length + from.length + own.length > 0 || rules.mayBeEmpty === true) return []
  const lists = [
    ...(rules.from === undefined ? [] : ["'from'"]),
    ...(rules.to === undefined ? [] : ["'to'"]),
    ...(rules.hasRules === true ? ["'rules'"] : []),
  ]
  if (lists.length < 2) return [violation(rules.to === undefined ? 'from' : 'to', 'needs at least one item')]
  const last = lists.pop()
  return [violation('', `at least one of ${lists.join(', ')} or ${last} has to be defined`)]
}

function itemsOf<Conf extends z.ZodType>(conf: Conf, description: string, kinds: string) {
  return z.array(
    z.object({
      targetRef: required(targetRefSchema, description, { rule: kinds }),
      default: optional(conf, 'What holds for them.'),
    }),
  )
}

function matchesField(facts: Facts) {
  return optional(z.array(matchSchema), 'Only calls of these clients; without it all.', facts)
}
