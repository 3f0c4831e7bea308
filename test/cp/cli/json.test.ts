/** `-o json` of commands that do things, as `vmeshctl help json` says; and one exit code for one fault. */
import t from 'tap'
import { startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const secret = (name: string, mesh = 'default'): string =>
  `type: Secret\nmesh: ${mesh}\nname: ${name}\ndata: eA==\n`
const api = await startFakeApi()
t.teardown(() => api.close())
t.beforeEach(() => {
  api.override = () => undefined
  for (const path of api.stored.keys()) if (path !== '/meshes/default') api.stored.delete(path)
})
const run = (args: readonly string[], input = '') =>
  runVmeshctl([...args, '--address', api.url], { home: '/nowhere', input })

t.test('apply tells in JSON what came of each document, and nothing else on standard output', async t => {
  await run(['apply', '-f', '-', '--prune=app=shop'], `${secret('a')}---\n${secret('old')}`)
  const files = `${secret('a')}---\n${secret('b')}---\ntype: Mesh\nname: m2\n`
  const ran = await run(['apply', '-f', '-', '--prune=app=shop', '-o', 'json'], files)
  t.match({ code: ran.code, err: ran.err }, { code: 0, err: '' }, 'warnings are in the JSON')
  const place = { file: 'standard input' }
  t.match(JSON.parse(ran.out), {
    dryRun: false,
    items: [
      { type: 'Mesh', mesh: '', name: 'm2', ...place, line: 11, outcome: 'created', warnings: [/no mTLS/] },
      { type: 'Secret', mesh: 'default', name: 'a', ...place, line: 1, outcome: 'unchanged' },
      { name: 'b', line: 6, outcome: 'created' },
      { type: 'Secret', mesh: 'default', name: 'old', outcome: 'deleted' },
    ],
    faults: [],
  })
  const dry = await run(['apply', '-f', '-', '--dry-run', '-o', 'json'], secret('c'))
  t.match(JSON.parse(dry.out), { dryRun: true, items: [{ outcome: 'created', changes: [{ op: 'add' }] }] })
  const local = await run(['apply', '-f', '-', '--dry-run=client', '-o', 'json'], secret('c'))
  t.match(JSON.parse(local.out), { items: [{ name: 'c', outcome: 'valid' }] })
})

t.test('faults of documents are in the JSON with their places, and on standard error for people', async t => {
  const bad = `${secret('a').replace('eA==', '"%"')}---\n${secret('b')}`
  for (const command of ['apply', 'diff']) {
    const ran = await run([command, '-f', '-', '-o', 'json'], bad)
    t.match(ran, { code: 1, err: /^Error: nothing was \w+:\nstandard input:4: data: / })
    t.match(JSON.parse(ran.out), {
      items: [],
      faults: [{ file: 'standard input', line: 4, column: 1, message: /^data: / }],
    })
    const refused = await run([command, '-f', '-', '-o', 'json'], `${secret('a')}---\n${secret('b', 'no')}`)
    t.match(refused, { code: 1, err: /^standard input:7: .*there is no mesh "no"/ })
    const told = JSON.parse(refused.out) as { items: readonly object[] }
    t.match(told.items.at(-1), { name: 'b', outcome: 'refused', reason: /there is no mesh "no"/ })
    t.match(told, { faults: [{ line: 7, message: /there is no mesh "no"/ }] })
  }
})

t.test('diff tells in JSON what would change', async t => {
  await run(['apply', '-f', '-'], secret('a'))
  const files = `${secret('a')}labels: {app: x}\n---\n${secret('b')}`
  const ran = await run(['diff', '-f', '-', '-o', 'json'], files)
  t.match(ran, { code: 2, err: '' })
  t.match(JSON.parse(ran.out), {
    dryRun: true,
    items: [
      { name: 'a', outcome: 'updated', changes: [{ op: 'add', path: '/labels', value: { app: 'x' } }] },
      { name: 'b', outcome: 'created' },
    ],
  })
})

t.test('version tells in JSON who answers, and null where nobody does', async t => {
  t.match(JSON.parse((await run(['version', '-o', 'json'])).out), {
    client: { product: 'vmeshctl', version: /./ },
    server: { product: 'vmesh', version: '9.8.7' },
  })
  const alone = await runVmeshctl(['version', '-o', 'json', '--address', 'http://127.0.0.1:1'], { home: '/' })
  t.match(JSON.parse(alone.out), { server: null })
})

const FAULTS: readonly (readonly [what: string, document: string, code: number])[] = [
  ['a value that the kind does not take', secret('a').replace('eA==', '"%"'), 1],
  ['a field that no kind has', `${secret('a')}nope: 1\n`, 1],
  ['a kind that is none', secret('a').replace('Secret', 'Secrte'), 1],
  ['no document at all', '# nothing\n', 1],
  ['broken YAML', 'type: [\n', 1],
  ['a variable without a value', secret('{{ name }}'), 1],
  ['nothing wrong', '', 0],
]
for (const [what, document, code] of FAULTS) {
  t.test(`lint, diff and apply end alike for ${what}`, async t => {
    await run(['apply', '-f', '-'], secret('same'))
    const input = document || secret('same')
    for (const argv of [
      ['lint', '-'],
      ['diff', '-f', '-'],
      ['apply', '-f', '-'],
    ])
      t.match(await run(argv, input), { code }, argv.join(' '))
  })
}

for (const [status, code] of [
  [400, 1],
  [401, 78],
  [403, 78],
  [404, 1],
  [409, 1],
  [503, 75],
] as const) {
  t.test(`whatever asks ends with ${code} where the control plane answers ${status}`, async t => {
    api.override = ({ method, url }) =>
      method !== 'GET' && url !== '/' ? { status, body: { title: 'No', detail: 'no' } } : undefined
    const two = `${secret('a')}---\n${secret('b')}`
    t.match(await run(['delete', 'secret', 'a']), { code })
    t.match(await run(['apply', '-f', '-'], secret('a')), { code })
    t.match(await run(['apply', '-f', '-'], two), { code })
    t.match(await run(['apply', '-f', '-', '--dry-run'], two), { code })
    t.match(await run(['diff', '-f', '-'], two), { code })
  })
}
