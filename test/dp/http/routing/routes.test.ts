/** Routes of an outbound over real sockets: the first that matches decides, for clients of both versions of HTTP. */
import t from 'tap'
import { fieldOf, rawClient } from '../../../support/raw-sockets.ts'
import { aRoute, startRouted } from '../../../support/routed.ts'
import { aCluster, anOutbound, aSnapshot } from '../../../support/snapshots.ts'

t.test('the first route that matches decides; what none matches goes to the service itself', async t => {
  const { ask, ask2 } = await startRouted(t, {
    routes: [
      aRoute('/a/b', 'two'),
      aRoute('/a', 'one'),
      { ...aRoute('', 'two'), match: { headers: [{ type: 'exact', name: 'x-kind', value: 'canary' }] } },
    ],
  })
  for (const [target, expected] of [
    ['/a', 'one'],
    ['/a/b/c?d', 'two'],
    ['/ab', 'main'],
  ] as const) {
    t.match(await ask(target), new RegExp(`\\r\\n\\r\\n${expected}: GET ${target.replace('?', '\\?')} `))
    t.match(await ask2(target), new RegExp(`\\r\\n\\r\\n${expected}: GET ${target.replace('?', '\\?')} `))
  }
  t.match(await ask('/', ['X-Kind: canary']), /\r\n\r\ntwo: /)
  t.match(await ask2('/', { 'x-kind': 'canary' }), /\r\n\r\ntwo: /)
})

t.test('each request of a connection takes its own way, and a change of routes the next one', async t => {
  const { port, configure } = await startRouted(t, { routes: [aRoute('/a', 'one')] })
  const client = await rawClient(port)
  const ask = async (target: string): Promise<string> => {
    client.take()
    client.send(`GET ${target} HTTP/1.1\r\nHost: b\r\n\r\n`)
    const answer = await client.hears(/\r\n\r\n.*\r\n\r\n/s)
    return /\r\n\r\n(\w+):/.exec(answer)?.[1] ?? answer
  }
  t.equal(await ask('/a'), 'one')
  t.equal(await ask('/b'), 'main')
  await configure({ routes: [aRoute('/a', 'two')] })
  t.equal(await ask('/a'), 'two')
  await configure({})
  t.equal(await ask('/a'), 'main')
  client.socket.destroy()
})

t.test('backends share by weight', async t => {
  const backends = [
    { cluster: 'one', weight: 90 },
    { cluster: 'two', weight: 10 },
  ]
  const { port } = await startRouted(t, { routes: [aRoute('/a', 'one', { backends })], backends })
  const client = await rawClient(port)
  const counts: Record<string, number> = { one: 0, two: 0 }
  for (let call = 0; call < 1000; call++) {
    client.take()
    client.send(`GET ${call % 2 === 0 ? '/a' : '/b'} HTTP/1.1\r\nHost: b\r\n\r\n`)
    const answer = await client.hears(/\r\n\r\n.*\r\n\r\n/s)
    const name = /\r\n\r\n(\w+):/.exec(answer)?.[1] ?? answer
    counts[name] = (counts[name] ?? 0) + 1
  }
  client.socket.destroy()
  // five standard deviations: fails once in a million runs
  t.ok(Math.abs((counts['two'] ?? 0) - 100) < 48, JSON.stringify(counts))
  t.equal((counts['one'] ?? 0) + (counts['two'] ?? 0), 1000)
})

t.test('changes headers both ways', async t => {
  const { ask, ask2 } = await startRouted(t, {
    routes: [
      aRoute('/a', 'one', {
        requestHeaders: {
          remove: ['x-gone'],
          set: [{ name: 'x-set', value: 'new' }],
          add: [{ name: 'x-more', value: 'a,b' }],
        },
        responseHeaders: {
          remove: ['x-app'],
          set: [{ name: 'x-two', value: '2' }],
          add: [{ name: 'x-three', value: 'ü' }],
        },
      }),
    ],
  })
  const asked = { 'X-Gone': '1', 'X-Set': 'old', 'X-More': 'c' }
  for (const answer of [
    await ask(
      '/a',
      Object.entries(asked).map(([name, value]) => `${name}: ${value}`),
    ),
    await ask2('/a', asked),
  ]) {
    const [head = '', seen = ''] = answer.split('\r\n\r\n')
    t.notMatch(seen, /x-gone/i)
    t.equal(fieldOf(`${seen}\r\n`, 'x-set'), 'new')
    t.match(seen, /x-more: c\r\n[\s\S]*x-more: a,b/i)
    t.notMatch(head, /x-app/)
    t.equal(fieldOf(`${head}\r\n`, 'x-two'), '2')
    t.match(head, /x-three: Ã¼/, 'UTF-8')
  }
})

t.test('rewrites path and host, and says what was asked for', async t => {
  const { ask, ask2 } = await startRouted(t, {
    routes: [
      aRoute('/api', 'one', {
        rewrite: { path: { type: 'prefix', value: '/new' }, host: { type: 'value', value: 'other.local' } },
      }),
      {
        ...aRoute('/r', 'one'),
        rewrite: {
          path: { type: 'regex', pattern: '^/r/([a-z]+)/([0-9]+)$', substitution: '/\\2/\\1' },
          host: { type: 'from-path', pattern: '^/r/([a-z]+)/.*$', substitution: '\\1.local' },
        },
      },
    ],
  })
  for (const answer of [
    await ask('/api/x?q=1', ['X-Envoy-Original-Path: /forged']),
    await ask2('/api/x?q=1', { 'x-envoy-original-path': '/forged' }),
  ]) {
    const seen = `${answer.split('\r\n\r\n')[1]}\r\n`
    t.match(seen, /^one: GET \/newx\?q=1 HTTP\/1\.1\r\n/)
    t.equal(fieldOf(seen, 'host'), 'other.local')
    t.equal(fieldOf(seen, 'x-envoy-original-path'), '/api/x?q=1')
    t.equal(fieldOf(seen, 'x-envoy-original-host'), 'api:81')
    t.notMatch(seen, /forged/)
  }
  for (const answer of [await ask('/r/abc/12'), await ask2('/r/abc/12')]) {
    const seen = `${answer.split('\r\n\r\n')[1]}\r\n`
    t.match(seen, /^one: GET \/12\/abc HTTP\/1\.1\r\n/)
    t.equal(fieldOf(seen, 'host'), 'abc.local')
  }
})

t.test('answers a redirect itself, with the policy that says so', async t => {
  const { ask, ask2, port, apps } = await startRouted(t, {
    routes: [
      aRoute('/old', 'one', {
        backends: [],
        redirect: {
          status: 301,
          scheme: 'https',
          hostname: 'new.local',
          path: { type: 'prefix', value: '/new' },
        },
      }),
      aRoute('/port', 'one', { backends: [], redirect: { status: 302, port: 443 } }),
      aRoute('/same', 'one', { backends: [], redirect: { status: 308 } }),
    ],
  })
  for (const [target, status, location] of [
    ['/old/x?q=1', 301, 'https://new.local/newx?q=1'],
    ['/port', 302, 'http://api:443/port'],
    ['/same', 308, 'http://api:81/same'],
  ] as const) {
    const one = await ask(target)
    t.match(one, new RegExp(`^HTTP/1.1 ${status} `))
    t.equal(fieldOf(one, 'location'), location)
    t.equal(fieldOf(one, 'content-length'), '0')
    t.equal(fieldOf(one, 'x-vmesh-policy'), 'MeshHTTPRoute/test')
    t.equal(fieldOf(one, 'x-vmesh-reason'), '', 'nothing has failed')
    const two = await ask2(target)
    t.match(two, new RegExp(`^:status: ${status}\r\n`))
    t.equal(fieldOf(two, 'location'), location)
  }
  const client = await rawClient(port)
  client.send('POST /old HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\n\r\nhello')
  client.send('GET /other HTTP/1.1\r\nHost: b\r\n\r\n')
  t.match(await client.hears(/main: GET \/other/), /^HTTP\/1.1 301/, 'the connection goes on behind it')
  client.socket.destroy()
  t.equal(apps.get('one')?.peers.length, 0)
})

t.test('what fails on the way of a route names its policy', async t => {
  const { ask, ask2 } = await startRouted(t, { routes: [aRoute('/a', 'none')] })
  for (const answer of [await ask('/a'), await ask2('/a')]) {
    t.equal(fieldOf(answer, 'x-vmesh-reason'), 'no-healthy-endpoint')
    t.equal(fieldOf(answer, 'x-vmesh-policy'), 'MeshHTTPRoute/test')
  }
  t.equal(fieldOf(await ask('/b'), 'x-vmesh-policy'), '')
})

t.test('TCP connections share the backends', async t => {
  const { port, apps } = await startRouted(t, {
    protocol: 'tcp',
    backends: [
      { cluster: 'one', weight: 1 },
      { cluster: 'two', weight: 1 },
    ],
    policy: 'MeshTCPRoute/test',
  })
  for (let round = 0; round < 40; round++) {
    const client = await rawClient(port)
    client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
    await client.hears(/(one|two): GET/)
    client.socket.destroy()
  }
  const [one = 0, two = 0] = ['one', 'two'].map(name => apps.get(name)?.peers.length)
  t.equal(one + two, 40)
  t.ok(one > 3 && two > 3, `${one} and ${two}`)
  t.equal(apps.get('main')?.peers.length, 0)
})

t.test(
  'a pattern that is none, or a cluster that is not there, refuses the snapshot and changes nothing',
  async t => {
    const { engine, ask, port } = await startRouted(t, { routes: [aRoute('/a', 'one')] })
    const bad = anOutbound(port, 'main', {
      routes: [
        { ...aRoute('/a', 'nowhere'), match: { path: { type: 'regex', value: '(' } } },
        aRoute('/a', 'main', { mirrors: [{ cluster: 'nobody', percentage: 1 }] }),
      ],
    })
    const clusters = [aCluster('main', [1], { tls: null })]
    const result = await engine.apply(aSnapshot({ listeners: [bad], clusters }))
    t.match(result, {
      ok: false,
      violations: [
        { path: /routes\[0\]\.backends\[0\]\.cluster$/ },
        { path: /routes\[1\]\.mirrors\[0\]\.cluster$/ },
        { path: /routes\[0\]\.match\.path\.value$/, message: /missing/ },
      ],
    })
    t.match(await ask('/a'), /one: GET/)
  },
)
