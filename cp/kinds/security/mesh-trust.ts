/** MeshTrust: the CAs whose identities members of a mesh accept (kuma-api 4.13). Stored, not enforced yet. */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { optional, required } from '../schema/doc.ts'

const bundleSchema = z.object({
  type: required(z.enum(['Pem']), 'Encoding of the certificates.'),
  pem: optional(
    z.object({
      value: required(z.string(), 'The certificates.', { rule: 'PEM, certificates only' }),
    }),
    'With type Pem.',
    { rule: 'must be defined' },
  ),
})

export const meshTrustSchema = z.object({
  trustDomain: required(z.string().max(253), 'Trust domain whose identities are accepted.', {
    rule: '1 to 253 characters',
  }),
  caBundles: required(z.array(bundleSchema).min(1), 'CAs of the trust domain.', { rule: 'at least one' }),
  origin: optional(
    z.object({ kri: optional(z.string(), 'Identifier of the MeshIdentity.') }),
    'The MeshIdentity it was made for. Deprecated: it is part of the status.',
  ),
})

export type MeshTrustSpec = z.infer<typeof meshTrustSchema>

export const meshTrust = defineKind<MeshTrustSpec>({
  type: 'MeshTrust',
  path: 'meshtrusts',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mtrust',
  doc: 'A MeshTrust lists the CAs of a trust domain. Members of the mesh accept identities that these CAs have issued.',
  schema: meshTrustSchema,
  check: ({ trustDomain, caBundles }) => [
    ...caBundles.flatMap(({ pem }, i): Violation[] => {
      const path = fieldAt(itemAt('caBundles', i), 'pem')
      if (pem === undefined) return [violation(path, 'must be defined')]
      if (isCertificatePem(pem.value)) return []
      return [violation(fieldAt(path, 'value'), 'provided certificate has incorrect format')]
    }),
    ...(trustDomain === '' ? [violation('trustDomain', 'trustDomain needs to be defined')] : []),
  ],
  warnings: ({ origin }) => (origin === undefined ? [] : ['setting spec.origin field is deprecated']),
  notEnforced: {
    message: 'members accept the CA of the mtls section of their Mesh and no other',
    refusesTraffic: false,
  },
  emptyStatus: {},
})

/** At least one block; a private key, which everybody could read here, is none of them. */
function isCertificatePem(text: string): boolean {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g)]
  return blocks.length > 0 && !text.includes('PRIVATE KEY-----')
}
