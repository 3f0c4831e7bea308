/** `vmeshctl apply`: what is sent, what is said, and what is not sent. */
import { join } from 'node:path'
import t from 'tap'
import { startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const WEB = `type: Dataplane
mesh: default
name: web-1
networking:
  address: 127.0.1.1
  inbound:
  - port: 8080
    tags:
      kuma.io/service: web
`
const MESH = 'type: Mesh\nname: m2\n'
const api = await startFakeApi()
t.teardown(() => api.close())
t.beforeEach(() => {
  api.asked.length = 0
  api.override = () => undefined
  for (const path of api.stored.keys()) if (path !== '/meshes/default') api.stored.delete(path)
})
const apply = (home: string, args: readonly string[], input?: string) =>
  runVmeshctl(['apply', '--address', api.url, ...args], input === undefined ? { home } : { home, input })

t.test('says created, updated and unchanged as they are', async t => {
  const home = t.testdir({ 'dp.yaml': WEB, 'dp2.yaml': WEB.replace('8080', '8081') })
  const label = 'resource type="Dataplane" mesh="default" name="web-1"'
  const run = (file: string) => apply(home, ['-f', join(home, file)])
  t.same(await run('dp.yaml'), { code: 0, out: `${label} Created\n`, err: '' })
  t.same(await run('dp.yaml'), { code: 0, out: `${label} Unchanged\n`, err: '' })
  t.same(await run('dp2.yaml'), { code: 0, out: `${label} Updated\n`, err: '' })
  t.match(api.stored.get('/meshes/default/dataplanes/web-1'), { networking: { inbound: [{ port: 8081 }] } })
})

t.test('applies all documents of files, a folder and standard input, meshes first', async t => {
  const home = t.testdir({
    a: {
      '1.yaml': WEB.replace('mesh: default', 'mesh: m2'),
      '2.yml': `${MESH}---\n---\n`,
      'readme.md': 'no',
    },
    'b.json': JSON.stringify({ type: 'Secret', name: 's', data: 'eA==' }),
  })
  const args = ['-f', join(home, 'a'), '-f', join(home, 'b.json'), '-f', '-', '-m', 'm2']
  const { code, out, err } = await apply(home, args, WEB)
  t.match(err, /^[^\n]*2\.yml:1: warning: the mesh has no mTLS[^\n]*\n$/)
  t.same(
    { code, out: out.split('\n') },
    {
      code: 0,
      out: [
        'resource type="Mesh" mesh="" name="m2" Created',
        'resource type="Dataplane" mesh="m2" name="web-1" Created',
        'resource type="Secret" mesh="m2" name="s" Created',
        'resource type="Dataplane" mesh="default" name="web-1" Created',
        '',
      ],
    },
  )
})

t.test('fills variables, and names those that are missing', async t => {
  const home = t.testdir({ 'dp.yaml': WEB.replace('127.0.1.1', '{{ vm.ip }}').replace('web-1', '{{name}}') })
  const file = join(home, 'dp.yaml')
  const filled = await apply(home, ['-f', file, '--var', 'vm.ip=10.0.0.1', '-v', 'name=web-9'])
  t.match(filled, { code: 0, out: 'resource type="Dataplane" mesh="default" name="web-9" Created\n' })
  t.match(api.stored.get('/meshes/default/dataplanes/web-9'), { networking: { address: '10.0.0.1' } })
  const missing = await apply(home, ['-f', file, '--var', 'name=web-9'])
  t.match(missing, { code: 1, out: '', err: /dp\.yaml:5: no value for variable vm\.ip; give it with --var/ })
  t.match(await apply(home, ['-f', file, '--var', 'name']), {
    code: 64,
    err: /--var name: expected KEY=VALUE/,
  })
})

t.test('a time apart from its --wait is told from a file', async t => {
  const home = t.testdir({ 'web.yaml': WEB })
  t.match(await apply(home, ['-f', join(home, 'web.yaml'), '--wait', '3s']), {
    out: '',
    err: /^3s: there is no such file or folder; for a time write --wait=3s$/m,
  })
})

t.test('sends nothing when one document is wrong, and names all faults with file and line', async t => {
  const home = t.testdir({
    '1-good.yaml': WEB,
    '2-bad.yaml': `${WEB.replace('8080', '99999').replace('127.0.1.1', '""')}---\ntype: Dataplnae\nname: x\n---\nname: y\n---\n- 1\n`,
    '3-syntax.yaml': 'type: [Mesh\nname: x\n',
    '4-unknown.yaml': WEB.replace('  inbound:', '  inbuond: 1\n  inbound:').replace('web-1', 'web-2'),
    '5-insight.yaml': 'type: DataplaneInsight\nmesh: default\nname: web-1\n',
    '6-twice.yaml': WEB,
  })
  const { code, out, err } = await apply(home, ['-f', home, '-f', join(home, 'none.yaml')])
  t.match({ code, out }, { code: 1, out: '' })
  t.same(api.asked, [], 'not one request')
  const lines = err.trim().replaceAll(`${home}/`, '').split('\n')
  t.equal(lines.shift(), 'Error: nothing was sent:')
  t.match(lines, [
    /^.*none\.yaml: there is no such file or folder$/,
    /^2-bad\.yaml:5: networking\.address: address can't be empty$/,
    /^2-bad\.yaml:7: networking\.inbound\[0\]\.port: port must be in the range \[1, 65535\]$/,
    /^2-bad\.yaml:11: type: invalid resource type "Dataplnae"; did you mean Dataplane\?$/,
    /^2-bad\.yaml:14: type: is missing; say which kind this is, such as Dataplane$/,
    /^2-bad\.yaml:16: a resource is a mapping with type and name, this is none$/,
    /^3-syntax\.yaml:\d+: not valid YAML: /,
    /^4-unknown\.yaml:6: networking\.inbuond: there is no such field; did you mean inbound\?$/,
    /^5-insight\.yaml:1: type: DataplaneInsight is written by the control plane/,
    /^6-twice\.yaml:3: Dataplane default\/web-1 is at 1-good\.yaml:3 already; keep one$/,
  ])
  t.equal(lines.length, 10)
})

t.test('warns of unknown fields instead where that is asked for', async t => {
  const home = t.testdir({ 'dp.yaml': WEB.replace('  inbound:', '  inbuond: 1\n  inbound:') })
  const { code, out, err } = await apply(home, ['-f', join(home, 'dp.yaml'), '--unknown-fields=warn'])
  t.same({ code, out }, { code: 0, out: 'resource type="Dataplane" mesh="default" name="web-1" Created\n' })
  t.match(
    err,
    /^[^\n]*dp\.yaml:\d+: warning: unknown field networking\.inbuond is ignored; did you mean inbound\?\n$/,
    'said once',
  )
})

t.test('says which mesh is missing', async t => {
  const { code, err } = await apply(t.testdir(), ['-f', '-'], WEB.replace('mesh: default', 'mesh: shop'))
  t.match(
    { code, err },
    {
      code: 1,
      err: /^standard input:2: .*: there is no mesh "shop"; apply a Mesh of that name first\n$/,
    },
  )
})

t.test(
  'prints the warnings of the control plane, and passes on that unenforced policies are accepted',
  async t => {
    api.override = ({ method }) =>
      method === 'PUT' ? { status: 201, body: { warnings: ['mtls is off'] } } : undefined
    const ran = await apply(t.testdir(), ['-f', '-', '--accept-unenforced'], WEB)
    t.same(ran, {
      code: 0,
      out: 'resource type="Dataplane" mesh="default" name="web-1" Created\n',
      err: 'standard input:1: warning: mtls is off\n',
    })
    t.match(api.asked.at(-1)?.url, '?acceptUnenforced=true')
  },
)

t.test('stops at the first request that cannot be made, with a code for transient faults', async t => {
  api.override = ({ method, url }) =>
    method === 'PUT' && url.endsWith('/web-2')
      ? { status: 503, body: { title: 'Service unavailable' } }
      : undefined
  const names = Array.from({ length: 100 }, (_, index) => `web-${index + 1}`)
  const input = names.map(name => WEB.replace('web-1', name)).join('---\n')
  const { code, out, err } = await apply(t.testdir(), ['-f', '-'], input)
  t.equal(code, 75)
  t.match(err, /^vmeshctl: \d+ more were not sent\nError: Service unavailable\n$/)
  const written = out.trim().split('\n')
  const unsent = Number(/\d+/.exec(err)?.[0])
  t.equal(written.length + 1 + unsent, 100, 'every document is accounted for')
  t.equal(written.length, api.stored.size - 1, 'what was written is said')
})

t.test('checks without sending in a dry run', async t => {
  const ran = await apply(t.testdir(), ['-f', '-', '--dry-run=client'], WEB)
  t.same(ran, {
    code: 0,
    out: 'resource type="Dataplane" mesh="default" name="web-1" valid (not sent)\n',
    err: '',
  })
  t.same(api.asked, [])
})

t.test('files that the shell writes behind -f are files too', async t => {
  const names = ['web-1', 'web-2', 'web-3']
  const home = t.testdir(Object.fromEntries(names.map(name => [`${name}.yaml`, WEB.replace('web-1', name)])))
  const [first = '', ...others] = names.map(name => join(home, `${name}.yaml`))
  const valid = names.map(
    name => `resource type="Dataplane" mesh="default" name="${name}" valid (not sent)\n`,
  )
  const tried = ['--dry-run=client']
  t.same(await apply(home, ['-f', first, ...others, ...tried]), { code: 0, out: valid.join(''), err: '' })
  t.same(await apply(home, [...tried, first]), { code: 0, out: valid[0], err: '' })
  t.match(await runVmeshctl(['diff', '--address', api.url, first, ...others], { home }), { code: 2 })
})

t.test('the form of Kubernetes is told so', async t => {
  const { code, err } = await apply(
    t.testdir(),
    ['-f', '-'],
    'apiVersion: v1\nkind: Mesh\nmetadata: {name: x}\n',
  )
  t.equal(code, 1)
  t.match(
    err,
    /standard input:1: this is the Kubernetes form \(apiVersion, kind, metadata\); give the Universal/,
  )
})

t.test('says what to give when there is nothing to apply', async t => {
  const home = t.testdir({ empty: {} })
  t.match(await apply(home, []), { code: 64, err: /give files, folders, addresses or -/ })
  t.match(await apply(home, ['-f', '-'], '# nothing\n'), { code: 1, err: /there is no resource in -/ })
  t.match(await apply(home, ['-f', join(home, 'empty')]), {
    code: 1,
    err: /empty: there is no \.yaml, \.yml or \.json file in this folder/,
  })
})

t.test(
  'says a warning once, with how many resources it is about, and none with --quiet or of what is unchanged',
  async t => {
    const home = t.testdir()
    const three = ['a', 'b', 'c'].map(name => MESH.replace('m2', name)).join('---\n')
    const first = await apply(home, ['-f', '-'], three)
    t.match(
      first.err,
      /^standard input:1, standard input:4, standard input:7: warning: the mesh has no mTLS[^\n]*\n$/,
    )
    t.match(await apply(home, ['-f', '-'], three), { code: 0, err: '' })
    for (const name of ['a', 'b', 'c']) api.stored.delete(`/meshes/${name}`)
    t.match(await apply(home, ['-f', '-', '-q'], three), { code: 0, err: '' })
  },
)
