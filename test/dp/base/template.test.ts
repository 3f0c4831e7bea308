/** Templates of Dataplane files: what is filled in, and what is an error. */
import t from 'tap'
import { CodedError } from '#base/errors.ts'
import { renderTemplate } from '#base/template.ts'

t.test('fills in variables, nested by dots, and escapes nothing', async t => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ['name: {{ name }}', { name: 'web-1' }, 'name: web-1'],
    ['{{a.b}}-{{ a.c.d }}', { 'a.b': '1', 'a.c.d': '2' }, '1-2'],
    [
      '{{ x }} {{{ x }}} {{& x }}',
      { x: '<a href="/">&\'`=' },
      '<a href="/">&\'`= <a href="/">&\'`= <a href="/">&\'`=',
    ],
    ['{{#tls}}secure{{/tls}}{{^tls}}plain{{/tls}}', {}, 'plain'],
    ['{{#tls}}secure {{who}}{{/tls}}{{^tls}}{{nobody}}{{/tls}}', { tls: 'yes', who: 'me' }, 'secure me'],
    ['empty: "{{ e }}"', { e: '' }, 'empty: ""'],
    ['no variables: { } }}', {}, 'no variables: { } }}'],
    ['{{! a comment }}x', {}, 'x'],
  ]
  for (const [source, variables, text] of cases) {
    t.equal(renderTemplate(source, variables, 'dp.yaml'), text, source)
  }
})

t.test('names every variable without a value and its line', async t => {
  const one = thrownBy(() => renderTemplate('a: 1\nb: {{ port }}\n', {}, 'dp.yaml', '--dataplane-var'))
  t.equal(one.code, 'template.undefined-variable')
  t.equal(one.message, 'dp.yaml:2: no value for variable port; give it with --dataplane-var port=VALUE')
  const several = thrownBy(() => renderTemplate('{{ a.b }}\n\n{{ c }}{{ d }}', { d: '1' }, 'dp.yaml'))
  t.equal(
    several.message,
    'dp.yaml:1: no value for variables a.b (line 1), c (line 3); give it with --var a.b=VALUE --var c=VALUE',
  )
  t.same(several.details['names'], ['a.b', 'c'])
})

t.test('a name that every object has is no value', async t => {
  for (const name of ['constructor', 'toString', '__proto__', 'name.length', 'hasOwnProperty']) {
    const error = thrownBy(() => renderTemplate(`{{ ${name} }}`, { name: 'x' }, 'f'))
    t.equal(error.code, 'template.undefined-variable', name)
  }
  t.equal(renderTemplate('{{ __proto__.x }}', { '__proto__.x': '1' }, 'f'), '1')
  t.equal(Reflect.get({}, 'x'), undefined, 'and no object got one')
})

t.test('a part of a group, a group and a partial are no value either', async t => {
  for (const source of ['{{ a }}', '{{ a.b.c }}', '{{> a.b }}', '{{ . }}']) {
    t.equal(
      thrownBy(() => renderTemplate(source, { 'a.b': '1' }, 'f')).code,
      'template.undefined-variable',
      source,
    )
  }
  t.equal(thrownBy(() => renderTemplate('x', { a: '1', 'a.b': '2' }, 'f')).code, 'template.conflict')
  t.equal(thrownBy(() => renderTemplate('x', { 'a.b': '2', a: '1' }, 'f')).code, 'template.conflict')
})

t.test('names the line of what is not a template', async t => {
  const cases = [
    ['a: 1\nb: {{ port\n', 2],
    ['a: {{#x}} 1\n', 1],
    ['\n\n{{/x}}', 3],
  ] as const
  for (const [source, line] of cases) {
    const error = thrownBy(() => renderTemplate(source, {}, 'dp.yaml'))
    t.equal(error.code, 'template.syntax', source)
    t.match(error.message, new RegExp(`^dp\\.yaml:${line}: un`), source)
  }
})

function thrownBy(action: () => unknown): CodedError {
  try {
    action()
  } catch (error) {
    if (error instanceof CodedError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

t.test('leaves Go templates that belong to a resource as they are', async t => {
  const source = [
    'template: "{{ .DisplayName }}.{{ label "kuma.io/zone" }}.mesh"',
    "host: '{{.service}}.{{- .v -}}'",
    'name: {{ name }}-{{ a.b }}',
    '{{# shown }}{{ .Mesh }}{{/ shown }}',
  ].join('\n')
  const rendered = renderTemplate(source, { name: 'web', 'a.b': '1' }, 'x.yaml')
  t.equal(
    rendered,
    [
      'template: "{{ .DisplayName }}.{{ label "kuma.io/zone" }}.mesh"',
      "host: '{{.service}}.{{- .v -}}'",
      'name: web-1',
      '',
    ].join('\n'),
  )
  t.throws(() => renderTemplate('a: {{ .Name }}\nb: {{ name }}', {}, 'x.yaml'), {
    message: 'x.yaml:2: no value for variable name; give it with --var name=VALUE',
  })
})
