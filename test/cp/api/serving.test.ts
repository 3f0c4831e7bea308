/** How the API is served: under a path, to pages of other sites, to holders of certificates, read only, with a GUI. */
import { mkdir, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { CpFlags } from '../../../cp/config.ts'
import { CodedError } from '../../../dp/base/errors.ts'
import { type Reply, type RunningApi, send, startApi } from '../../support/api.ts'
import { openssl } from '../../support/openssl.ts'

const started = async (t: Test, settings: CpFlags): Promise<RunningApi> => {
  const run = await startApi({ folder: t.testdir(), settings })
  t.teardown(() => run.close())
  return run
}

t.test('all paths begin with the base path, those in answers too', async t => {
  const run = await started(t, { 'apiServer.basePath': '/mesh/api/' })
  t.equal((await send('GET', `${run.http}/mesh/api/meshes/default`)).status, 200)
  t.equal((await send('GET', `${run.http}/meshes/default`)).status, 404)
  const url = `${run.http}/mesh/api/meshes`
  await send('PUT', `${url}/second`, { body: { type: 'Mesh', name: 'second' } })
  const { json } = await send('GET', `${url}?size=1`)
  t.match(json, { next: `${url}?offset=1&size=1` })
  t.match((await send('GET', `${run.http}/mesh/api/`)).json, { gui: '/mesh/api/gui' })
})

t.test('pages of other sites read nothing unless their whole origin is allowed', async t => {
  const from = (run: RunningApi, origin: string, method = 'GET'): Promise<Reply> =>
    send(method, `${run.http}/meshes`, { headers: { origin } })
  const closed = await started(t, {})
  t.notOk((await from(closed, 'http://gui.example')).headers['access-control-allow-origin'])
  t.equal((await from(closed, 'http://gui.example', 'OPTIONS')).status, 405)
  const open = await started(t, { 'apiServer.corsAllowedDomains': ['http://[a-z]+\\.example'] })
  t.match((await from(open, 'http://gui.example')).headers, {
    'access-control-allow-origin': 'http://gui.example',
    vary: 'Origin',
  })
  t.match(await from(open, 'http://gui.example', 'OPTIONS'), {
    status: 204,
    headers: { 'access-control-allow-methods': 'GET', 'access-control-allow-origin': 'http://gui.example' },
  })
  for (const origin of ['http://gui.example.evil', 'http://evil/?http://gui.example', 'null']) {
    t.notOk((await from(open, origin)).headers['access-control-allow-origin'], origin)
    t.equal((await from(open, origin, 'OPTIONS')).status, 405, origin)
  }
  await t.rejects(startApi({ folder: t.testdir(), settings: { 'apiServer.corsAllowedDomains': ['('] } }), {
    message: /corsAllowedDomains: "\(" is no regular expression/,
  })
})

t.test('a certificate of a CA that the operator named makes an admin, any other nobody', async t => {
  const folder = t.testdir({ cas: {} })
  const issue = async (name: string, ca: string): Promise<{ cert: string; key: string }> => {
    const { text: key } = openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'])
    await writeFile(join(folder, `${name}.key`), key)
    const isRoot = name === ca
    const { text: cert } = openssl([
      'req',
      '-x509',
      '-new',
      '-key',
      join(folder, `${name}.key`),
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
      ...(isRoot ? [] : ['-CA', join(folder, `${ca}.crt`), '-CAkey', join(folder, `${ca}.key`)]),
      '-addext',
      `basicConstraints=critical,CA:${isRoot ? 'TRUE' : 'FALSE'}`,
    ])
    await writeFile(join(folder, `${name}.crt`), cert)
    return { cert, key }
  }
  const ca = await issue('ops', 'ops')
  await issue('strangers', 'strangers')
  await writeFile(join(folder, 'cas', 'ops.crt'), ca.cert)
  const admin = await issue('ann', 'ops')
  const stranger = await issue('eve', 'strangers')
  const settings = {
    'apiServer.auth.clientCertsDir': join(folder, 'cas'),
    'apiServer.authn.localhostIsAdmin': 'false',
  }
  const run = await startApi({ folder, settings })
  t.teardown(() => run.close())
  const who = (pair: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const asked = request(
        `${run.https}/who-am-i`,
        { ...pair, agent: false, rejectUnauthorized: false },
        response => {
          let text = ''
          response.on('data', chunk => {
            text += chunk
          })
          response.on('end', () => resolve(JSON.parse(text).name))
        },
      )
      asked.on('error', reject)
      asked.end()
    })
  t.equal(await who(admin), 'mesh-system:admin')
  t.equal(await who(stranger), 'mesh-system:anonymous')
  t.equal(await who({}), 'mesh-system:anonymous')
  t.equal(await who(ca), 'mesh-system:admin', 'the CA itself')
})

t.test('a folder without a CA is refused at the start', async t => {
  const folder = t.testdir({ empty: {}, text: { 'a.pem': 'hello' } })
  for (const [dir, message] of [
    ['empty', /has no \*\.pem/],
    ['text', /a\.pem holds no certificate/],
    ['none', /cannot be read/],
  ] as const) {
    const settings = { 'apiServer.auth.clientCertsDir': join(folder, dir) }
    const error = await startApi({ folder, settings }).then(
      () => null,
      failure => failure,
    )
    t.ok(error instanceof CodedError && error.code === 'settings.invalid', dir)
    t.match(error.message, message)
  }
})

t.test('a read-only API refuses every change and says why', async t => {
  const run = await started(t, { 'apiServer.readOnly': 'true' })
  for (const method of ['PUT', 'DELETE']) {
    t.match(await send(method, `${run.http}/meshes/default`, { body: {} }), {
      status: 405,
      json: { title: 'Method not allowed', detail: /apiServer\.readOnly is set/ },
    })
  }
  t.equal((await send('GET', `${run.http}/meshes/default`)).status, 200)
  t.match((await send('GET', `${run.http}/policies`)).json, { policies: [{ readOnly: true }] })
})

t.test('without files the GUI is a page that says how to give some', async t => {
  const run = await started(t, {})
  t.match(await send('GET', `${run.http}/gui/meshes/default`), {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    text: /apiServer\.gui\.dir/,
  })
  const none = await started(t, { 'apiServer.gui.enabled': 'false' })
  t.equal((await send('GET', `${none.http}/gui`)).status, 404)
  t.match((await send('GET', `${none.http}/`)).json, { gui: '' })
})

t.test('serves a GUI of Kuma: its files, its page for all else, and nothing outside its folder', async t => {
  const folder = t.testdir({ secret: 'no' })
  const dir = join(folder, 'gui')
  await mkdir(join(dir, 'assets'), { recursive: true })
  await writeFile(join(dir, 'assets', 'app-1.js'), 'run()')
  await writeFile(
    join(dir, 'index.html'),
    '<html><head><base href="{{ .BaseGuiPath }}/"><script type="application/json" id="kuma-config">{{ . }}</script></head><body></body></html>',
  )
  const run = await startApi({ folder, settings: { 'apiServer.gui.dir': dir } })
  t.teardown(() => run.close())
  t.match(await send('GET', `${run.http}/gui/assets/app-1.js`), {
    status: 200,
    text: 'run()',
    headers: { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': /immutable/ },
  })
  for (const path of [
    '/gui',
    '/gui/',
    '/gui/meshes/default/services',
    '/gui/..%2fsecret',
    '/gui/%2e%2e/secret',
  ]) {
    const { status, text } = await send('GET', `${run.http}${path}`)
    if (status === 404) continue
    t.equal(status, 200, path)
    t.notMatch(text, /{{|^no$/)
    const config = /id="kuma-config">(.*?)<\/script>/.exec(text)?.[1] ?? ''
    t.match(JSON.parse(config), {
      apiUrl: '',
      baseGuiPath: '/gui',
      product: 'Kuma',
      mode: 'zone',
      apiReadOnly: false,
    })
    t.match(text, '<base href="/gui/"/>')
  }
})
