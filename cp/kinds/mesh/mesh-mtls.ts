/** The `mtls` section of a Mesh: certificate authorities and how their certificates live (kuma-api 4.4). */

import { z } from 'zod'
import { meshDurationMs } from '#base/duration.ts'
import { dataSourceSchema, dataSourceViolations } from '../data-source.ts'
import { itemAt } from '../field-path.ts'
import { protobufDuration, usedNameViolations, violation, whenStored } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { optional, text } from '../schema/doc.ts'
import { uint32 } from '../values.ts'

const LIFETIME_RULE = 'a number and one of y, w, d, h, m, s, ms; or 0'

const confSchema = z.object({
  caCert: optional(
    z.object({
      RSAbits: optional(uint32, 'Size of an RSA key.', {
        unit: 'bits',
        unenforced: { message: 'keys are ECDSA P-256' },
      }),
      expiration: optional(z.string(), 'Life of the CA certificate.', {
        default: '10y',
        rule: LIFETIME_RULE,
      }),
    }),
    'The CA certificate of a `builtin` backend.',
  ),
  cert: optional(
    dataSourceSchema,
    'The CA certificate of a `provided` backend in PEM, then those that it chains to; all of them are trusted. Secrets ' +
      'are followed when they change; files are read when the control plane starts and when the Mesh changes.',
    {
      rule: 'must be there with type provided; certificates with CA true, keyCertSign, without keyAgreement',
    },
  ),
  key: optional(dataSourceSchema, 'The private key of that certificate in PEM.', {
    rule: 'must be there with type provided; ECDSA, or RSA of at least 2048 bits',
  }),
})

const timeoutSchema = (description: string) =>
  optional(protobufDuration, description, { default: '10s', rule: 'a duration such as 1m30s' })

const backendSchema = z.object({
  name: text('Name of the backend, for `enabledBackend` and in the names of its secrets.', {
    rule: 'unique in the mesh',
  }),
  type: text(
    'Who makes the CA: `builtin` (the control plane makes it and keeps it as Secrets), `provided` (`conf` says it).',
    { rule: 'builtin, provided' },
  ),
  mode: optional(
    z.enum(['STRICT', 'PERMISSIVE']),
    'STRICT: inbounds accept mutual TLS only. PERMISSIVE: plain text too. STRICT is stored and shown as no mode at all.',
    {
      default: 'STRICT',
      zero: 'STRICT',
      protoEnum: 'kuma.mesh.v1alpha1.CertificateAuthorityBackend.Mode',
      unenforced: { values: ['PERMISSIVE'], message: 'it is treated as STRICT: inbounds refuse plain text' },
    },
  ),
  dpCert: optional(
    z.object({
      rotation: optional(
        z.object({
          expiration: optional(z.string(), 'Life of a certificate; it is renewed at half of it.', {
            default: '7d',
            rule: LIFETIME_RULE,
          }),
        }),
        'When certificates of data planes are renewed.',
      ),
      requestTimeout: timeoutSchema('Time for the backend to issue a certificate.'),
    }),
    'Certificates of data planes.',
    { rule: 'where it is given, rotation.expiration has to be there' },
  ),
  rootChain: optional(
    z.object({ requestTimeout: timeoutSchema('Time for the backend to give its root certificates.') }),
    'Root certificates of the backend.',
  ),
  conf: optional(confSchema, 'Settings of the backend, by its type.', { isStruct: true }),
})

export const mtlsSchema = z.object({
  enabledBackend: optional(z.string(), 'Name of the backend that issues certificates.', {
    default: 'mTLS off',
    rule: 'one of backends',
  }),
  backends: optional(z.array(backendSchema), 'Certificate authorities.', { rule: 'at most 1' }),
  skipValidation: optional(z.boolean(), 'Leaves out the checks of backends.', { default: 'false' }),
})

export type MtlsSpec = z.infer<typeof mtlsSchema>
export type MtlsBackend = z.infer<typeof backendSchema>

export function mtlsViolations(mtls: MtlsSpec | undefined): Violation[] {
  if (mtls === undefined) return []
  const backends = mtls.backends ?? []
  const names = backends.map(backend => backend.name)
  const violations: Violation[] = []
  if (backends.length > 1) violations.push(violation('mtls.backends', 'cannot have more than 1 backends'))
  violations.push(...usedNameViolations(names, index => itemAt('mtls.backends', index)))
  const enabled = mtls.enabledBackend ?? ''
  if (enabled !== '' && !names.includes(enabled)) {
    violations.push(violation('mtls.enabledBackend', 'has to be set to one of the backends in the mesh'))
  }
  for (const [index, backend] of backends.entries()) {
    violations.push(
      ...backendViolations(backend, itemAt('mtls.backends', index), mtls.skipValidation === true),
    )
  }
  return violations
}

function backendViolations(backend: MtlsBackend, path: string, isUnchecked: boolean): Violation[] {
  const violations: Violation[] = []
  if (backend.name === '') violations.push(violation(`${path}.name`, 'cannot be empty'))
  // the path is Kuma's, with its lower case and without an index
  if (backend.dpCert !== undefined && meshDurationMs(backend.dpCert.rotation?.expiration ?? '') === null) {
    violations.push(violation('mtls.dpcert.rotation.expiration', 'has to be a valid format'))
  }
  return [...violations, ...pluginViolations(backend, path, isUnchecked).map(whenStored)]
}

function pluginViolations(backend: MtlsBackend, path: string, isUnchecked: boolean): Violation[] {
  const { type, conf } = backend
  if (type !== 'builtin' && type !== 'provided') {
    return [violation(`${path}.type`, 'could not find installed plugin for this type')]
  }
  if (isUnchecked) return []
  if (type === 'provided') return providedViolations(backend, `${path}.conf`)
  const expiration = conf?.caCert?.expiration ?? ''
  const isValid = expiration === '' || meshDurationMs(expiration) !== null
  return isValid ? [] : [violation(`${path}.conf.caCert.expiration`, 'has to be a valid format')]
}

function providedViolations({ conf }: MtlsBackend, path: string): Violation[] {
  return (['cert', 'key'] as const).flatMap(name => {
    const source = conf?.[name]
    if (source === undefined) return [violation(`${path}.${name}`, 'has to be defined')]
    return dataSourceViolations(source, `${path}.${name}`)
  })
}
