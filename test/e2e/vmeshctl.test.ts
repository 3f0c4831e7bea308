/** vmeshctl against a real control plane: the same sentences, codes and files as against the one in memory. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { kinds } from '../../cp/kinds/registry.ts'
import { Lab } from '../support/lab.ts'
import { makeOperatorCa } from '../support/provided-ca.ts'
import { runVmeshctl } from '../support/vmeshctl.ts'

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
const lab = new Lab()
t.teardown(() => lab.close())
await lab.startControlPlane()
const home = lab.dir
const run = (argv: readonly string[], input = '') =>
  runVmeshctl([...argv, '--address', `http://127.0.0.1:${lab.ports.api}`], { home, input })

t.test('applies, shows, changes and deletes', async t => {
  const label = 'resource type="Dataplane" mesh="default" name="web-1"'
  t.same(await run(['apply', '-f', '-'], WEB), { code: 0, out: `${label} Created\n`, err: '' })
  t.same(await run(['apply', '-f', '-'], WEB), { code: 0, out: `${label} Unchanged\n`, err: '' })
  const other = WEB.replace('8080', '8081')
  t.same(await run(['apply', '-f', '-'], other), { code: 0, out: `${label} Updated\n`, err: '' })
  const shown = await run(['get', 'dataplane', 'web-1', '-o', 'yaml'])
  t.same(await run(['apply', '-f', '-'], shown.out), { code: 0, out: `${label} Unchanged\n`, err: '' })
  t.match(
    (await run(['get', 'dataplanes'])).out,
    /^MESH +NAME +TAGS +ADDRESS +AGE\ndefault +web-1 .*kuma\.io\/service=web/,
  )
  t.match(await run(['get', 'meshes']), { code: 0, out: /default +builtin\/ca-1/, err: '' })
  t.same(await run(['delete', 'dataplane', 'web-1']), {
    code: 0,
    out: 'deleted Dataplane "web-1"\n',
    err: '',
  })
  t.match(await run(['get', 'dataplane', 'web-1']), {
    code: 1,
    err: /No resources found in default mesh/,
  })
  t.match(await run(['get', 'dataplanes', '-m', 'nope']), { code: 1, err: /there is no mesh "nope"/ })
  t.match(await run(['version']), { out: /^Client: vmeshctl .*\nServer: \S+ \S+/, err: '' })
})

t.test('every kind can be listed, in each form', async t => {
  for (const { singular: kind } of kinds) {
    for (const form of ['table', 'yaml', 'json']) {
      t.match(
        await run(['get', kind, '-o', form]),
        { code: 0, err: /^(.*warning: .* is not enforced yet.*\n)*$/ },
        `${kind} as ${form}`,
      )
      t.match(await run(['get', kind, '-o', form, '--quiet']), { code: 0, err: '' }, kind)
    }
  }
})

t.test('the documents of Kuma apply, read back, and apply again as unchanged', async t => {
  const docs = ['apply', '-R', '-f', 'examples/kuma-docs', '--accept-unenforced']
  const first = await run([...docs, '--dry-run=client'])
  t.equal(first.code, 0, first.err)
  const documents = first.out.trim().split('\n').length
  const ran = await run(docs)
  t.equal(ran.code, 0, ran.err)
  t.equal(ran.out.trim().split('\n').length, documents)
  const again = await run(docs)
  t.same(
    again.out.split('\n').filter(line => line !== '' && !line.endsWith(' Unchanged')),
    [],
  )
})

t.test('a mesh that is not there stops all before the first write', async t => {
  const file = join(home, 'shop.yaml')
  writeFileSync(file, `${WEB}---\n${WEB.replace('mesh: default', 'mesh: shop')}`)
  const { code, out, err } = await run(['apply', '-f', file])
  t.same({ code, out }, { code: 1, out: '' })
  t.match(err, /shop\.yaml:12: .*there is no mesh "shop"; apply a Mesh of that name first\n/)
  t.match(await run(['diff', '-f', file]), { code: 1, err: /shop\.yaml:12: .*there is no mesh "shop"/ })
})

t.test('what only the control plane knows stops all before the first write, too', async t => {
  const file = join(home, 'provided.yaml')
  const backend = '{name: ca, type: provided, conf: {cert: {secret: no}, key: {secret: no}}}'
  const mesh = `type: Mesh\nname: m3\nmtls: {enabledBackend: ca, backends: [${backend}]}\n`
  writeFileSync(file, `${mesh}---\n${WEB}---\n${WEB.replace('mesh: default', 'mesh: m3')}`)
  for (const command of [['apply'], ['apply', '--dry-run'], ['diff']]) {
    const { code, out, err } = await run([...command, '-f', file])
    t.equal(code, 1)
    t.match(err, /provided\.yaml:1: resource type="Mesh" mesh="" name="m3": failed server side: /)
    if (command.length === 1) t.notMatch(out, 'Created')
  }
  t.match(await run(['get', 'dataplane', 'web-1']), { code: 1 }, 'nothing was written')
})

t.test('a CA and the mesh that it is for can come in one file', async t => {
  const { chainPem, privateKeyPem } = makeOperatorCa()
  const [cert, key] = [chainPem, privateKeyPem].map(pem => Buffer.from(pem).toString('base64'))
  const secrets = Object.entries({ cert, key }).map(
    ([name, data]) => `type: Secret\nmesh: m4\nname: ${name}\ndata: ${data}\n`,
  )
  const backend = '{name: ca, type: provided, conf: {cert: {secret: cert}, key: {secret: key}}}'
  t.match(await run(['apply', '-f', '-'], 'type: Mesh\nname: m4\n'), { code: 0 })
  const mesh = `type: Mesh\nname: m4\nmtls: {enabledBackend: ca, backends: [${backend}]}\n`
  const both = [mesh, ...secrets].join('---\n')
  t.match(await run(['apply', '-f', '-', '--dry-run'], both), {
    code: 0,
    out: /"m4" Updated \(dry run; it depends on secrets, which change: /,
  })
  t.match(await run(['apply', '-f', '-'], both), {
    code: 0,
    out: /"cert" Created\n.*"key" Created\n.*"m4" Updated\n/,
  })
})

t.test('keeps the labels of a resource whose file says nothing of them', async t => {
  const file = join(home, 'labelled.yaml')
  writeFileSync(file, WEB.replace('name: web-1', 'name: web-9'))
  t.match(await run(['apply', '-f', file, '--prune=team=shop']), { code: 0 })
  t.match(await run(['apply', '-f', file]), {
    code: 0,
    out: /Unchanged\n$/,
    err: /labelled\.yaml:1: warning: label team=shop is stored and stays; "labels: {}" in the file takes it away\n/,
  })
  writeFileSync(file, `${WEB.replace('name: web-1', 'name: web-9')}labels: {}\n`)
  t.match(await run(['apply', '-f', file]), {
    out: /Updated\n$/,
    err: /labelled\.yaml:1: warning: label team=shop is stored and not in the file: it is taken away\n/,
  })
})

t.test('over HTTPS with the CA of the control plane, and with a token only', async t => {
  const https = ['--address', `https://127.0.0.1:${lab.ports.https}`]
  const ca = ['--ca-cert-file', join(home, 'cp/tls/ca.crt')]
  const list = ['get', 'secrets']
  t.match(await runVmeshctl([...list, ...https], { home }), {
    code: 78,
    err: /is not signed by a CA that is trusted here/,
  })
  const group = ['--group', 'mesh-system:admin']
  const token = await run(['generate', 'user-token', '--name', 'jo', ...group, '--valid-for', '1h'])
  writeFileSync(join(home, 'token'), token.out, { mode: 0o600 })
  writeFileSync(join(home, 'wrong'), `${token.out.trim().slice(0, -8)}AAAAAAAA\n`, { mode: 0o600 })
  t.match(await run(['get', 'meshes', '--token-file', join(home, 'wrong')]), {
    code: 0,
    err: /^vmeshctl: your token was not used, and is not valid: .*; callers on this machine are admin\n/,
  })
  // who speaks for somebody else is not admin by being on this host
  const remote = ['--headers', 'x-forwarded-for=192.0.2.7']
  const add = ['config', 'control-planes', 'add', '--name=remote', ...remote, ...https, ...ca, '--token-file']
  t.match(await runVmeshctl([...add, join(home, 'wrong')], { home }), {
    code: 78,
    err: /Invalid authentication data/,
  })
  t.match(await runVmeshctl([...add, join(home, 'token')], { home }), { code: 0, err: '' })
  t.match(await runVmeshctl(list, { home }), { code: 0, err: '' })
  t.match(readFileSync(join(home, '.vmeshctl/config'), 'utf8'), token.out.trim())
})

t.test('a data plane token says for whom it is', async t => {
  const tag = ['--tag', 'kuma.io/service=web']
  const { code, out } = await run(['generate', 'dataplane-token', '--name=web-1', ...tag, '--valid-for=1h'])
  t.equal(code, 0)
  const claims = JSON.parse(Buffer.from(out.split('.')[1] ?? '', 'base64url').toString())
  t.match(claims, { Name: 'web-1', Mesh: 'default', Tags: { 'kuma.io/service': ['web'] } })
  t.equal(Math.round((claims.exp - claims.iat) / 60), 60)
  t.match(await run(['generate', 'dataplane-token', '-m', 'nope', '--valid-for=1h']), {
    code: 1,
    err: /nope/,
  })
})
