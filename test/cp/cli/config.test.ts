/** `vmeshctl config`: the file it keeps, who may read it, and what is said when it is wrong. */
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const api = await startFakeApi({ token: 'secret-token' })
t.teardown(() => api.close())
t.beforeEach(() => {
  api.asked.length = 0
  api.override = () => undefined
})
const fileOf = (home: string): string => join(home, '.vmeshctl', 'config')
const add = ['config', 'control-planes', 'add', `--address=${api.url}`]

t.test('needs no file: the control plane of this host is there', async t => {
  const home = t.testdir()
  t.equal(
    (await runVmeshctl(['config', 'control-planes', 'list'], { home })).out,
    'ACTIVE   NAME    ADDRESS\n*        local   http://localhost:5681\n',
  )
  t.notOk(existsSync(fileOf(home)))
})

t.test('keeps a control plane with its token where only the owner can read it', async t => {
  const home = t.testdir({ token: ' secret-token\n' })
  const token = ['--token-file', join(home, 'token'), '--default-mesh', 'shop', '--headers', 'x-team=a']
  t.same(await runVmeshctl([...add, '--name=prod', ...token], { home }), {
    code: 0,
    out: 'added control plane "prod"\nswitched to control plane "prod"\n',
    err: '',
  })
  t.equal(statSync(fileOf(home)).mode & 0o777, 0o600)
  t.equal(statSync(join(home, '.vmeshctl')).mode & 0o777, 0o700)
  t.notOk(api.asked[0]?.headers.authorization, 'the first question bears no token')
  api.asked.length = 0
  t.match(await runVmeshctl(['get', 'mesh', 'default'], { home }), { code: 0 })
  t.match(api.asked[0]?.headers, { authorization: 'Bearer secret-token', 'x-team': 'a' })
  await runVmeshctl(['get', 'dataplanes'], { home })
  t.match(api.asked[1]?.url, '/meshes/shop/dataplanes')
  const view = await runVmeshctl(['config', 'view'], { home })
  t.match(view.out, /token: "\*+"\n/)
  t.notMatch(view.out, /secret-token/)
})

t.test('does not send a kept token to an address given for this once', async t => {
  const home = t.testdir()
  const other = await startFakeApi()
  await runVmeshctl([...add, '--name=prod', '--auth-conf', 'token=secret-token'], { home })
  await runVmeshctl(['get', 'meshes', '--address', other.url], { home })
  t.equal(other.asked[0]?.headers.authorization, undefined)
  await other.close()
})

t.test('reads and writes the format of kumactl', async t => {
  const kuma = `controlPlanes:
- name: prod
  coordinates:
    apiServer:
      url: ${api.url}
      authType: tokens
      authConf:
        token: secret-token
contexts:
- name: prod
  controlPlane: prod
  defaults:
    mesh: shop
currentContext: prod
`
  const home = t.testdir({ config: kuma })
  const file = join(home, 'config')
  chmodSync(file, 0o600)
  const list = await runVmeshctl(['config', 'control-planes', 'list', '--config-file', file], { home })
  t.match(list.out, `*        prod   ${api.url}`)
  await runVmeshctl(['config', 'control-planes', 'switch', '--name=prod', '--config-file', file], { home })
  t.equal(readFileSync(file, 'utf8'), kuma)
  chmodSync(file, 0o644)
  const { err } = await runVmeshctl(['--config-file', file, 'get', 'meshes'], { home })
  t.match(err, /others can read the tokens in .*config; run chmod 600/)
})

t.test('switches, removes and replaces', async t => {
  const home = t.testdir()
  const run = (...argv: string[]) => runVmeshctl(['config', 'control-planes', ...argv], { home })
  t.match(await run('add', '--name=a', `--address=${api.url}`), { code: 0 })
  t.match(await run('add', '--name=a', `--address=${api.url}`), {
    code: 1,
    err: /exists already; replace it with/,
  })
  t.match(await run('add', '--name=a', '--address=http://h:1', '--overwrite', '--skip-check'), { code: 0 })
  t.match(await run('switch', '--name=local'), { code: 0 })
  t.match(await run('switch', '--name=loacl'), {
    code: 78,
    err: /no control plane "loacl"; did you mean local\?/,
  })
  t.equal(
    (await run('list')).out,
    'ACTIVE   NAME    ADDRESS\n*        local   http://localhost:5681\n         a       http://h:1\n',
  )
  t.match(await run('remove', '--name=local'), {
    out: /removed control plane "local"\nswitched to control plane "a"/,
  })
  t.match(await run('remove', '--name=a'), { out: /there is no control plane left/ })
  t.match(await run('add', '--name=b', '--skip-check'), { code: 64, err: /give its --address/ })
})

t.test('adds nothing that is no control plane, or that does not take the token', async t => {
  const home = t.testdir()
  const wrong = await runVmeshctl([...add, '--name=a', '--auth-conf=token=old'], { home })
  t.match(wrong, {
    code: 78,
    err: /Invalid authentication data \(Unauthenticated\)\nThe token is wrong, expired or revoked/,
  })
  for (const [body, err] of [
    ['<html>', /answers "<html>", which is no JSON; is it the HTTP API of a control plane\?/],
    [{ hello: 1 }, /answers, but it is no control plane/],
  ] as const) {
    api.override = () => ({ status: 200, body })
    t.match(await runVmeshctl([...add, '--name=a'], { home }), { code: 78, err })
  }
  t.notOk(existsSync(fileOf(home)))
})

t.test('says where a broken file is wrong', async t => {
  const home = t.testdir()
  const file = join(home, 'config')
  const cases: readonly (readonly [string, RegExp])[] = [
    ['controlPlanes: [', /config:\d+:\d+: not valid YAML/],
    ['controlPlanes: 1\n', /config:1 controlPlanes: expected a list/],
    [
      'controlPlanes:\n- name: a\n  coordinates: {apiServer: {}}\n',
      /config:3 controlPlanes\[0\]\.coordinates\.apiServer: url is missing/,
    ],
    ['currentContext: x\n', /there is no control plane "x"; there are none/],
    [
      'currentContext: x\ncontexts: [{name: x, controlPlane: y}]\n',
      /context x is of control plane y, which is not configured/,
    ],
  ]
  for (const [content, err] of cases) {
    writeFileSync(file, content)
    t.match(await runVmeshctl(['get', 'meshes', '--config-file', file], { home }), { code: 78, err }, content)
  }
})
