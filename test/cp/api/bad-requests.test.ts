/** Requests that no client of ours sends: odd methods, types, paths, and bytes that are no HTTP. */
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import t from 'tap'
import { refuseClient } from '../../../cp/api/http/client-error.ts'
import { type Reply, type SendOptions, send, startApi } from '../../support/api.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const to = (method: string, path: string, options?: SendOptions): Promise<Reply> =>
  send(method, `${run.http}${path}`, options)

/** The path as it is: a URL would resolve its dots. */
async function sendAsIs(
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; text: string }> {
  const text = body === undefined ? '' : JSON.stringify(body)
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: close',
    'Content-Type: application/json',
  ]
  const answer = await answerTo(
    [...lines, `Content-Length: ${Buffer.byteLength(text)}`, '', text].join('\r\n'),
  )
  return { status: Number(answer.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)), text: answer }
}

/** What is answered to these bytes, until the server ends the connection. */
async function answerTo(bytes: string | Buffer, at = new URL(run.http).port): Promise<string> {
  const socket = connect(Number(at), '127.0.0.1')
  socket.write(bytes)
  return Buffer.concat((await socket.toArray()) as Buffer[]).toString()
}

t.test('a method that nobody knows is a wrong method, or finds no page', async t => {
  for (const method of ['QUERY', 'PROPFIND', 'TRACE', 'PATCH']) {
    t.match(await to(method, '/meshes'), {
      status: 405,
      text: '405: Method Not Allowed',
      headers: { allow: 'GET' },
    })
    t.match(await to(method, '/nope'), { status: 404, text: '404: Page Not Found' })
  }
})

t.test('a content type that is none is 415 where a body is read, and nothing elsewhere', async t => {
  for (const type of ['/', 'json', 'application/json, text/yaml', 'application/json/x']) {
    const body = { body: '{}', headers: { 'content-type': type } }
    t.match(await to('PUT', '/meshes/m1', body), { status: 415, text: '415: Unsupported Media Type' }, type)
    t.equal((await to('POST', '/tokens/user', body)).status, 415, type)
    t.equal((await to('DELETE', '/meshes/m1', body)).status, 404, type)
    t.equal((await to('POST', '/meshes', body)).status, 405, type)
    t.equal((await to('POST', '/nope', body)).status, 404, type)
    t.equal((await to('GET', '/who-am-i', body)).status, 200, type)
  }
  const empty = { body: '{}', headers: { 'content-type': '' } }
  t.equal((await to('PUT', '/meshes/m1', empty)).status, 400, 'as without a type, which curl -T sends')
  t.equal((await to('POST', '/tokens/user', empty)).status, 415)
})

t.test('a name of JavaScript is no type that is accepted', async t => {
  for (const accept of ['constructor', '__proto__', 'toString']) {
    t.equal((await to('GET', '/who-am-i', { headers: { accept } })).status, 406, accept)
  }
})

t.test('is sent to the clean path and nowhere else', async t => {
  const cases = [
    ['//meshes//$&', '/meshes/$&'],
    ["//meshes?a=$'x//y", "/meshes?a=$'x//y"],
    ['//evil.example/x', '/evil.example/x'],
    ['//\\evil.example', '/%5Cevil.example'],
  ] as const
  for (const [path, location] of cases) {
    const answer = await answerTo(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
    t.match(answer, /^HTTP\/1\.1 307 /, path)
    t.match(answer, `\r\nlocation: ${location}\r\n`)
  }
})

t.test('understands a whole URL, as callers of a proxy send it, and an escaped plus', async t => {
  const ask = (url: string): Promise<string> =>
    answerTo(`GET ${url} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
  t.match(await ask(`${run.http}/meshes/default`), /^HTTP\/1\.1 200 [\s\S]*"type": "Mesh"/)
  t.match(await ask(run.http), /^HTTP\/1\.1 200 [\s\S]*"tagline"/)
  t.match(await ask('/meshes/default/dataplanes%2Binsights?tag=a%2Bb:c'), /^HTTP\/1\.1 200 /)
})

t.test('names lead nowhere but to a resource of that name', async t => {
  const before = run.store.revision()
  const names = [
    '..',
    '%2e%2e',
    '%2e%2e%2fx',
    'a%2fb',
    'a%5Cb',
    'a%00b',
    'a%0d%0ab',
    '%F0%9F%98%80',
    '%EF%BC%A1',
  ]
  for (const name of names) {
    const path = `/meshes/default/secrets/${name}`
    t.equal((await sendAsIs('GET', path)).status, 404, name)
    const body = { type: 'Secret', mesh: 'default', name: 'a' }
    t.match(await sendAsIs('PUT', path, body), {
      status: 400,
      text: /name from the URL has to be the same as in body/,
    })
    const decoded = decodeURIComponent(name)
    t.match(await sendAsIs('PUT', path, { ...body, name: decoded }), {
      status: 400,
      text: /"invalid characters\. /,
    })
    t.equal((await sendAsIs('DELETE', path)).status, 404, name)
    t.match(await sendAsIs('GET', `/meshes/${name}/secrets`), {
      status: 404,
      text: /Failed to retrieve Mesh/,
    })
    t.equal((await sendAsIs('PUT', `/meshes/${name}`, { type: 'Mesh', name: decoded })).status, 400, name)
  }
  for (const path of ['/meshes/../config', '/meshes/%2e%2e/config', '/../../etc/passwd']) {
    t.equal((await sendAsIs('GET', path)).status, 404, path)
  }
  t.equal(run.store.revision(), before)
})

t.test('says what is wrong with a path, in short', async t => {
  for (const name of ['%ff', '%c0%ae', '%', '%zz']) {
    t.match(await to('PUT', `/meshes/${name}`, { body: {} }), {
      status: 400,
      json: {
        title: 'Bad Request',
        detail: `/meshes/${name} is not a valid path: it is not percent-encoded UTF-8`,
      },
    })
  }
  const long = await to('GET', `/meshes/${'a'.repeat(10_000)}`)
  t.match(long, {
    status: 400,
    json: { detail: /^\/meshes\/a+ is not a valid path: a name in it is longer than 1024/ },
  })
  t.ok(long.text.length < 1000)
})

t.test('says in the form of all errors that something is no HTTP', async t => {
  const head = 'PUT /meshes/m1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n'
  const cases: readonly (readonly [string | Buffer, number, string])[] = [
    ['FOO /meshes HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'Bad Request'],
    ['hello\r\n\r\n', 400, 'Bad Request'],
    [Buffer.from('16030100c8010000c4', 'hex'), 400, 'Bad Request'],
    [Buffer.from('GET /meshes/\xff HTTP/1.1\r\nHost: a\r\n\r\n', 'latin1'), 400, 'Bad Request'],
    [`${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400, 'Bad Request'],
    [`${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`, 400, 'Bad Request'],
    [`${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`, 400, 'Bad Request'],
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}`, 431, 'Request Header Fields Too Large'],
  ]
  for (const [bytes, status, title] of cases) {
    const answer = await answerTo(bytes)
    const [start = '', body = ''] = answer.split('\r\n\r\n')
    t.match(start, new RegExp(`^HTTP/1\\.1 ${status} ${title}\r\n`), String(bytes).slice(0, 40))
    t.match(start, /\r\ncontent-type: application\/json\r\n[\s\S]*connection: close/)
    t.match(JSON.parse(body), {
      type: '/std-errors',
      status,
      title,
      detail: status === 431 ? /^the headers are larger/ : /^this is no HTTP request: \w/,
    })
  }
})

t.test('a request that does not come to its end is told so', async t => {
  const server = createServer({ requestTimeout: 20, connectionsCheckingInterval: 5 })
  server.on('clientError', refuseClient)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  for (const bytes of ['GET / HTTP/1.1\r\n', 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{']) {
    t.match(
      await answerTo(bytes, String(port)),
      /^HTTP\/1\.1 408 [\s\S]*"detail": "the request did not arrive in time"/,
    )
  }
})
