/** What the HTTP API answers before any handler: paths, methods, types of bodies and answers. */
import t from 'tap'
import { type Reply, type SendOptions, send, startApi } from '../../support/api.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const to = (method: string, path: string, options?: SendOptions): Promise<Reply> =>
  send(method, `${run.http}${path}`, options)
const PLAIN = 'text/plain; charset=utf-8'

t.test('accepts a slash at the end of every path', async t => {
  for (const path of ['/', '/meshes/', '/meshes/default/', '/meshes/default/dataplanes/', '/who-am-i/']) {
    t.equal((await to('GET', path)).status, 200, path)
  }
})

t.test('sends a double slash to the clean path, query included', async t => {
  const reply = await to('GET', '//meshes//default///dataplanes?size=2&name=a//b')
  t.equal(reply.status, 307)
  t.equal(reply.headers.location, '/meshes/default/dataplanes?size=2&name=a//b')
})

t.test('answers an unknown route as text', async t => {
  for (const path of ['/nope', '/meshes/default/nope/x', '/meshes/default/dataplanes/a/b', '/dataplanes/x']) {
    const reply = await to('GET', path)
    t.match(reply, { status: 404, text: '404: Page Not Found', headers: { 'content-type': PLAIN } }, path)
  }
})

t.test('answers a wrong method as text with the methods of the route', async t => {
  const cases = [
    ['POST', '/meshes', 'GET'],
    ['PATCH', '/meshes/default', 'GET, PUT, DELETE'],
    ['OPTIONS', '/meshes', 'GET'],
    ['PUT', '/meshes/default/dataplanes', 'GET'],
    ['GET', '/tokens/dataplane', 'POST'],
    ['DELETE', '/', 'GET'],
  ] as const
  for (const [method, path, allow] of cases) {
    const reply = await to(method, path)
    t.match(reply, { status: 405, headers: { allow, 'content-type': PLAIN } }, `${method} ${path}`)
    t.equal(reply.text, '405: Method Not Allowed')
  }
})

t.test('refuses a path that is not a URL', async t => {
  const reply = await to('GET', '/meshes/%zz')
  t.match(reply, { status: 400, json: { title: 'Bad Request', detail: /\/meshes\/%zz/ } })
})

t.test('reads names as they are escaped', async t => {
  const reply = await to('GET', `/meshes/${encodeURIComponent('a/b?c')}/dataplanes`)
  t.match(reply, { status: 404, json: { title: 'Failed to retrieve Mesh' } })
  t.equal((await to('GET', `/meshes/${'n'.repeat(253)}`)).status, 404)
})

t.test('answers in the form that the caller prefers', async t => {
  const json = 'application/json'
  const yaml = 'application/yaml'
  const cases = [
    [undefined, '', json],
    ['*/*', '', json],
    ['application/json; charset=utf-8', '', json],
    ['application/yaml', '', yaml],
    ['text/yaml', '', yaml],
    ['application/x-yaml', '', yaml],
    ['application/yaml;q=0.5, application/json', '', json],
    ['application/json;q=0.5, application/yaml', '', yaml],
    ['text/html, application/xhtml+xml, */*;q=0.8', '', json],
    ['text/plain', '?output=yaml', yaml],
    [undefined, '?output=yaml', yaml],
    ['application/yaml', '?output=json', json],
  ] as const
  for (const [accept, query, type] of cases) {
    const reply = await to(
      'GET',
      `/meshes/default${query}`,
      accept === undefined ? {} : { headers: { accept } },
    )
    t.match(reply, { status: 200, headers: { 'content-type': type } }, `${accept} ${query}`)
    t.match(reply.text, type === json ? /^\{\n "type": "Mesh",/ : /^type: Mesh\n/)
  }
})

t.test('says 406 to a caller that takes neither JSON nor YAML nor text', async t => {
  for (const accept of ['image/png, text/html', 'application/json;q=0']) {
    const reply = await to('GET', '/meshes', { headers: { accept } })
    t.match(reply, { status: 406, headers: { 'content-type': PLAIN } }, accept)
    t.match(reply.text, /^406: Not Acceptable\n\nAvailable representations: application\/json/)
  }
})

t.test('errors are JSON also for those who asked for YAML', async t => {
  const reply = await to('GET', '/meshes/none', { headers: { accept: 'application/yaml' } })
  t.match(reply, { status: 404, headers: { 'content-type': 'application/json' }, json: { status: 404 } })
})

t.test('says 415 to a body that it cannot read', async t => {
  for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/xml']) {
    const reply = await to('PUT', '/meshes/m1', { body: 'type: Mesh', headers: { 'content-type': type } })
    t.match(
      reply,
      { status: 415, text: '415: Unsupported Media Type', headers: { 'content-type': PLAIN } },
      type,
    )
  }
  const form = {
    body: '{"mesh":"default"}',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  }
  t.equal((await to('POST', '/tokens/dataplane', form)).status, 415)
})
