/**
 * VirtualOutbound: host names and ports for services, made from their tags by templates (kuma-api 4.9, 4.12). Flat,
 * mesh. Its templates are rendered once with stand-ins when it is written, so that a fault shows then.
 */
import { z } from 'zod'
import { type Rendered, renderGoTemplate } from '../destination/go-template.ts'
import { fieldAt, itemAt } from '../field-path.ts'
import { isDnsName, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { defineLegacyPolicy } from '../legacy/legacy-policy.ts'
import { SERVICE_TAG, selectorsField, selectorsViolations } from '../legacy/selectors.ts'
import { optional, text } from '../schema/doc.ts'

const confSchema = z.object({
  host: text('Template of the host name: `{{.NAME}}` stands for the value of a parameter.', {
    rule: 'a DNS name comes out',
  }),
  port: text('Template of the port, as `host`.', { rule: '1 to 65535 comes out' }),
  parameters: optional(
    z.array(
      z.object({
        name: text('Name in the templates.', { rule: 'letters and digits; unique' }),
        tagKey: optional(z.string(), 'Tag whose value it has.', { default: 'name' }),
      }),
    ),
    'Values for the templates, from the tags of a service.',
    { rule: `one has the tagKey ${SERVICE_TAG}` },
  ),
})

const virtualOutboundSchema = z.object({
  selectors: selectorsField('Data planes whose inbounds have these tags.'),
  conf: optional(confSchema, 'How names and ports are made.', { rule: 'must be there' }),
})

export type VirtualOutboundSpec = z.infer<typeof virtualOutboundSchema>
type Conf = z.infer<typeof confSchema>
type Parameter = NonNullable<Conf['parameters']>[number]

export const virtualOutbound = defineLegacyPolicy<VirtualOutboundSpec>({
  type: 'VirtualOutbound',
  doc:
    'A VirtualOutbound gives the services that its selectors match a host name and a port, made from their tags, ' +
    'under which members of the mesh reach them.',
  schema: virtualOutboundSchema,
  notEnforced: {
    message: 'no host names and ports are made from it; write `networking.outbound` in the Dataplanes',
    refusesTraffic: false,
  },
  check: ({ selectors, conf }) => [
    ...selectorsViolations(selectors, 'selectors'),
    ...(conf === undefined ? [violation('conf', 'has to be defined')] : confViolations(conf, 'conf')),
  ],
})

function confViolations({ host, port, parameters = [] }: Conf, path: string): Violation[] {
  return [
    ...parametersViolations(parameters, fieldAt(path, 'parameters')),
    ...templateViolations(host, fieldAt(path, 'host'), hostFault, parameters, 'dummy'),
    ...templateViolations(port, fieldAt(path, 'port'), portFault, parameters, '1'),
  ]
}

function parametersViolations(parameters: readonly Parameter[], path: string): Violation[] {
  const seen = new Set<string>()
  const violations = parameters.flatMap(({ name, tagKey = '' }, i) => {
    const field = itemAt(path, i)
    const isUsed = seen.has(name)
    seen.add(name)
    return [
      ...(isUsed ? [violation(fieldAt(field, 'name'), 'name is already used')] : []),
      ...(isTagName(tagKey) ? [] : [violation(fieldAt(field, 'tagKey'), 'must be a valid tag name')]),
      ...(tagKey === '' && !isTagName(name)
        ? [violation(fieldAt(field, 'name'), 'must be a valid tag name if you are not setting tagKey')]
        : []),
      ...(/^[a-zA-Z0-9]+$/.test(name)
        ? []
        : [
            violation(
              fieldAt(field, 'name'),
              'must consist of alphanumeric characters to be used as a gotemplate key',
            ),
          ]),
    ]
  })
  if (parameters.some(parameter => parameter.tagKey === SERVICE_TAG)) return violations
  return [...violations, violation(path, `must contain a parameter with ${SERVICE_TAG} as a tagKey`)]
}

function isTagName(text: string): boolean {
  return /^[a-zA-Z0-9.\-_:/]*$/.test(text)
}

function templateViolations(
  template: string,
  field: string,
  faultOf: (text: string) => string | null,
  parameters: readonly Parameter[],
  standIn: string,
): Violation[] {
  if (template === '') return [violation(field, 'has to be defined')]
  const fields = Object.fromEntries(parameters.map(({ name }) => [name, standIn]))
  const fault = renderFault(renderGoTemplate(template, { fields, typeText: null }), faultOf)
  return fault === null ? [] : [violation(field, `template pre evaluation failed with error='${fault}'`)]
}

function renderFault(rendered: Rendered, faultOf: (text: string) => string | null): string | null {
  if (rendered.ok) return faultOf(rendered.text)
  return `failed compiling gotemplate error=${JSON.stringify(rendered.message)}`
}

function hostFault(host: string): string | null {
  if (isDnsName(host)) return null
  return `evaluation of template with parameters didn't return a valid dns name result=${JSON.stringify(host)}`
}

function portFault(text: string): string | null {
  if (!/^[+-]?\d{1,18}$/.test(text)) {
    return `evaluation of template with parameters didn't evaluate to a parsable number result=${JSON.stringify(text)}`
  }
  const port = Number(text)
  if (port >= 1 && port <= 65535) return null
  return `evaluation of template returned a port outside of the range [1..65535] result=${port}`
}
