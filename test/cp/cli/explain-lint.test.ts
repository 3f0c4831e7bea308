/** What needs no control plane: `vmeshctl explain` and `lint`. */
import { join } from 'node:path'
import t from 'tap'
import { kinds } from '../../../cp/kinds/registry.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const run = (argv: readonly string[], input = '') => runVmeshctl(argv, { home: '/nowhere', input })

t.test('explain shows a kind with all its fields, nested', async t => {
  const { code, out } = await run(['explain', 'dataplane'])
  t.equal(code, 0)
  t.match(
    out,
    /^KIND {7}Dataplane\nWORDS {6}dataplane, dataplanes, dp\nAPI {8}\/meshes\/MESH\/dataplanes\/NAME\n/,
  )
  t.match(
    out,
    /\nFIELDS\n {2}type <text; required>\n[\s\S]*\n {2}networking <object[^\n]*\n {6}\S[^\n]*\n {4}address </,
  )
  t.match(out, /\n {4}inbound <[^\n]*\n {8}[^\n]*\n {6}port <number; required/)
})

t.test('explain alone lists all kinds, which is where a word that is near none leads', async t => {
  t.match(
    (await run(['explain'])).out,
    /^KIND +WORDS[\s\S]*\nMeshTimeout +meshtimeout, meshtimeouts, mt +in a mesh/,
  )
  t.match(await run(['explain', 'nope']), {
    code: 64,
    err: 'Error: unknown TYPE: nope; vmeshctl explain lists all\n',
  })
})

t.test('explain shows a field with type, default, unit and rule', async t => {
  const { out } = await run(['explain', 'meshtimeout.to.default.http.requestTimeout'])
  t.match(
    out,
    /^KIND {7}MeshTimeout\nFIELD {6}spec\.to\[\]\.default\.http\.requestTimeout\nTYPE {7}text\nDEFAULT {4}15s\n/,
  )
  for (const path of ['mt.spec.to', 'MeshTimeout.to', 'mt.to[0]']) {
    t.match((await run(['explain', path])).out, /\nFIELD {6}spec\.to\n[\s\S]*\nFIELDS\n {2}targetRef </, path)
  }
  t.match(
    (await run(['explain', 'dp.networking.inbound[0].tags["kuma.io/service"]'])).out,
    /FIELD {6}networking\.inbound\[\]\.tags\n/,
  )
  t.match((await run(['explain', 'mesh.labels'])).out, /TYPE {7}map to text/)
})

t.test('explain has a page for every kind and every field in it', async t => {
  for (const kind of kinds) {
    const { code, out } = await run(['explain', kind.type])
    t.equal(code, 0, kind.type)
    const first = /^ {2}(\w+) </m.exec(out.split('\nFIELDS\n')[1] ?? '')?.[1]
    t.match(await run(['explain', `${kind.singular}.${first}`]), { code: 0 }, `${kind.singular}.${first}`)
  }
})

t.test('explain guesses what was meant', async t => {
  t.match(await run(['explain', 'dataplane.networking.inbuond']), {
    code: 1,
    err: 'Error: Dataplane.networking has no field "inbuond"; did you mean inbound?\n',
  })
  t.match(await run(['explain', 'mt.to.default.zzz']), {
    code: 1,
    err: /MeshTimeout\.spec\.to\.default has no field "zzz"; there are .*http/,
  })
  t.match(await run(['explain', 'mesh.name.x']), {
    code: 1,
    err: /Mesh\.name has no field "x"; it has no fields/,
  })
  t.match(await run(['explain', 'datplane']), { code: 64, err: /did you mean dataplane\?/ })
})

const WEB = `type: Dataplane
mesh: default
name: web-1
networking:
  address: 127.0.1.1
  inbound:
  - port: 8080
    tags: {kuma.io/service: web}
`

const MESH = 'type: Mesh\nname: m2\n'

t.test('lint tells a hundred faults of a document, and how many more it has', async t => {
  const strangers = Array.from({ length: 150 }, (_, i) => `x${i}: 1\n`).join('')
  const { code, out } = await run(['lint', '-'], `${WEB}${strangers}---\ntype: Mesh\nname: m\nx: 1\n`)
  t.equal(code, 1)
  t.equal(out.match(/there is no such field/g)?.length, 101)
  t.match(out, /^standard input:1:1: 50 more faults are not listed$/m)
})

t.test('lint tells every fault with file, line and column', async t => {
  const home = t.testdir({
    'bad.yaml': `${WEB.replace('8080', '99999').replace('127.0.1.1', '""')}---\ntype: Dataplnae\nname: x\n---\n${WEB.replace('  inbound', '  inbuond: 1\n  inbound')}`,
    'good.yaml': WEB,
    'syntax.yaml': 'type: Mesh\nname: [x\n',
    sub: { 'template.yaml': 'type: Mesh\nname: {{ name }}\n' },
  })
  const { code, out, err } = await run(['lint', '-R', home])
  t.same({ code, err }, { code: 1, err: '' })
  t.match(out.trim().replaceAll(`${home}/`, '').split('\n'), [
    "bad.yaml:5:3: networking.address: address can't be empty",
    'bad.yaml:7:5: networking.inbound[0].port: port must be in the range [1, 65535]',
    'bad.yaml:10:1: type: invalid resource type "Dataplnae"; did you mean Dataplane?',
    'bad.yaml:18:3: networking.inbuond: there is no such field; did you mean inbound?',
    /^sub\/template\.yaml:2:1: no value for variable name; give it with --var name=VALUE$/,
    /^syntax\.yaml:\d+:\d+: not valid YAML: /,
  ])
  const good = [join(home, 'good.yaml'), join(home, 'sub'), '--var=name=m']
  t.match(await run(['lint', ...good]), { code: 0, err: '' })
  const asJson = await run(['lint', '-f', join(home, 'bad.yaml'), '-o', 'json'])
  t.match(JSON.parse(asJson.out), {
    documents: 3,
    items: [
      { file: join(home, 'bad.yaml'), line: 5, column: 3, severity: 'error', message: /address/ },
      {},
      {},
      {},
    ],
  })
  const mixed = `${WEB.replace('8080', '0')}---\n${MESH}---\n${WEB.replace('address: 127.0.1.1', 'adress: x')}`
  t.match(
    (await run(['lint', '-'], mixed)).out,
    /:7:5: .*\n.*:10:1: warning: .*\n.*:17:3: networking\.adress: there is no such field; did you mean address\?\n$/,
    'and not that the address is missing',
  )
  t.match(await run(['lint', '-'], '# nothing\n'), { code: 1, out: 'there is no resource in -\n' })
  t.match(await run(['lint']), { code: 64, err: /give files, folders, addresses or -/ })
  t.match(await run(['lint', join(home, 'none')]), {
    code: 1,
    out: /none: there is no such file or folder\n$/,
  })
})

t.test('lint warns of what is stored and not enforced, and fails for it where that is asked for', async t => {
  const shadow = `type: MeshTrafficPermission
mesh: default
name: p
labels:
  kuma.io/effect: shadow
spec:
  targetRef: {kind: Mesh}
  from:
  - targetRef: {kind: Mesh}
    default: {action: Deny}
`
  const expected =
    /^standard input:5:3: warning: labels\["kuma\.io\/effect"\] is stored and not enforced yet: /
  t.match(await run(['lint', '-'], shadow), { code: 0, out: expected })
  t.match(await run(['lint', '-', '--strict'], shadow), { code: 1, out: expected })
})
