/** Bodies as people and scripts send them: JSON, YAML, curl. */
import { execFile } from 'node:child_process'
import { IncomingMessage } from 'node:http'
import { connect, Socket } from 'node:net'
import { promisify } from 'node:util'
import t from 'tap'
import { readBytes } from '../../../cp/api/http/body.ts'
import { type Reply, type SendOptions, send, startApi } from '../../support/api.ts'

const YAML = `type: Dataplane
mesh: default
name: web-1
networking:
  address: 10.0.0.1
  inbound:
  - port: 80
    servicePort: 8080
    tags:
      kuma.io/service: web
`
const dir = t.testdir({
  tls: {},
  'dp.yaml': YAML,
  'wrong.yaml': YAML.replace('port: 80\n', 'port: eighty\n'),
  'broken.yaml': YAML.replace('  address', '   - address'),
  'dp.json': JSON.stringify({
    type: 'Dataplane',
    mesh: 'default',
    name: 'web-1',
    networking: { address: '10.0.0.1', inbound: [{ port: 80, tags: { 'kuma.io/service': 'web' } }] },
  }),
})
const run = await startApi({ folder: `${dir}/tls`, settings: { 'apiServer.maxBodyBytes': '4096' } })
t.teardown(() => run.close())
const WEB = '/meshes/default/dataplanes/web-1'
const put = (options: SendOptions, path = WEB): Promise<Reply> => send('PUT', `${run.http}${path}`, options)
const typed = (type: string, body: string | Buffer): SendOptions => ({
  body,
  headers: { 'content-type': type },
})

/** The exit code does not matter: the answer does. */
async function curl(...args: readonly string[]): Promise<{ readonly status: number; readonly text: string }> {
  const { stdout } = await promisify(execFile)('curl', ['-sS', '-w', '\n%{http_code}', ...args])
  const end = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(end + 1)), text: stdout.slice(0, end) }
}

t.afterEach(() => send('DELETE', `${run.http}${WEB}`))

t.test('curl --data-binary stores a YAML file, and a JSON file', async t => {
  const first = await curl('-X', 'PUT', '--data-binary', `@${dir}/dp.yaml`, `${run.http}${WEB}`)
  t.match(first, { status: 201, text: '{}\n' })
  const stored = await run.store.get({ type: 'Dataplane', mesh: 'default', name: 'web-1' })
  t.match(stored?.spec, { networking: { address: '10.0.0.1', inbound: [{ port: 80, servicePort: 8080 }] } })
  t.equal((await curl('-X', 'PUT', '--data-binary', `@${dir}/dp.json`, `${run.http}${WEB}`)).status, 200)
  t.equal(
    (await curl('-X', 'PUT', '-d', `@${dir}/dp.json`, `${run.http}${WEB}`)).status,
    200,
    'JSON needs no newlines',
  )
  t.equal(
    (await curl('-T', `${dir}/dp.yaml`, `${run.http}${WEB}`)).status,
    200,
    'an upload has no type at all',
  )
})

t.test('curl is told the path of a wrong field', async t => {
  const reply = await curl('-X', 'PUT', '--data-binary', `@${dir}/wrong.yaml`, `${run.http}${WEB}`)
  t.equal(reply.status, 400)
  t.match(JSON.parse(reply.text).invalid_parameters, [{ field: 'networking.inbound[0].port' }])
})

t.test('curl is told line and column of broken YAML', async t => {
  const reply = await curl('-X', 'PUT', '--data-binary', `@${dir}/broken.yaml`, `${run.http}${WEB}`)
  t.equal(reply.status, 400)
  t.match(JSON.parse(reply.text), {
    title: 'Bad Request',
    detail: /^invalid Dataplane object: "line \d+, column \d+: not valid YAML: /,
  })
})

t.test('curl -d, which takes the newlines out, is told of --data-binary', async t => {
  const reply = await curl('-X', 'PUT', '-d', `@${dir}/dp.yaml`, `${run.http}${WEB}`)
  t.equal(reply.status, 400)
  t.match(JSON.parse(reply.text).detail, /send the file with --data-binary @FILE/)
  const text = await put(typed('application/x-www-form-urlencoded', 'name=web-1'))
  t.match(text, { status: 400, json: { detail: /a single text instead of a mapping.*--data-binary/ } })
})

t.test('reads YAML and JSON under every name they go by', async t => {
  const types = [
    'application/yaml',
    'text/yaml',
    'application/x-yaml',
    'text/yaml; charset=utf-8',
    'Application/YAML',
  ]
  for (const type of types) {
    t.ok([200, 201].includes((await put(typed(type, YAML))).status), type)
  }
  const flow =
    '{type: Dataplane, mesh: default, name: web-1, networking: {address: 10.0.0.2, gateway: {tags: {kuma.io/service: web}}}}'
  t.equal((await put(typed('application/yaml', flow))).status, 200, 'a flow mapping is no JSON')
  t.match(await put(typed('application/json', YAML)), {
    status: 400,
    json: { detail: /not valid JSON: .*; YAML goes as Content-Type: application\/yaml/ },
  })
})

t.test('says what is wrong with a body that is no resource', async t => {
  const cases: readonly (readonly [string, string | Buffer, RegExp])[] = [
    ['application/yaml', '', /the body is empty/],
    ['application/json', '  ', /the body is empty/],
    ['application/json', '{"type": "Dataplane",', /not valid JSON: /],
    ['application/yaml', `${YAML}---\n${YAML}`, /expected one document, found 2; vmeshctl apply/],
    ['application/yaml', Buffer.from([0x6e, 0x3a, 0xff, 0xfe]), /not UTF-8/],
    ['application/json', '[]', /must be an object/],
    ['application/json', `{"a":${'['.repeat(1500)}${']'.repeat(1500)}}`, /nested more than 64 levels/],
    ['application/yaml', `a: ${'['.repeat(70)}${']'.repeat(70)}`, /nested more than 64 levels/],
    ['application/yaml', `a: ${'['.repeat(1500)}${']'.repeat(1500)}`, /nested more than 100 levels/],
    ['application/yaml', 'a: &a [x]\nb: &b [*a,*a]\nc: *missing', /not valid YAML: unresolved alias/],
  ]
  for (const [type, body, detail] of cases) {
    const reply = await put(typed(type, body))
    t.match(reply, { status: 400, json: { title: 'Bad Request', detail } }, String(detail))
  }
})

t.test('refuses a body beyond the limit, declared or not, and goes on', async t => {
  const large = await put(typed('application/yaml', 'x'.repeat(5000)))
  t.match(large, { status: 413, json: { detail: /larger than 4096 bytes.*apiServer\.maxBodyBytes/ } })
  const huge = await send('PUT', `${run.http}${WEB}`, {
    headers: { 'content-type': 'application/yaml', 'content-length': String(1024 ** 4) },
  })
  t.equal(huge.status, 413, 'nobody waits for a terabyte')
  const { hostname, port } = new URL(run.http)
  const socket = connect(Number(port), hostname)
  const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`
  socket.write(
    `PUT ${WEB} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/yaml\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${chunk}${chunk}0\r\n\r\n`,
  )
  t.match((await socket.setEncoding('utf8').toArray()).join(''), /^HTTP\/1\.1 413 /)
  t.equal((await put(typed('application/yaml', YAML))).status, 201)
})

t.test('a body that ends too early stores nothing', async t => {
  const { hostname, port } = new URL(run.http)
  const socket = connect(Number(port), hostname)
  socket.end(
    `PUT ${WEB} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/yaml\r\nContent-Length: 900\r\n\r\n${YAML}`,
  )
  await socket.toArray()
  t.equal((await send('GET', `${run.http}${WEB}`)).status, 404)
})

t.test('does not wait for the body of a caller that is gone', async t => {
  const request = new IncomingMessage(new Socket())
  request.destroy()
  await t.rejects(readBytes(request, 100), { code: 'api.aborted' })
})
