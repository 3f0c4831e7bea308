/** HostnameGenerator: what may be written and what is read back (kuma-api 4.12, 4.13). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'HostnameGenerator'
const selector = { meshService: {} }
const withTemplate = (template: string): object => ({ spec: { selector, template } })

t.test("refuses in Kuma's words", async t => {
  const oneSelector = 'spec.selector: exact one selector (meshService, meshExternalService) must be defined'
  const parse = "spec.template: couldn't parse template: template: :1:"
  const dns =
    "which is not a valid DNS name: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ spec: {} }, [oneSelector, 'spec.template: must not be empty']],
    [{ spec: { template: '{{ .Name }}.mesh', selector: {} } }, [oneSelector]],
    [
      { spec: { template: '{{ .Name }}.mesh', selector: { ...selector, meshExternalService: {} } } },
      [oneSelector],
    ],
    [withTemplate('{{ .Name }}.{{ .Mesh'), [`${parse} unclosed action`]],
    [withTemplate('{{ .Name[4 }}.mesh'), [`${parse} bad character U+005B '['`]],
    [
      withTemplate('{{ .Service }}'),
      [
        'spec.template: couldn\'t render template with stub values: template: :1:3: executing "" at <.Service>: can\'t evaluate field Service in type struct { Name string; DisplayName string; Namespace string; Mesh string; Zone string }',
      ],
    ],
    [withTemplate('{{ .Name }}_x'), [`spec.template: template renders to "name_x" ${dns}`]],
    [withTemplate('{{ .Name }}.'), [`spec.template: template renders to "name." ${dns}`]],
    [
      { spec: { selector, template: 'x', extension: { type: '', config: {} } } },
      ['spec.extension.type: must not be empty'],
    ],
    [
      { spec: { selector, template: 'x', extension: { config: {} } } },
      ['spec.extension.type: in body is required'],
    ],
    [{ spec: { selector, template: 5 } }, ['spec.template: in body must be of type string: "number"']],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('is read back as it was written', async t => {
  const template =
    '{{ .Name }}.{{ .DisplayName }}.{{ .Namespace }}.{{ .Mesh }}.{{ .Zone }}.{{ label "team" }}.mesh'
  const matchLabels = { 'kuma.io/origin': 'zone' }
  for (const kind of ['meshService', 'meshExternalService', 'meshMultiZoneService']) {
    const spec = { selector: { [kind]: { matchLabels } }, template, extension: { type: 'Dns', config: [1] } }
    const { draft, warnings } = accepted(TYPE, { spec })
    t.same(draft, { type: TYPE, mesh: '', name: 'x', labels: {}, spec })
    t.same(warnings, [])
  }
})
