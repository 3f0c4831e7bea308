/** Reads that need no body, and writes whose parameters are misspelt. */
import { once } from 'node:events'
import { request } from 'node:http'
import t from 'tap'
import { send, startApi } from '../../../support/api.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const PATH = '/meshes/default/meshtimeouts/mt'
const timeout = (idle: string) => ({
  type: 'MeshTimeout',
  mesh: 'default',
  name: 'mt',
  spec: {
    targetRef: { kind: 'Mesh' },
    to: [{ targetRef: { kind: 'Mesh' }, default: { idleTimeout: idle } }],
  },
})

async function head(path: string, headers: Readonly<Record<string, string>> = {}, method = 'HEAD') {
  const asked = request(`${run.http}${path}`, { method, headers })
  asked.end()
  const [answer] = await once(asked, 'response')
  let bytes = 0
  for await (const chunk of answer) bytes += chunk.length
  return { status: answer.statusCode, headers: answer.headers, bytes }
}

t.test('HEAD answers what GET does, without its body', async t => {
  const put = await send('PUT', `${run.http}${PATH}`, { body: timeout('1s') })
  t.equal(put.status, 201)
  const get = await head(PATH, {}, 'GET')
  const found = await head(PATH)
  t.match(found, { status: 200, bytes: 0, headers: { etag: put.headers.etag } })
  t.equal(found.headers['content-length'], String(get.bytes))
  t.match(await head('/meshes/default/meshtimeouts/none'), { status: 404, bytes: 0 })
  t.match(await head('/meshes'), { status: 200, bytes: 0 })
  t.equal((await head('/tokens/dataplane')).status, 405)
})

t.test('GET with the ETag that the caller has is 304, until it changes', async t => {
  const { etag = '' } = (await head(PATH)).headers
  t.match(await head(PATH, { 'if-none-match': etag }, 'GET'), { status: 304, bytes: 0, headers: { etag } })
  t.match(await head(PATH, { 'if-none-match': `"0-0", W/${etag}` }, 'GET'), { status: 304 })
  await send('PUT', `${run.http}${PATH}`, { body: timeout('2s') })
  t.match(await head(PATH, { 'if-none-match': etag }, 'GET'), { status: 200 })
})

t.test('a parameter that is misspelt refuses the write', async t => {
  const before = await head(PATH)
  for (const [query, message] of [
    ['dryrun=true', 'there is no such parameter; did you mean dryRun?'],
    ['dry-run=true', 'there is no such parameter; did you mean dryRun?'],
    ['force=1', 'there is no such parameter'],
  ] as const) {
    const reply = await send('PUT', `${run.http}${PATH}?${query}`, { body: timeout('9s') })
    t.match(reply, { status: 400, json: { invalid_parameters: [{ reason: message }] } }, query)
    t.equal((await send('DELETE', `${run.http}${PATH}?${query}`)).status, 400, query)
  }
  t.equal((await head(PATH)).headers.etag, before.headers.etag)
})
