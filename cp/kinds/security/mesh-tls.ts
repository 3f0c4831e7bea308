/** MeshTLS: whether inbounds take calls without TLS, and which TLS versions and ciphers (kuma-api 4.12). */
import { z } from 'zod'
import { fieldAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { ANY_CLIENT, fromField, policyViolations, policyWarnings, topTargetRef } from '../policy.ts'
import { optional } from '../schema/doc.ts'
import { tlsCipher, tlsVersionSchema, tlsVersionViolations } from './tls-version.ts'

const MESH_ONLY = 'only where the policy is for kind: Mesh'

const confSchema = z.object({
  tlsVersion: optional(tlsVersionSchema, 'TLS versions that data planes use among themselves.', {
    rule: MESH_ONLY,
  }),
  tlsCiphers: optional(z.array(tlsCipher), 'Ciphers that data planes use among themselves, up to TLS 1.2.', {
    rule: MESH_ONLY,
  }),
  mode: optional(
    z.enum(['Permissive', 'Strict']),
    'Whether inbounds take only TLS with certificates of the mesh, or unencrypted calls too.',
    { default: 'the mode of the backend of the mesh' },
  ),
})

const tlsSchema = z.object({
  targetRef: topTargetRef('Mesh, MeshSubset, Dataplane'),
  from: fromField(confSchema, 'Mesh'),
  rules: optional(
    z.array(z.object({ default: optional(confSchema, 'What holds for them.') })),
    'Incoming calls.',
    { rule: 'not together with from' },
  ),
})

export type MeshTLSSpec = z.infer<typeof tlsSchema>
type Conf = z.infer<typeof confSchema>

export const meshTLS = defineKind<MeshTLSSpec>({
  type: 'MeshTLS',
  path: 'meshtlses',
  plural: 'meshtlses',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mtls',
  isPolicy: true,
  notEnforced: {
    message:
      'in a mesh with mTLS all inbounds are strict, and data planes use TLS 1.3 with its ciphers among themselves',
    refusesTraffic: false,
  },
  doc:
    'A MeshTLS says for a part of the mesh whether inbounds take unencrypted calls too, and for the whole mesh which ' +
    'TLS versions and ciphers its data planes use. It needs a mesh with mTLS.',
  schema: tlsSchema,
  check: spec =>
    policyViolations<Conf>(spec, {
      top: { kinds: ['Mesh', 'MeshSubset', 'Dataplane'] },
      from: () => ANY_CLIENT,
      hasRules: true,
      mayBeEmpty: true,
      conf: (conf, path, { top }) => confViolations(conf, path, top.kind === 'Mesh'),
    }),
  warnings: spec => policyWarnings(spec),
})

/** Versions and ciphers are of the whole mesh: the side that calls uses them too. */
function confViolations(conf: Conf = {}, path: string, isOfMesh: boolean): Violation[] {
  const { tlsVersion, tlsCiphers = [] } = conf
  if (isOfMesh) return tlsVersionViolations(tlsVersion, fieldAt(path, 'tlsVersion'))
  const misplaced = [
    ...(tlsCiphers.length > 0 ? ['tlsCiphers'] : []),
    ...(tlsVersion === undefined ? [] : ['tlsVersion']),
  ]
  return misplaced.map(field =>
    violation(fieldAt(path, field), `${field} can only be defined with top level targetRef kind: Mesh`),
  )
}
