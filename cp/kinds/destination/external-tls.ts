/** The `tls` section of a MeshExternalService: how the data plane speaks TLS to a server outside the mesh (kuma-api 4.13). */
import { z } from 'zod'
import {
  dataSourceSchema,
  dataSourceViolations,
  secureDataSourceSchema,
  secureDataSourceViolations,
} from '../data-source.ts'
import { fieldAt } from '../field-path.ts'
import { isDnsName, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { filled, optional, required } from '../schema/doc.ts'
import { tlsVersionSchema, tlsVersionViolations } from '../security/tls-version.ts'

/** Both forms; `file` and `envVar` are known only to be refused: they would read the control plane's own host. */
const sourceSchema = z.object({
  secret: dataSourceSchema.shape.secret,
  inline: dataSourceSchema.shape.inline,
  inlineString: dataSourceSchema.shape.inlineString,
  type: optional(secureDataSourceSchema.shape.type, 'Which of secretRef and insecureInline says it.', {
    rule: 'Secret or InsecureInline; not with secret, inline, inlineString',
  }),
  secretRef: secureDataSourceSchema.shape.secretRef,
  insecureInline: secureDataSourceSchema.shape.insecureInline,
  file: secureDataSourceSchema.shape.file,
  envVar: secureDataSourceSchema.shape.envVar,
})

const verificationSchema = z.object({
  mode: filled(
    z.enum(['SkipSAN', 'SkipCA', 'Secured', 'SkipAll']).default('Secured'),
    "What is checked of the server's certificate: its names and its CA (Secured), only the CA (SkipSAN), only the names (SkipCA), nothing (SkipAll).",
    { default: 'Secured' },
  ),
  serverName: optional(z.string(), 'Server name that is asked for (SNI).', {
    default: 'the address of the endpoint',
    rule: 'a DNS name',
  }),
  subjectAltNames: optional(
    z.array(
      z.object({
        type: filled(z.enum(['Exact', 'Prefix']).default('Exact'), 'How the value is compared.', {
          default: 'Exact',
        }),
        value: required(z.string(), 'Name in the certificate, or its beginning.'),
      }),
    ),
    'Names of which the certificate has to have one.',
  ),
  caCert: optional(sourceSchema, 'CA certificates (PEM) that the server has to come from.', {
    default: 'those of the operating system',
  }),
  clientCert: optional(sourceSchema, 'Certificate (PEM) that the server is shown.', {
    rule: 'with clientKey',
  }),
  clientKey: optional(sourceSchema, 'Its private key (PEM).', { rule: 'with clientCert' }),
})

export const externalTlsSchema = z.object({
  enabled: filled(z.boolean().default(false), 'Speak TLS to the endpoints.', { default: 'false' }),
  version: optional(tlsVersionSchema, 'Versions of TLS.'),
  allowRenegotiation: filled(z.boolean().default(false), 'Let the server renegotiate; not advisable.', {
    default: 'false',
  }),
  verification: optional(verificationSchema, "How the server's certificate is checked."),
})

export type ExternalTls = z.infer<typeof externalTlsSchema>
type Source = z.infer<typeof sourceSchema>

/** @param path of the section */
export function externalTlsViolations({ version, verification }: ExternalTls, path: string): Violation[] {
  const violations = tlsVersionViolations(version, fieldAt(path, 'version'))
  if (verification === undefined) return violations
  const at = (field: string): string => fieldAt(path, `verification.${field}`)
  const { serverName, caCert, clientCert, clientKey } = verification
  if (serverName !== undefined && !isDnsName(serverName)) {
    violations.push(violation(at('serverName'), 'must be a valid DNS name'))
  }
  if (clientCert !== undefined && clientKey === undefined) {
    violations.push(violation(at('clientKey'), 'must be defined when clientCert is defined'))
  }
  if (clientCert === undefined && clientKey !== undefined) {
    violations.push(violation(at('clientCert'), 'must be defined when clientKey is defined'))
  }
  return [
    ...violations,
    ...sourceViolations(caCert, at('caCert')),
    ...sourceViolations(clientCert, at('clientCert')),
    ...sourceViolations(clientKey, at('clientKey')),
  ]
}

function sourceViolations(source: Source | undefined, path: string): Violation[] {
  if (source === undefined) return []
  const { type, secret, inline, inlineString } = source
  if (type === undefined) return dataSourceViolations({ secret, inline, inlineString }, path)
  if (secret !== undefined || inline !== undefined || inlineString !== undefined) {
    return [violation(path, 'secret, inline and inlineString cannot be combined with type')]
  }
  if (type === 'File' || type === 'EnvVar') {
    return [violation(fieldAt(path, 'type'), `${type} must be one of: Secret, InsecureInline`)]
  }
  return secureDataSourceViolations({ ...source, type }, path)
}
