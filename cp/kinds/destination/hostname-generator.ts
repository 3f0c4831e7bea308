/** HostnameGenerator: the rule by which destinations get their host names (kuma-api 4.13). Global. Stored, not enforced yet. */
import { z } from 'zod'
import { tagsSchema, violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { isSubdomain, SUBDOMAIN_RULE } from '../meta.ts'
import { optional, required, text } from '../schema/doc.ts'
import { TEMPLATE_RULE, tryGoTemplate } from './go-template.ts'

const selects = (what: string) =>
  optional(
    z.object({
      matchLabels: optional(tagsSchema, 'Labels and their values.', { default: 'all are selected' }),
    }),
    `${what} that have all of these labels.`,
    { rule: 'exactly one of the three' },
  )

export const hostnameGeneratorSchema = z.object({
  selector: optional(
    z.object({
      meshService: selects('MeshServices'),
      meshExternalService: selects('MeshExternalServices'),
      meshMultiZoneService: selects('MeshMultiZoneServices'),
    }),
    'The destinations that get a name.',
    { rule: 'must be defined' },
  ),
  template: text(
    'The name. Fields: .Name, .DisplayName, .Namespace, .Mesh, .Zone of the destination; label "key" is a label of it.',
    { rule: `${TEMPLATE_RULE}; makes a DNS name` },
  ),
  extension: optional(
    z.object({
      type: required(z.string(), 'Type of the extension.', { rule: 'not empty' }),
      config: optional(z.unknown(), 'Its settings.'),
    }),
    'An extension that publishes the names elsewhere.',
  ),
})

export type HostnameGeneratorSpec = z.infer<typeof hostnameGeneratorSchema>

export const hostnameGenerator = defineKind<HostnameGeneratorSpec>({
  type: 'HostnameGenerator',
  path: 'hostnamegenerators',
  scope: 'Global',
  encoding: 'spec',
  shortName: 'hg',
  doc:
    'A HostnameGenerator gives host names to MeshServices, MeshExternalServices or MeshMultiZoneServices of all ' +
    'meshes. Generators of this zone come first, then older ones; the first to take a name keeps it.',
  schema: hostnameGeneratorSchema,
  check({ selector, template, extension }) {
    const { meshService, meshExternalService, meshMultiZoneService } = selector ?? {}
    const selectors = [meshService, meshExternalService, meshMultiZoneService]
    const violations = templateViolations(template)
    if (selectors.filter(one => one !== undefined).length !== 1) {
      const message = 'exact one selector (meshService, meshExternalService) must be defined'
      violations.unshift(violation('selector', message))
    }
    if (extension?.type === '') violations.push(violation('extension.type', 'must not be empty'))
    return violations
  },
  notEnforced: {
    message: 'destinations get no host names; applications call the addresses of outbounds',
    refusesTraffic: false,
  },
})

const SAMPLES = {
  fields: { Name: 'name', DisplayName: 'displayname', Namespace: 'namespace', Mesh: 'mesh', Zone: 'zone' },
  typeText: 'struct { Name string; DisplayName string; Namespace string; Mesh string; Zone string }',
}

function templateViolations(template: string): Violation[] {
  if (template === '') return [violation('template', 'must not be empty')]
  const tried = tryGoTemplate(template, SAMPLES)
  if (!tried.ok) return [violation('template', tried.message)]
  if (isSubdomain(tried.text)) return []
  const shown = JSON.stringify(tried.text)
  return [
    violation('template', `template renders to ${shown} which is not a valid DNS name: ${SUBDOMAIN_RULE}`),
  ]
}
