/** Go templates of names: what they make, and Go's words for their faults (kuma-api 4.13). */
import t from 'tap'
import { renderGoTemplate, tryGoTemplate } from '../../../../cp/kinds/destination/go-template.ts'

const VALUES = {
  fields: { Name: 'redis', Mesh: 'default' },
  typeText: 'Data',
  label: (key: string) => (key === 'team' ? 'db' : undefined),
}

t.test('fills fields and labels', async t => {
  const cases: readonly (readonly [template: string, text: string])[] = [
    ['plain', 'plain'],
    ['{{ .Name }}.{{.Mesh}}.mesh', 'redis.default.mesh'],
    ['{{ label "team" }}-{{ label `team` }}', 'db-db'],
    ['{{ "team" | label }}', 'db'],
    ['{{ "}}" }}', '}}'],
    ['a \n {{- .Name -}} \n b', 'aredisb'],
    ['a {{- /* why */ -}} b{{/* so */}}', 'ab'],
    ['}} {', '}} {'],
    ['', ''],
  ]
  for (const [template, text] of cases)
    t.same(renderGoTemplate(template, VALUES), { ok: true, text }, template)
})

t.test('names faults as Go does', async t => {
  const only = 'write fields (.Name) and label "key" only'
  const cases: readonly (readonly [template: string, message: string])[] = [
    ['{{ .Name', ':1: unclosed action'],
    ['{{', ':1: unclosed action'],
    ['a\n{{ .Name[4 }}', ":2: bad character U+005B '['"],
    ['{{ .Name }}{{ }}', ':1: missing value for command'],
    ['{{ .Name | }}', ':1: missing value for command'],
    ['{{ upper .Name }}', ':1: function "upper" not defined'],
    ['{{ .Mesh|1 }}', ':1: non executable command in pipeline stage 2'],
    ['{{ label "team }}', ':1: unterminated quoted string'],
    ['{{ label `team }}', ':1: unterminated raw quoted string'],
    ['{{ ) }}', ':1: unexpected right paren'],
    ['{{-.Name }}', ':1: unexpected "-" in command'],
    ['{{ § }}', ":1: unrecognized character in action: U+00A7 '§'"],
    ['{{ if .Name }}', `:1: {{if}} is not supported here; ${only}`],
    ['{{ . }}', `:1: . is not supported here; ${only}`],
    ['{{ 12 }}', `:1: 12 is not supported here; ${only}`],
    ['{{ nil }}', `:1: nil is not supported here; ${only}`],
  ]
  for (const [template, message] of cases) {
    t.same(
      renderGoTemplate(template, VALUES),
      { ok: false, message: `template: ${message}`, isSyntax: true },
      template,
    )
  }
})

t.test('names what cannot be filled, with its place', async t => {
  const cases: readonly (readonly [template: string, message: string])[] = [
    ['{{ .Zone }}', ':1:3: executing "" at <.Zone>: can\'t evaluate field Zone in type Data'],
    ['ä\nä{{.Name.X}}', ':2:4: executing "" at <.Name.X>: can\'t evaluate field Name.X in type Data'],
    ['{{ .toString }}', ':1:3: executing "" at <.toString>: can\'t evaluate field toString in type Data'],
    ['{{ label "x" }}', ':1:3: executing "" at <label "x">: error calling label: label x not found'],
    ['{{ label }}', ':1:3: executing "" at <label>: wrong number of args for label: want 1 got 0'],
    [
      '{{ .Name .Mesh }}',
      ':1:3: executing "" at <.Name>: Name has arguments but cannot be invoked as function',
    ],
    ['{{ "a" "b" }}', ':1:3: executing "" at <"a">: can\'t give argument to non-function "a"'],
  ]
  for (const [template, message] of cases) {
    t.same(
      renderGoTemplate(template, VALUES),
      { ok: false, message: `template: ${message}`, isSyntax: false },
      template,
    )
  }
})

t.test('a map has no value for what is not in it, and no labels', async t => {
  const values = { fields: { svc: 'web' }, typeText: null }
  t.same(renderGoTemplate('{{.svc}}.{{.x}}', values), { ok: true, text: 'web.<no value>' })
  t.match(renderGoTemplate('{{.svc.x}}', values), {
    ok: false,
    message: /can't evaluate field svc\.x in type string$/,
  })
  t.match(renderGoTemplate('{{ label "x" }}', values), {
    message: 'template: :1: function "label" not defined',
  })
})

t.test('a trial knows every label and says at which step it failed', async t => {
  t.same(tryGoTemplate('{{ label "any" }}.x', VALUES), { ok: true, text: 'label.x' })
  t.match(tryGoTemplate('{{', VALUES), { message: "couldn't parse template: template: :1: unclosed action" })
  t.match(tryGoTemplate('{{ .X }}', VALUES), {
    message: /^couldn't render template with stub values: template: :1:3: /,
  })
})

t.test('long templates take time by their length', async t => {
  for (const template of ['{{ .Name }}'.repeat(20_000), '{{/*'.repeat(20_000), ' '.repeat(200_000)]) {
    t.type(renderGoTemplate(template, VALUES).ok, 'boolean')
  }
})
