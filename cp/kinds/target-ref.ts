/**
 * targetRef: what a policy is for. The shapes are the same in all policies; which kinds and fields a place admits is
 * given by its rules (kuma-api 4.11).
 */
import { z } from 'zod'
import { fieldAt } from './field-path.ts'
import { selectorViolations, type Tags, tagsSchema, tagViolations, violation } from './fields.ts'
import type { Violation } from './kind.ts'
import { optional, required } from './schema/doc.ts'

/** In the order of Kuma 2.14's messages. */
export const TARGET_KINDS = [
  'Mesh',
  'MeshSubset',
  'MeshGateway',
  'MeshService',
  'MeshExternalService',
  'MeshMultiZoneService',
  'MeshServiceSubset',
  'MeshHTTPRoute',
  'Dataplane',
] as const

export type TargetKind = (typeof TARGET_KINDS)[number]

export const targetRefSchema = z.object({
  kind: required(z.enum(TARGET_KINDS), 'Kind of what is selected.'),
  name: optional(z.string(), 'Name of the service, Dataplane, gateway or route.', {
    rule: 'with MeshService, MeshServiceSubset, MeshGateway, MeshHTTPRoute, MeshExternalService, MeshMultiZoneService, Dataplane',
  }),
  namespace: optional(z.string(), 'Namespace of Kubernetes.', { rule: 'must not be set' }),
  tags: optional(tagsSchema, 'Tags that the selected have; of a MeshGateway, tags of its listeners.', {
    rule: 'with MeshSubset, MeshServiceSubset, MeshGateway',
  }),
  labels: optional(tagsSchema, 'Labels that the selected have.', {
    rule: 'instead of name; with Dataplane, MeshService, MeshExternalService, MeshMultiZoneService, MeshHTTPRoute',
  }),
  sectionName: optional(
    z.string(),
    'One inbound of a Dataplane, or one port of a service, by its name or number.',
    {
      rule: 'with MeshService, MeshMultiZoneService, and with Dataplane in policies for incoming calls',
    },
  ),
  mesh: optional(z.string(), 'Reserved.', { rule: 'must not be set' }),
  proxyTypes: optional(z.array(z.enum(['Sidecar', 'Gateway'])), 'Only data planes of these kinds.', {
    default: 'all',
    rule: 'with Mesh, MeshSubset; not empty',
  }),
})

export type TargetRef = z.infer<typeof targetRefSchema>

/** What one place of a policy admits. */
export interface TargetRefRules {
  readonly kinds: readonly TargetKind[]
  /** Kinds that may be selected by labels here; default: all that Kuma selects by labels. */
  readonly byLabels?: readonly TargetKind[]
  /** The policy acts on inbounds: a Dataplane may be narrowed to one of them. */
  readonly isInbound?: boolean
  /** `proxyTypes` may narrow Mesh and MeshSubset; default true. */
  readonly hasProxyTypes?: boolean
  readonly hasGatewayTags?: boolean
  /** Said of other kinds in place of `value 'X' is not supported`. */
  readonly kindMessage?: string
}

type Field = Exclude<keyof TargetRef, 'kind'>

const BY_LABELS: readonly TargetKind[] = [
  'Dataplane',
  'MeshService',
  'MeshExternalService',
  'MeshMultiZoneService',
  'MeshHTTPRoute',
]

/** Which fields go with a kind, besides what the rules of the place take away. */
const FIELDS: Readonly<Record<TargetKind, readonly Field[]>> = {
  Mesh: ['proxyTypes'],
  MeshSubset: ['tags', 'proxyTypes'],
  MeshGateway: ['name', 'tags'],
  MeshService: ['name', 'labels', 'sectionName'],
  MeshExternalService: ['name', 'labels'],
  MeshMultiZoneService: ['name', 'labels', 'sectionName'],
  MeshServiceSubset: ['name', 'tags'],
  MeshHTTPRoute: ['name', 'labels'],
  Dataplane: ['name', 'labels', 'sectionName'],
}

const NEEDS_NAME: readonly TargetKind[] = [
  'MeshService',
  'MeshServiceSubset',
  'MeshGateway',
  'MeshHTTPRoute',
  'MeshExternalService',
  'MeshMultiZoneService',
]

/** Order in which Kuma looks at fields. */
const ORDER: readonly Field[] = ['name', 'mesh', 'tags', 'labels', 'namespace', 'sectionName', 'proxyTypes']

export function targetRefViolations(ref: TargetRef, path: string, rules: TargetRefRules): Violation[] {
  const { kind } = ref
  if (!rules.kinds.includes(kind)) {
    return [violation(fieldAt(path, 'kind'), rules.kindMessage ?? `value '${kind}' is not supported`)]
  }
  const admitted = admittedFields(kind, rules)
  const violations: Violation[] = []
  for (const field of ORDER) {
    if (!isSet(ref[field])) continue
    if (!admitted.includes(field))
      violations.push(violation(fieldAt(path, field), refusal(field, kind, rules)))
    else violations.push(...fieldViolations(ref, field, fieldAt(path, field)))
  }
  return [...violations, ...selectionViolations(ref, path, admitted.includes('labels'))]
}

/** Warnings of Kuma 2.14 for a top-level targetRef. */
export function topLevelWarnings(ref: TargetRef | undefined): string[] {
  if (ref?.kind === 'MeshHTTPRoute') {
    return [
      "MeshHTTPRoute value for 'targetRef.kind' is deprecated, use MeshHTTPRoute in spec.to[].targetRef",
    ]
  }
  return ref !== undefined && ['MeshSubset', 'MeshService', 'MeshServiceSubset'].includes(ref.kind)
    ? [`${ref.kind} value for 'targetRef.kind' is deprecated, use Dataplane with labels instead`]
    : []
}

function admittedFields(kind: TargetKind, rules: TargetRefRules): readonly Field[] {
  const byLabels = rules.byLabels ?? BY_LABELS
  return FIELDS[kind].filter(field => {
    if (field === 'labels') return byLabels.includes(kind)
    if (field === 'proxyTypes') return rules.hasProxyTypes ?? true
    if (field === 'tags') return kind !== 'MeshGateway' || rules.hasGatewayTags === true
    if (field === 'sectionName')
      return kind === 'Dataplane' ? rules.isInbound === true : byLabels.includes(kind)
    return true
  })
}

function refusal(field: Field, kind: TargetKind, rules: TargetRefRules): string {
  if (field === 'name' && kind === 'Mesh') return 'using name with kind Mesh is not yet supported'
  if (field === 'sectionName' && kind === 'Dataplane' && rules.isInbound !== true) {
    return 'can only be used with inbound policies'
  }
  return `must not be set with kind ${kind}`
}

function fieldViolations(ref: TargetRef, field: Field, path: string): Violation[] {
  if (field === 'tags') {
    // listeners of gateways are told apart by any text, often `http/8080`
    return ref.kind === 'MeshGateway'
      ? selectorViolations(ref.tags, path)
      : tagViolations(ref.tags ?? {}, path)
  }
  if (field === 'proxyTypes' && ref.proxyTypes?.length === 0) {
    return [violation(path, 'must be undefined or have at least one element')]
  }
  if (field === 'name' && !/^[0-9a-z\-_.]*$/.test(ref.name ?? '')) {
    const message =
      "invalid characters: must consist of lower case alphanumeric characters, '-', '.' and '_'."
    return [violation(path, message)]
  }
  return []
}

function selectionViolations(ref: TargetRef, path: string, mayHaveLabels: boolean): Violation[] {
  const hasLabels = isSet(ref.labels) && mayHaveLabels
  if (isSet(ref.name) && hasLabels) {
    const names = ref.kind === 'MeshExternalService' ? 'name' : 'name and namespace'
    return [violation(fieldAt(path, 'labels'), `either labels or ${names} must be specified`)]
  }
  if (!NEEDS_NAME.includes(ref.kind) || isSet(ref.name) || hasLabels) return []
  if (mayHaveLabels) return [violation(path, `name or labels must be set when kind is ${ref.kind}`)]
  return [violation(fieldAt(path, 'name'), `must be set when kind is ${ref.kind}`)]
}

/** An empty list is set: it would select nothing. */
function isSet(value: string | Tags | readonly string[] | undefined): boolean {
  if (value === undefined || value === '') return false
  return typeof value === 'string' || Array.isArray(value) || Object.keys(value).length > 0
}
