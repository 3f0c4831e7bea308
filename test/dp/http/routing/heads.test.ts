/** Heads as routes see and leave them: one line of each field, paths in their plain form, in both versions of HTTP. */
import t from 'tap'
import type { HeaderMatch } from '#contract/matching/text-match.ts'
import type { HeaderEdit } from '#contract/route.ts'
import { plainTarget } from '../../../../dp/http/routing/plain-target.ts'
import { rawClient } from '../../../support/raw-sockets.ts'
import { aRoute, startRouted } from '../../../support/routed.ts'

/** The request as the application has told it. */
function heard(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4)
}

function linesOf(answer: string, name: string): string[] {
  return [...heard(answer).matchAll(new RegExp(`^${name}: (.*)\r$`, 'gim'))].map(([, value = '']) => value)
}

t.test('what a route sets stands once, though the data plane adds it where it is missing', async t => {
  const edit = (change: Partial<HeaderEdit>): HeaderEdit => ({ remove: [], set: [], add: [], ...change })
  const set = [
    { name: 'x-request-id', value: 'mine' },
    { name: 'x-forwarded-proto', value: 'https' },
  ]
  const { ask, ask2 } = await startRouted(t, {
    routes: [
      aRoute('/set', 'one', { requestHeaders: edit({ set }) }),
      aRoute('/remove', 'one', { requestHeaders: edit({ remove: set.map(({ name }) => name) }) }),
    ],
  })
  for (const answer of [await ask('/set'), await ask2('/set')]) {
    t.strictSame(linesOf(answer, 'x-request-id'), ['mine'])
    t.strictSame(linesOf(answer, 'x-forwarded-proto'), ['https'])
  }
  for (const answer of [await ask('/remove'), await ask2('/remove')])
    t.strictSame([...linesOf(answer, 'x-request-id'), ...linesOf(answer, 'x-forwarded-proto')], [])
})

t.test('routes see the fields that the data plane adds', async t => {
  const headers: HeaderMatch[] = [
    { type: 'exact', name: 'x-forwarded-proto', value: 'http' },
    { type: 'present', name: 'x-request-id' },
  ]
  const { ask, ask2 } = await startRouted(t, { routes: [aRoute('/', 'one', { match: { headers } })] })
  for (const answer of [await ask('/'), await ask2('/')]) t.match(heard(answer), /^one: /)
})

t.test('a request of HTTP/1.0 without a host gets one host, whatever its route does', async t => {
  const { ask } = await startRouted(t, {
    routes: [
      aRoute('/new', 'one', { rewrite: { host: { type: 'value', value: 'new' } } }),
      aRoute('/there', 'one', { redirect: { status: 302 }, backends: [] }),
    ],
  })
  t.strictSame(linesOf(await ask('GET /new HTTP/1.0\r\n\r\n'), 'host'), ['new'])
  t.strictSame(linesOf(await ask('GET /new HTTP/1.0\r\n\r\n'), 'x-envoy-original-host'), ['main'])
  t.strictSame(linesOf(await ask('GET /other HTTP/1.0\r\n\r\n'), 'host'), ['main'])
  t.match(await ask('GET /there HTTP/1.0\r\n\r\n'), '\r\nlocation: http://main/there\r\n')
})

t.test(
  'a path that is written in another way takes the same route, and goes on in its plain form',
  async t => {
    const { ask, ask2 } = await startRouted(t, { routes: [aRoute('/admin', 'two')] })
    for (const path of ['/x/../admin', '/x/%2e%2E/admin', '/%61dmin', '/x\\..\\admin', '/./admin']) {
      for (const answer of [await ask(`${path}?q=%61/../`), await ask2(`${path}?q=%61/../`)])
        t.match(heard(answer), 'two: GET /admin?q=%61/../ HTTP/1.1\r\n', path)
    }
    for (const answer of [await ask('//admin'), await ask2('//admin')])
      t.match(heard(answer), 'main: GET //admin HTTP/1.1\r\n', 'two slashes are not one')
  },
)

t.test('plain forms', async t => {
  const table: [string, string][] = [
    ['/', '/'],
    ['*', '*'],
    ['a.%61:80', 'a.%61:80'],
    ['/a/b?c/../d', '/a/b?c/../d'],
    ['/a/.', '/a/'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/..', '/'],
    ['/../../a', '/a'],
    ['/a/./b/../c', '/a/c'],
    ['/a//../b', '/a/b'],
    ['/a//b', '/a//b'],
    ['/.well-known/x', '/.well-known/x'],
    ['/...', '/...'],
    ['/a%2Fb', '/a%2Fb'],
    ['/a%2f..', '/a%2f..'],
    ['/%41%7e%2D%5f', '/A~-_'],
    ['/%20%3F%00', '/%20%3F%00'],
    ['/%252e%252e/a', '/%252e%252e/a'],
    ['/%zz%', '/%zz%'],
    ['\\a', '\\a'],
    ['/a\\b', '/a/b'],
    ['/a\\..\\%2e./b', '/b'],
  ]
  for (const [written, plain] of table) {
    t.equal(plainTarget(written), plain, written)
    t.equal(plainTarget(plain), plain, `${plain} is plain`)
  }
})

t.test('values beyond ASCII are compared as their bytes', async t => {
  const header = (type: 'exact' | 'regex', value: string): HeaderMatch[] => [{ type, name: 'x-city', value }]
  const { ask } = await startRouted(t, {
    routes: [
      aRoute('/exact', 'one', { match: { headers: header('exact', 'Zürich') } }),
      aRoute('/regex', 'two', { match: { headers: header('regex', 'Gen.ve') } }),
    ],
  })
  // The raw client writes Latin-1.
  const city = (name: string) => [`x-city: ${Buffer.from(name).toString('latin1')}`]
  t.match(heard(await ask('/', city('Zurich'))), /^main: /)
  t.match(heard(await ask('/', city('Zürich'))), /^one: /)
  t.match(heard(await ask('/', city('Genève'))), /^two: /)
})

t.test('a CONNECT keeps the address that it asks for', async t => {
  const { port } = await startRouted(t, {
    routes: [
      aRoute('/', 'one', {
        match: {},
        rewrite: { path: { type: 'full', value: '/x' }, host: { type: 'value', value: 'new' } },
      }),
    ],
  })
  const client = await rawClient(port)
  client.send('CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n')
  const request = await client.hears(/one: CONNECT.*\r\n\r\n$/s)
  t.match(request, 'CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n')
  t.notMatch(request, /host: new/i)
  client.socket.destroy()
})
