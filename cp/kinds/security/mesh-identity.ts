/** MeshIdentity: who issues the identities of data planes, and their form (kuma-api 4.13). Stored, not enforced yet. */
import { z } from 'zod'
import { readGoDuration } from '#base/duration.ts'
import { type SecureDataSource, secureDataSourceSchema, secureDataSourceViolations } from '../data-source.ts'
import { TEMPLATE_RULE, tryGoTemplate } from '../destination/go-template.ts'
import { fieldAt } from '../field-path.ts'
import { goDuration, tagsSchema, violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { optional, required } from '../schema/doc.ts'
import { pathFault, trustDomainFault } from './spiffe-id.ts'

const bundledSchema = z.object({
  meshTrustCreation: optional(
    z.enum(['Enabled', 'Disabled']),
    'Whether a MeshTrust with the CA is made, so that members trust these identities.',
    { default: 'Enabled' },
  ),
  insecureAllowSelfSigned: optional(z.boolean(), 'Accept a CA certificate that signed itself.', {
    default: 'false',
  }),
  autogenerate: optional(
    z.object({ enabled: optional(z.boolean(), 'Make a CA.', { default: 'false' }) }),
    'A CA that the control plane makes and keeps as Secrets.',
  ),
  ca: optional(
    z.object({
      certificate: optional(secureDataSourceSchema, 'Its certificate (PEM).', { rule: 'must be defined' }),
      privateKey: optional(secureDataSourceSchema, 'Its private key (PEM).', { rule: 'must be defined' }),
    }),
    'A CA of your own.',
    { rule: 'required without autogenerate, not with it' },
  ),
  certificateParameters: optional(
    z.object({
      expiry: optional(goDuration, 'Life of a certificate.', {
        rule: 'a duration such as 1m30s, not negative',
      }),
    }),
    'Certificates of data planes.',
  ),
})

const spireSchema = z.object({
  agent: optional(
    z.object({
      timeout: optional(goDuration, "Time to connect to the agent's socket.", {
        default: '1s',
        rule: 'a duration such as 1m30s, not negative',
      }),
    }),
    'The SPIRE agent beside the data plane.',
  ),
})

export const meshIdentitySchema = z.object({
  selector: optional(
    z.object({
      dataplane: optional(
        z.object({
          matchLabels: optional(tagsSchema, 'Labels of the Dataplane and their values.', {
            default: 'all are selected',
          }),
        }),
        'Data planes that have all of these labels.',
      ),
    }),
    'Whose identity it is. Of several that select a data plane the one with the most labels wins, then the first by name.',
    { default: 'none is selected' },
  ),
  spiffeID: optional(
    z.object({
      trustDomain: optional(z.string(), 'Trust domain. Fields: .Mesh, .Zone.', {
        default: '{{ .Mesh }}.{{ .Zone }}.mesh.local',
        rule: `${TEMPLATE_RULE}; makes lower-case letters, digits, dots, dashes, underscores`,
      }),
      path: optional(
        z.string(),
        'Path. Fields: .Workload, .Namespace, .ServiceAccount, .TrustDomain; label "key" is a label of the Dataplane.',
        { default: '/workload/{{ .Workload }}', rule: `${TEMPLATE_RULE}; makes the path of a SPIFFE id` },
      ),
    }),
    'Form of the SPIFFE id.',
  ),
  provider: optional(
    z.object({
      type: required(z.enum(['Bundled', 'Spire', 'Extension']), 'Who issues certificates.'),
      bundled: optional(bundledSchema, 'The control plane.', { rule: 'with type Bundled' }),
      spire: optional(spireSchema, 'SPIRE.', { rule: 'with type Spire' }),
      extension: optional(
        z.object({
          name: optional(z.string(), 'Name of the extension.', { rule: 'must be defined' }),
          config: optional(z.unknown(), 'Its settings.'),
        }),
        'An extension.',
        { rule: 'with type Extension' },
      ),
    }),
    'Who issues certificates.',
    { rule: 'must be defined' },
  ),
})

export type MeshIdentitySpec = z.infer<typeof meshIdentitySchema>
type Provider = NonNullable<MeshIdentitySpec['provider']>
type Bundled = z.infer<typeof bundledSchema>

export const meshIdentity = defineKind<MeshIdentitySpec>({
  type: 'MeshIdentity',
  path: 'meshidentities',
  plural: 'meshidentities',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mid',
  doc: 'A MeshIdentity says who issues the certificates of the data planes that it selects, and what SPIFFE id they bear.',
  schema: meshIdentitySchema,
  check: ({ spiffeID, provider }) => [
    ...spiffeIdViolations(spiffeID ?? {}, 'spiffeID'),
    ...providerViolations(provider, 'provider'),
  ],
  notEnforced: {
    message: 'data planes keep the certificates of the mtls section of their Mesh',
    refusesTraffic: false,
  },
  emptyStatus: {},
})

const TRUST_DOMAIN_SAMPLES = {
  fields: { Mesh: 'mesh', Zone: 'zone' },
  typeText: 'v1alpha1.trustDomainTemplateData',
}
const PATH_SAMPLES = {
  fields: {
    TrustDomain: 'trust-domain',
    Namespace: 'namespace',
    ServiceAccount: 'service-account',
    Workload: 'workload',
  },
  typeText: 'v1alpha1.spiffeIDTemplateData',
}

function spiffeIdViolations(
  { trustDomain = '', path = '' }: NonNullable<MeshIdentitySpec['spiffeID']>,
  at: string,
): Violation[] {
  const domain = trustDomain === '' ? null : tryGoTemplate(trustDomain, TRUST_DOMAIN_SAMPLES)
  const rendered = path === '' ? null : tryGoTemplate(path, PATH_SAMPLES)
  return [
    ...renderedViolations(domain, fieldAt(at, 'trustDomain'), 'trust domain', trustDomainFault),
    ...renderedViolations(rendered, fieldAt(at, 'path'), 'path', pathFault),
  ]
}

function renderedViolations(
  tried: ReturnType<typeof tryGoTemplate> | null,
  field: string,
  part: string,
  faultOf: (text: string) => string | null,
): Violation[] {
  if (tried === null) return []
  if (!tried.ok) return [violation(field, tried.message)]
  const fault = faultOf(tried.text)
  if (fault === null) return []
  const shown = JSON.stringify(tried.text)
  return [violation(field, `template renders to ${shown} which is not a valid SPIFFE ID ${part}: ${fault}`)]
}

function providerViolations(provider: Provider | undefined, path: string): Violation[] {
  const undefinedAt = (field: string): Violation[] => [
    violation(fieldAt(path, field), 'configuration needs to be defined'),
  ]
  switch (provider?.type) {
    case undefined:
      return [violation(fieldAt(path, 'type'), '"" must be one of ["Bundled", "Spire", "Extension"]')]
    case 'Bundled':
      if (provider.bundled === undefined) return undefinedAt('bundled')
      return bundledViolations(provider.bundled, fieldAt(path, 'bundled'))
    case 'Spire':
      if (provider.spire === undefined) return undefinedAt('spire')
      return negativeViolations(provider.spire.agent?.timeout, fieldAt(path, 'spire.agent.timeout'))
    case 'Extension':
      if (provider.extension === undefined) return undefinedAt('extension')
      if ((provider.extension.name ?? '') !== '') return []
      return [violation(fieldAt(path, 'extension.name'), 'extension name needs to be defined')]
  }
}

function bundledViolations({ autogenerate, ca, certificateParameters }: Bundled, path: string): Violation[] {
  const violations: Violation[] = []
  if (autogenerate?.enabled === true) {
    if (ca !== undefined) {
      violations.push(violation(fieldAt(path, 'ca'), "shouldn't be defined once using autogenerated"))
    }
  } else if (ca === undefined) {
    violations.push(violation(fieldAt(path, 'ca'), 'must be defined'))
  } else {
    violations.push(...sourceViolations(ca.certificate, fieldAt(path, 'ca.certificate')))
    violations.push(...sourceViolations(ca.privateKey, fieldAt(path, 'ca.privateKey')))
  }
  const expiry = fieldAt(path, 'certificateParameters.expiry')
  return [...violations, ...negativeViolations(certificateParameters?.expiry, expiry)]
}

function sourceViolations(source: SecureDataSource | undefined, path: string): Violation[] {
  return source === undefined
    ? [violation(path, 'must be defined')]
    : secureDataSourceViolations(source, path)
}

function negativeViolations(duration: string | undefined, field: string): Violation[] {
  const read = readGoDuration(duration ?? '0')
  return read.ok && read.ns < 0n ? [violation(field, 'must not be negative when defined')] : []
}
