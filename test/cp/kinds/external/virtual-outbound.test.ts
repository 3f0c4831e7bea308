/** VirtualOutbound: its templates are tried when it is written (kuma-api 4.9, 4.12). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'VirtualOutbound'
const selectors = [{ match: { 'kuma.io/service': '*' } }]
const service = { name: 'service', tagKey: 'kuma.io/service' }
const conf = { host: '{{.service}}.mesh', port: '80', parameters: [service] }
const but = (fields: object): object => ({ selectors, conf: { ...conf, ...fields } })
const failed = (field: string, error: string): string =>
  `conf.${field}: template pre evaluation failed with error='${error}'`

t.test('takes the forms of the documentation and shows them as they are', async t => {
  t.same(accepted(TYPE, but({})).draft.spec, but({}))
  const tagged = but({ port: '{{ .port }}', parameters: [service, { name: 'port', tag_key: '' }] })
  t.same(
    accepted(TYPE, tagged).draft.spec,
    but({ port: '{{ .port }}', parameters: [service, { name: 'port' }] }),
  )
  t.same(faults(TYPE, but({ host: 'v-{{- .service -}} .mesh' })), [], 'dashes trim white space')
})

t.test("refuses with Kuma's messages", async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ selectors }, ['conf: has to be defined']],
    [{ conf }, ['selectors: must have at least one element']],
    [{ selectors: [{ match: {} }], conf }, ['selectors[0].match: must have at least one tag']],
    [
      { selectors, conf: {} },
      [
        'conf.parameters: must contain a parameter with kuma.io/service as a tagKey',
        'conf.host: has to be defined',
        'conf.port: has to be defined',
      ],
    ],
    [
      but({ parameters: [{ name: 'service' }] }),
      ['conf.parameters: must contain a parameter with kuma.io/service as a tagKey'],
    ],
    [but({ parameters: [service, service] }), ['conf.parameters[1].name: name is already used']],
    [
      but({ parameters: [service, { name: 'a-b' }] }),
      ['conf.parameters[1].name: must consist of alphanumeric characters to be used as a gotemplate key'],
    ],
    [
      but({ parameters: [service, { name: 'a b' }, { name: 'c', tagKey: '!' }] }),
      [
        'conf.parameters[1].name: must be a valid tag name if you are not setting tagKey',
        'conf.parameters[1].name: must consist of alphanumeric characters to be used as a gotemplate key',
        'conf.parameters[2].tagKey: must be a valid tag name',
      ],
    ],
    [
      but({ host: '{{.service}}..mesh' }),
      [
        failed(
          'host',
          'evaluation of template with parameters didn\'t return a valid dns name result="dummy..mesh"',
        ),
      ],
    ],
    [
      but({ host: '{{.other}}.mesh' }),
      [
        failed(
          'host',
          'evaluation of template with parameters didn\'t return a valid dns name result="<no value>.mesh"',
        ),
      ],
    ],
    [
      but({ host: '{{.service' }),
      [failed('host', 'failed compiling gotemplate error="template: :1: unclosed action"')],
    ],
    [
      but({ host: '{{ if .a }}b{{ end }}' }),
      [
        failed(
          'host',
          'failed compiling gotemplate error="template: :1: {{if}} is not supported here; write fields (.Name) and label \\"key\\" only"',
        ),
      ],
    ],
    [
      but({ port: 'http' }),
      [
        failed(
          'port',
          'evaluation of template with parameters didn\'t evaluate to a parsable number result="http"',
        ),
      ],
    ],
    [
      but({ port: '0' }),
      [failed('port', 'evaluation of template returned a port outside of the range [1..65535] result=0')],
    ],
    [
      but({ port: '{{.service}}00000' }),
      [
        failed(
          'port',
          'evaluation of template returned a port outside of the range [1..65535] result=100000',
        ),
      ],
    ],
    [but({ host: 1 }), ['conf.host: must be a string, not a number']],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})
