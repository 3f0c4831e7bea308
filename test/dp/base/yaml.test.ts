/** YAML as people write it: where each field stands, and where it is wrong. */
import t from 'tap'
import { CodedError } from '#base/errors.ts'
import {
  parseDocument,
  parseDocuments,
  splitFieldPath,
  stringifyDocuments,
  stringifyYaml,
} from '#base/yaml.ts'

const DATAPLANE = `# a comment
type: Dataplane
mesh: default

networking:
  address: 10.0.0.1
  inbound:
  - port: 80
    tags:
      kuma.io/service: web
      team: &team a
  - service_port: 8080
    port: 81
  outbound:
  - {port: 10001, tags: {kuma.io/service: redis, team: *team}}
`

t.test('tells the line of each field, or that of its nearest parent', async t => {
  const document = parseDocument(DATAPLANE, 'dp.yaml')
  const cases = [
    ['', 2],
    ['type', 2],
    ['networking', 5],
    ['networking.address', 6],
    ['networking.inbound[0].port', 8],
    ['networking.inbound[0].tags["kuma.io/service"]', 10],
    ['networking.inbound[0].tags["team"]', 11],
    ['networking.inbound[1]', 12],
    ['networking.inbound[1].servicePort', 12],
    ['networking.inbound[1].port', 13],
    ['networking.inbound[1].tags["kuma.io/service"]', 12],
    ['networking.inbound[7].port', 7],
    ['networking.outbound[0].tags["kuma.io/service"]', 15],
    ['networking.admin.port', 5],
    ['nowhere', 2],
  ] as const
  for (const [path, line] of cases) t.equal(document.lineOf(path), line, path)
})

t.test('counts lines through all documents of a text and leaves out empty ones', async t => {
  const documents = parseDocuments('---\na: 1\n---\n# nothing\n---\nb: 2\nc:\n  d: 3\n', 'all.yaml')
  t.same(
    documents.map(document => [document.value, document.line]),
    [
      [{ a: 1 }, 2],
      [{ b: 2, c: { d: 3 } }, 6],
    ],
  )
  t.equal(documents[1]?.lineOf('c.d'), 8)
  t.same(parseDocuments('', 'empty.yaml'), [])
})

t.test('reads JSON, a byte order mark, anchors and merge keys', async t => {
  t.same(parseDocument('{"a": [1, "2"]}', 'x').value, { a: [1, '2'] })
  t.same(parseDocument('\uFEFFa: yes\n', 'x').value, { a: 'yes' })
  t.same(parseDocument('base: &b {x: 1}\nc:\n  <<: *b\n  y: 2\n', 'x').value, {
    base: { x: 1 },
    c: { x: 1, y: 2 },
  })
  const document = parseDocument('base: &b\n  x: 1\nc: *b\n', 'x')
  t.equal(document.lineOf('c.x'), 2, 'a field behind an alias stands at its anchor')
})

t.test('names file, line and column of what is not YAML', async t => {
  const cases = [
    ['a: 1\nb: [1, 2', 2],
    ['a:\n\t- b: 1\n', 2],
    ['a: 1\na: 2\n', 2],
    ['a: b: c\n', 1],
    ['ok: 1\n---\nx: "open', 3],
    ['a: *nobody\n', 1],
    ['a: 1\nb: {{ port }}\n', 2],
  ] as const
  for (const [text, line] of cases) {
    const error = thrownBy(() => parseDocuments(text, 'dp.yaml'))
    t.equal(error.code, 'yaml.syntax', text)
    t.match(error.message, new RegExp(`^dp\\.yaml:${line}:\\d+: not valid YAML: `), text)
    t.equal(error.details['line'], line)
  }
  t.match(
    thrownBy(() => parseDocument('a: 1\n---\nb: 2\n', 'dp.yaml')).message,
    /expected one document, found 2/,
  )
})

t.test('reads a mapping of many keys, and names the first that is there twice', async t => {
  const names = Array.from({ length: 50_000 }, (_, i) => `k${i}`)
  const text = names.map(name => `${name}: v\n`).join('')
  t.same(Object.keys(parseDocuments(text, 'x')[0]?.value as object), names)
  t.throws(() => parseDocuments(`${text}k7: w\n`, 'x'), {
    message: 'x:50001:1: not valid YAML: map keys must be unique',
  })
  const nested = ['a:', '  - b: 1', '    "b": 2', ''].join('\n')
  t.throws(() => parseDocument(nested, 'x'), { message: 'x:3:5: not valid YAML: map keys must be unique' })
})

t.test('one document, which may come from anybody, is not parsed when that would take seconds', async t => {
  const flood = /^x: more than 100000 words and signs in YAML; send it as JSON$/
  const deep = /^x: nested more than 100 levels deep$/
  const cases: readonly (readonly [string, RegExp])[] = [
    [`[${','.repeat(200_000)}]`, flood],
    ['---\n'.repeat(200_000), flood],
    ['&a '.repeat(200_000), flood],
    ['a:\n- x\n'.repeat(200_000), flood],
    ['['.repeat(200_000), deep],
    ['{a: '.repeat(200_000), deep],
    [`${'[\n'.repeat(101)}${']'.repeat(101)}`, deep],
    ['- '.repeat(200_000), deep],
    ['? '.repeat(200_000), deep],
  ]
  for (const [text, message] of cases) {
    const error = thrownBy(() => parseDocument(text, 'x'))
    t.equal(error.code, 'yaml.flood', text.slice(0, 9))
    t.match(error.message, message)
  }
  const indented = Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')
  t.match(thrownBy(() => parseDocument(indented, 'x')).message, /: not valid YAML: nested too deeply$/)
  const brackets = `a: "${'['.repeat(200)}"\nb: |\n ${'['.repeat(200)}\nc: ${'a['.repeat(200)}\nd:\n${'- - [[]]\n'.repeat(200)}`
  t.equal(
    (parseDocument(brackets, 'x').value as { d: unknown[] }).d.length,
    200,
    'not what only looks like it',
  )
})

t.test('does not let a few aliases become a huge value', async t => {
  const levels = Array.from(
    { length: 9 },
    (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
  )
  const error = thrownBy(() => parseDocuments(`l0: &l0 [x]\n${levels.join('\n')}\n`, 'bomb.yaml'))
  t.equal(error.code, 'yaml.syntax')
  const many = Array.from({ length: 30_000 }, (_, i) => `a${i}: &a${i} x\nb${i}: *a${i}\n`).join('')
  t.match(
    thrownBy(() => parseDocuments(many, 'x')).message,
    /^x:2002:\d+: not valid YAML: more than 1000 aliases/,
  )
})

t.test('writes what reads back as it was, also by YAML 1.1', async t => {
  const value = {
    type: 'Mesh',
    list: [{ a: 1, b: 'x y' }],
    yes: 'on',
    empty: {},
    long: 'word '.repeat(60).trim(),
  }
  const text = stringifyYaml(value)
  t.same(parseDocument(text, 'x').value, value)
  t.match(text, /^type: Mesh\nlist:\n- a: 1\n {2}b: x y\n"yes": "on"\n/)
  t.equal(text.split('\n').length, 8, 'a long text is not folded')
  t.same(
    parseDocuments(stringifyDocuments([{ a: 1 }, { b: 2 }]), 'x').map(document => document.value),
    [{ a: 1 }, { b: 2 }],
  )
})

t.test('takes a field path apart', async t => {
  t.same(splitFieldPath('networking.inbound[0].tags["kuma.io/service"]'), [
    'networking',
    'inbound',
    0,
    'tags',
    'kuma.io/service',
  ])
  t.same(splitFieldPath('labels["a\\"b"]'), ['labels', 'a"b'])
  t.same(splitFieldPath(''), [])
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

t.test('knows line and column of a field', async t => {
  const [document] = parseDocuments('# head\ntype: A\nitems:\n- name: x\n  tags: {a: 1, b: 2}\n', 'x.yaml')
  t.same(document?.positionOf('items[0].name'), { line: 4, column: 3 })
  t.same(document?.positionOf('items[0].tags.b'), { line: 5, column: 16 })
  t.same(document?.positionOf('items[0].tags.c'), { line: 5, column: 3 }, 'of the nearest parent')
  t.same(document?.positionOf('none'), { line: 2, column: 1 })
})
