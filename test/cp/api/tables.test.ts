/** Lists and reports as text: what kumactl would print, for people with curl. */
import t from 'tap'
import { type Reply, send, startApi } from '../../support/api.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const asText = (path: string): Promise<Reply> =>
  send('GET', `${run.http}${path}`, { headers: { accept: 'text/plain' } })

const networking = {
  address: '10.0.0.1',
  inbound: [{ port: 80, tags: { 'kuma.io/service': 'web', 'kuma.io/protocol': 'http' } }],
}
for (const name of ['web-1', 'web-22']) {
  const body = { type: 'Dataplane', mesh: 'default', name, networking }
  await send('PUT', `${run.http}/meshes/default/dataplanes/${name}`, { body })
}

const CASES: Readonly<Record<string, RegExp>> = {
  '/meshes': /^NAME {6}mTLS {3}LOCALITY {3}ZONEEGRESS {3}AGE\ndefault {3}off {4}off {8}off {10}\d+s\n$/,
  '/meshes/default': /^NAME {6}mTLS .*\ndefault .*\n$/,
  '/meshes/default/dataplanes':
    /^MESH {6}NAME {5}TAGS {53,}ADDRESS {4}AGE\ndefault {3}web-1 {4}kuma.io\/protocol=http kuma.io\/service=web kuma.io\/zone=default {3}10.0.0.1 {3}\d+s\ndefault {3}web-22 /,
  '/dataplanes?size=1': /^MESH .*\ndefault {3}web-1 .*\n$/,
  '/meshes/default/meshtrafficpermissions': /^MESH {3}NAME {3}AGE\n$/,
  '/dataplanes/_status': /^MESH {6}NAME {5}CONNECTION .*NOTES\ndefault {3}web-1 {4}never .*0\/1 ready/,
  '/meshes/default/dataplanes/web-1/_status': /^MESH {6}NAME .*\ndefault {3}web-1 .*\n$/,
  '/meshes/default/dataplanes/web-1/history':
    /^REVISION {3}ACTION {4}AUTHOR .*AGE\n\d+ {5,}created {3}mesh-system:admin {3}20/,
}

for (const [path, expected] of Object.entries(CASES)) {
  t.test(`${path} as text/plain and as ?output=table`, async t => {
    const reply = await asText(path)
    t.match(reply, { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' } })
    t.match(reply.text, expected)
    const asked = await send('GET', `${run.http}${path}${path.includes('?') ? '&' : '?'}output=table`)
    t.match(asked.text, expected)
  })
}

t.test('what has no table, and errors, are JSON', async t => {
  t.match(await asText('/who-am-i'), { status: 200, json: { name: 'mesh-system:admin' } })
  t.match(await asText('/meshes/none'), { status: 404, json: { status: 404 } })
})

t.test('those who take anything get JSON', async t => {
  for (const accept of ['application/json, text/plain, */*', '*/*']) {
    t.match(await send('GET', `${run.http}/meshes`, { headers: { accept } }), { json: { total: 1 } }, accept)
  }
})
