/**
 * Mesh: the unit that shares trust. Flat, global. Its sections are in `mesh-mtls.ts` and `mesh-backends.ts`; here are
 * the rest, the order of the checks (Kuma's), and what is not enforced yet (kuma-api 4.4).
 */
import { z } from 'zod'
import { itemAt } from '../field-path.ts'
import { selectorViolations, type Tags, tagsSchema, violation, whenStored } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { optional } from '../schema/doc.ts'
import { unenforcedFields } from '../schema/unenforced.ts'
import { backendsViolations, loggingSchema, meshMetricsSchema, tracingSchema } from './mesh-backends.ts'
import { type MtlsBackend, mtlsSchema, mtlsViolations } from './mesh-mtls.ts'

const networkingSchema = z.object({
  outbound: optional(
    z.object({
      passthrough: optional(
        z.boolean(),
        'Whether calls to hosts outside the mesh pass a transparent proxy. Without one it has no effect.',
        {
          default: 'true',
          keepsZero: true,
          unenforced: {
            values: [false],
            message: 'there is no transparent proxy: calls outside the mesh are not intercepted',
          },
        },
      ),
    }),
    'Calls that leave data planes.',
  ),
})

const routingSchema = z.object({
  localityAwareLoadBalancing: optional(z.boolean(), 'Prefer endpoints of the own zone.', {
    default: 'false',
  }),
  zoneEgress: optional(
    z.boolean(),
    'Send calls to other zones and external services through the zone egress.',
    {
      default: 'false',
      rule: 'needs mtls.enabledBackend',
      unenforced: { message: 'calls do not pass a zone egress' },
    },
  ),
  defaultForbidMeshExternalServiceAccess: optional(
    z.boolean(),
    'Refuse calls to MeshExternalServices unless a MeshTrafficPermission allows them.',
    {
      default: 'false',
      unenforced: { message: 'there are no MeshExternalServices to forbid' },
    },
  ),
})

const rulesSchema = (description: string) =>
  optional(
    z.array(
      z.object({
        tags: optional(tagsSchema, 'Tags and their values; `*` stands for any value.', {
          rule: 'at least one tag',
        }),
      }),
    ),
    description,
  )

const constraintsSchema = z.object({
  dataplaneProxy: optional(
    z.object({
      requirements: rulesSchema('Every tag set of a Dataplane has to match one of these, if there are any.'),
      restrictions: rulesSchema('No tag set of a Dataplane may match one of these.'),
    }),
    'Which Dataplanes may be members.',
  ),
})

export const meshSchema = z.object({
  mtls: optional(mtlsSchema, 'Mutual TLS between data planes.', { default: 'off' }),
  tracing: optional(tracingSchema, 'Tracing backends for TrafficTrace.'),
  logging: optional(loggingSchema, 'Access log backends for TrafficLog.'),
  metrics: optional(meshMetricsSchema, 'Metrics of data planes.'),
  networking: optional(networkingSchema, 'Settings of transparent proxies.'),
  routing: optional(routingSchema, 'How calls find their zone.'),
  constraints: optional(constraintsSchema, 'Who may be a member.'),
  skipCreatingInitialPolicies: optional(
    z.array(z.string()),
    'Types of default policies that are not made with the mesh; `*`: none is made. Read when the mesh is made.',
    { default: 'none' },
  ),
  meshServices: optional(
    z.object({
      mode: optional(
        z.enum(['Disabled', 'Everywhere', 'ReachableBackends', 'Exclusive']),
        'Whether MeshServices are made from Dataplanes, and who sees them.',
        {
          default: 'Disabled',
          zero: 'Disabled',
          protoEnum: 'kuma.mesh.v1alpha1.Mesh.MeshServices.Mode',
          unenforced: {
            values: ['Everywhere', 'ReachableBackends', 'Exclusive'],
            message: 'no MeshServices are made; outbounds name services by tags',
          },
        },
      ),
    }),
    'MeshService resources.',
  ),
})

export type MeshSpec = z.infer<typeof meshSchema>

/** The backend that issues certificates; undefined: the mesh has no mTLS. */
export function enabledBackend(spec: MeshSpec): MtlsBackend | undefined {
  const name = spec.mtls?.enabledBackend
  if (name === undefined || name === '') return undefined
  return spec.mtls?.backends?.find(backend => backend.name === name)
}

/** The sentence that keeps a Dataplane out of the mesh; null: it may be a member. `tagSets`: see `tagSetsOf`. */
export function constraintViolation(
  mesh: { readonly name: string; readonly spec: MeshSpec },
  tagSets: readonly Tags[],
): string | null {
  const { requirements = [], restrictions = [] } = mesh.spec.constraints?.dataplaneProxy ?? {}
  const subject = `dataplane cannot be a member of mesh ${JSON.stringify(mesh.name)} because its tags`
  for (const tags of tagSets) {
    if (requirements.length > 0 && !requirements.some(rule => matches(rule.tags, tags))) {
      return `${subject} ${tagText(tags)} does not fulfill any requirements defined on the Mesh`
    }
    const restriction = restrictions.find(rule => matches(rule.tags, tags))
    if (restriction !== undefined) {
      return `${subject} ${tagText(tags)} matches restricted tags ${tagText(restriction.tags ?? {})} defined on the Mesh`
    }
  }
  return null
}

/** What an update of a Mesh may not change. */
export function caChangeViolation(before: MeshSpec, after: MeshSpec): Violation | null {
  const [was, is] = [before.mtls?.enabledBackend ?? '', after.mtls?.enabledBackend ?? '']
  if (was === '' || is === '' || was === is) return null
  return violation(
    'mtls.enabledBackend',
    'Changing CA when mTLS is enabled is forbidden. Disable mTLS first and then change the CA',
  )
}

export const mesh = defineKind<MeshSpec>({
  type: 'Mesh',
  path: 'meshes',
  plural: 'meshes',
  scope: 'Global',
  encoding: 'flat',
  shortName: 'm',
  computedLabels: 'none',
  doc:
    'A mesh is the set of data planes that trust each other: it has its own certificate authority, its own policies ' +
    'and its own names. All settings are optional.',
  schema: meshSchema,
  check(spec, meta) {
    return [
      ...(meta.name.length > 63
        ? [whenStored(violation('name', 'cannot be longer than 63 characters'))]
        : []),
      ...mtlsViolations(spec.mtls),
      ...backendsViolations(spec),
      ...constraintsViolations(spec),
      ...(spec.routing?.zoneEgress === true && !spec.mtls?.enabledBackend
        ? [violation('mtls', 'has to be set when zoneEgress enabled')]
        : []),
    ]
  },
  warnings(spec) {
    if (enabledBackend(spec) !== undefined) return []
    return [
      'the mesh has no mTLS: calls between data planes are neither encrypted nor identified, and no policy can ' +
        'deny them; set mtls.enabledBackend',
    ]
  },
  unenforced: spec => unenforcedFields(meshSchema, spec, ''),
})

function constraintsViolations(spec: MeshSpec): Violation[] {
  const { requirements = [], restrictions = [] } = spec.constraints?.dataplaneProxy ?? {}
  const path = 'constraints.dataplaneProxy'
  return [
    ...requirements.flatMap(({ tags }, i) =>
      selectorViolations(tags, `${itemAt(`${path}.requirements`, i)}.tags`),
    ),
    ...restrictions.flatMap(({ tags }, i) =>
      selectorViolations(tags, `${itemAt(`${path}.restrictions`, i)}.tags`),
    ),
  ]
}

function matches(selector: Tags | undefined, tags: Tags): boolean {
  return Object.entries(selector ?? {}).every(([tag, value]) =>
    value === '*' ? Object.hasOwn(tags, tag) : tags[tag] === value,
  )
}

/** As Kuma prints tags in sentences: `kuma.io/service=web team=a`. */
function tagText(tags: Tags): string {
  const parts = Object.keys(tags).sort()
  return `"${parts.map(tag => `${tag}=${tags[tag] ?? ''}`).join(' ')}"`
}
