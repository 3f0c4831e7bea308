/** MeshProxyPatch: changes of Envoy's configuration (kuma-api 4.12). It is kept as it is: there is no Envoy here. */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { tagsSchema, violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { ANY_PROXY, topTargetRef } from '../policy.ts'
import { optional, required } from '../schema/doc.ts'
import { targetRefViolations, topLevelWarnings } from '../target-ref.ts'
import { jsonPatchesViolations, jsonPatchSchema } from './json-patch.ts'

const whole = z.enum(['Add', 'Remove', 'Patch'])
const inList = z.enum(['Remove', 'Patch', 'AddFirst', 'AddBefore', 'AddAfter', 'AddLast'])

const origin = optional(
  z.string(),
  'What made it: inbound, outbound, transparent, prometheus, direct-access, ingress, egress, gateway, or a policy.',
)
const nameOf = (what: string) => optional(z.string(), `Name of the ${what}.`)
const tagsOf = (what: string) => optional(tagsSchema, `Tags of the ${what}.`)

const filterMatch = z.object({
  origin,
  name: optional(z.string(), 'Name of the filter.', {
    rule: 'must be set with AddBefore, AddAfter, Patch',
  }),
  listenerName: nameOf('listener'),
  listenerTags: tagsOf('listener'),
})

const modificationSchema = z.object({
  cluster: optional(
    modificationOf(whole, z.object({ origin, name: nameOf('cluster') })),
    'A cluster of Envoy.',
  ),
  listener: optional(
    modificationOf(whole, z.object({ origin, name: nameOf('listener'), tags: tagsOf('listener') })),
    'A listener of Envoy.',
  ),
  networkFilter: optional(modificationOf(inList, filterMatch), 'A filter of a listener.'),
  httpFilter: optional(modificationOf(inList, filterMatch), 'A filter of the HTTP connection manager.'),
  virtualHost: optional(
    modificationOf(
      whole,
      z.object({
        origin,
        name: nameOf('virtual host'),
        routeConfigurationName: nameOf('route configuration'),
      }),
    ),
    'A virtual host of the HTTP connection manager.',
  ),
})

const patchSchema = z.object({
  targetRef: topTargetRef('Mesh, MeshSubset, MeshService, MeshServiceSubset, MeshGateway, Dataplane'),
  default: required(
    z.object({
      appendModifications: optional(
        z.array(modificationSchema),
        'Changes, in this order; the lists of several policies are joined.',
        { rule: 'not empty; one field each' },
      ),
    }),
    'What is changed.',
  ),
})

export type MeshProxyPatchSpec = z.infer<typeof patchSchema>
type Modification = z.infer<typeof modificationSchema>

/** In the order in which Kuma looks for them. */
const PARTS = ['cluster', 'listener', 'virtualHost', 'networkFilter', 'httpFilter'] as const
type Part = (typeof PARTS)[number]
type Change = NonNullable<Modification[Part]>

export const meshProxyPatch = defineKind<MeshProxyPatchSpec>({
  type: 'MeshProxyPatch',
  path: 'meshproxypatches',
  plural: 'meshproxypatches',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mpp',
  isPolicy: true,
  notEnforced: {
    message: 'the data plane is no Envoy, so nothing is changed; use the policy that is made for the purpose',
    refusesTraffic: false,
  },
  doc:
    "A MeshProxyPatch changes the configuration of Kuma's proxy, Envoy. The data plane here is another program: " +
    'policies that exist are stored, so that nothing is lost on the way here, and have no effect.',
  schema: patchSchema,
  check({ targetRef, default: { appendModifications: modifications = [] } }) {
    const path = 'default.appendModifications'
    return [
      ...(targetRef === undefined ? [] : targetRefViolations(targetRef, 'targetRef', ANY_PROXY)),
      ...(modifications.length === 0 ? [violation(path, 'must not be empty')] : []),
      ...modifications.flatMap((modification, i) => modificationViolations(modification, itemAt(path, i))),
    ]
  },
  warnings: spec => topLevelWarnings(spec.targetRef),
})

function modificationOf<Operation extends z.ZodType, Match extends z.ZodType>(
  operation: Operation,
  match: Match,
) {
  return z.object({
    match: optional(match, 'Which ones are changed.', {
      default: 'all',
      rule: 'cluster, listener: not with Add; virtualHost: no name with Add',
    }),
    operation: required(operation, 'What is done.'),
    value: optional(z.string(), "The part of Envoy's configuration, as YAML in a text.", {
      rule: 'with all operations but Remove; Patch: instead of jsonPatches',
    }),
    jsonPatches: optional(z.array(jsonPatchSchema), 'Single changes.', {
      rule: 'with Patch, instead of value',
    }),
  })
}

function modificationViolations(modification: Modification, path: string): Violation[] {
  const given = PARTS.filter(part => modification[part] !== undefined)
  const [part] = given
  const change = part === undefined ? undefined : modification[part]
  if (part === undefined || change === undefined || given.length > 1) {
    const message = `exactly one modification can be defined at a time. Currently, ${given.length} modifications are defined`
    return [violation(path, message)]
  }
  return changeViolations(change, part, fieldAt(path, part))
}

function changeViolations(change: Change, part: Part, path: string): Violation[] {
  const value = fieldAt(path, 'value')
  switch (change.operation) {
    case 'Remove':
      return change.value === undefined ? [] : [violation(value, 'must not be defined')]
    case 'Patch':
      return [...matchViolations(change, part, path), ...patchViolations(change, part, path)]
    default:
      return [
        ...matchViolations(change, part, path),
        ...(change.value === undefined
          ? [violation(value, 'must be defined')]
          : emptyViolations(change.value, value)),
      ]
  }
}

/** What an operation asks of the match. */
function matchViolations({ operation, match }: Change, part: Part, path: string): Violation[] {
  const field = fieldAt(path, 'match')
  const name = fieldAt(field, 'name')
  if (operation === 'Add') {
    if (part === 'virtualHost')
      return match?.name === undefined ? [] : [violation(name, 'must not be defined')]
    return match === undefined ? [] : [violation(field, 'must not be defined')]
  }
  const isFilter = part === 'networkFilter' || part === 'httpFilter'
  if (!isFilter || match?.name !== undefined) return []
  const place = operation === 'AddBefore' ? 'before' : operation === 'AddAfter' ? 'after' : null
  if (place !== null) {
    const message = `must be defined. You need to pick a filter ${place} which this one will be added`
    return [violation(name, message)]
  }
  return operation === 'Patch' ? [violation(name, 'must be defined')] : []
}

function patchViolations({ value, jsonPatches = [] }: Change, part: Part, path: string): Violation[] {
  if (value === undefined) {
    return jsonPatches.length > 0
      ? jsonPatchesViolations(jsonPatches, fieldAt(path, 'jsonPatches'))
      : [violation(path, `${part} must have exactly one defined: value, jsonPatches`)]
  }
  return jsonPatches.length > 0
    ? [violation(path, `${part} must have only one type defined: value, jsonPatches`)]
    : emptyViolations(value, fieldAt(path, 'value'))
}

function emptyViolations(value: string, field: string): Violation[] {
  return value.trim() === '' ? [violation(field, 'native Envoy resource is not valid: it is empty')] : []
}
