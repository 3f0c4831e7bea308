/** Calls balanced by what they say, over real sockets, and calls that leave endpoints which are out of reach. */
import t from 'tap'
import type { Cluster } from '#contract/cluster.ts'
import { anEngine, mustApply } from '../../../support/engine-pair.ts'
import { freePorts } from '../../../support/ports.ts'
import { fieldOf, httpResponder, ok, rawClient, rawServer } from '../../../support/raw-sockets.ts'
import { aCluster, anOutbound, LOOPBACK } from '../../../support/snapshots.ts'

type Test = Parameters<typeof anEngine>[0]

/** `count` applications that answer with their number behind an outbound. */
async function startBalanced(
  t: Test,
  count: number,
  change: Partial<Cluster>,
  protocol: 'http' | 'tcp' = 'http',
) {
  const engine = anEngine(t)
  const apps = await Promise.all(
    Array.from({ length: count }, (_, at) => httpResponder(() => ok(`app ${at}`))),
  )
  for (const app of apps) t.teardown(app.close)
  const [port = 0] = await freePorts(1)
  const configure = (ports: readonly number[], next = change) =>
    mustApply(engine, {
      listeners: [anOutbound(port, 'apps', { protocol })],
      clusters: [aCluster('apps', ports, { tls: null, ...next })],
    })
  const ports = apps.map(app => app.port)
  await configure(ports)
  const ask = async (target: string, ...lines: string[]): Promise<string> => {
    const client = await rawClient(port)
    client.send(`GET ${target} HTTP/1.1\r\nHost: b\r\n${lines.map(line => `${line}\r\n`).join('')}\r\n`)
    const answer = await client.hears(/app \d/)
    client.socket.destroy()
    return answer
  }
  const who = async (target: string, ...lines: string[]) =>
    /app (\d)/.exec(await ask(target, ...lines))?.[1] ?? ''
  return { engine, ports, configure, ask, who, apps, port }
}

const RING = { type: 'ring-hash', minSize: 1024, maxSize: 8192, hash: 'xx-hash' } as const
const USERS = Array.from({ length: 40 }, (_, at) => `user-${at}`)

t.test('equal headers reach the same endpoint, and when one leaves only its calls move', async t => {
  const { who, configure, ports } = await startBalanced(t, 4, {
    balancer: RING,
    hashPolicies: [{ type: 'header', name: 'x-user', isTerminal: false }],
  })
  const homes = new Map<string, string>()
  for (const user of USERS) homes.set(user, await who('/', `X-User: ${user}`))
  for (const user of USERS) t.equal(await who('/', `x-user: ${user}`), homes.get(user), user)
  t.ok(new Set(homes.values()).size > 2, 'they are spread')
  await configure(ports.slice(1))
  for (const user of USERS) {
    const now = await who('/', `x-user: ${user}`)
    if (homes.get(user) === '0') t.not(now, '0')
    else t.equal(now, homes.get(user), user)
  }
})

t.test(
  'query, cookie and address are hashed as the policies say, the first terminal one decides',
  async t => {
    const { who, ask } = await startBalanced(t, 4, {
      balancer: { type: 'maglev', size: 4099 },
      hashPolicies: [
        { type: 'query', name: 'user', isTerminal: true },
        { type: 'cookie', name: 'sid', path: '/p', ttlMs: 3_600_000, isTerminal: true },
        { type: 'connection', isTerminal: false },
      ],
    })
    for (const user of USERS.slice(0, 5)) {
      const home = await who(`/?user=${user}`)
      t.equal(await who(`/x?a=b&user=${user}`, 'Cookie: sid=other'), home)
    }
    const first = await ask('/')
    const cookie = fieldOf(first, 'set-cookie')
    t.match(cookie, /^sid="[0-9a-f]{16}"; Max-Age=3600; Path=\/p; HttpOnly$/)
    const sid = /"(.*?)"/.exec(cookie)?.[1]
    const home = /app (\d)/.exec(first)?.[1]
    for (const spelled of [`sid="${sid}"`, `a=b; sid=${sid}`]) {
      const again = await ask('/', `Cookie: ${spelled}`)
      t.equal(/app (\d)/.exec(again)?.[1], home)
      t.equal(fieldOf(again, 'set-cookie'), '', 'it has one')
    }
    t.not(fieldOf(await ask('/'), 'set-cookie'), cookie, 'another client gets another one')
  },
)

t.test('connections of TCP are hashed by their client', async t => {
  const { who, apps } = await startBalanced(
    t,
    4,
    { balancer: RING, hashPolicies: [{ type: 'connection', isTerminal: false }] },
    'tcp',
  )
  const homes = new Set<string>()
  for (let call = 0; call < 10; call++) homes.add(await who('/'))
  t.equal(homes.size, 1)
  t.equal(apps.filter(({ peers }) => peers.length > 0).length, 1)
})

t.test('calls fail over to the next priority within the call, and come back', async t => {
  const { who, engine, apps, ports, port } = await startBalanced(t, 1, {})
  const [home = 0, spare = 0] = ports
  const other = await httpResponder(() => ok('app 1'))
  t.teardown(other.close)
  const endpoints = [
    { address: LOOPBACK, port: home, priority: 0 },
    { address: LOOPBACK, port: other.port, priority: 1 },
  ]
  t.equal(spare, 0)
  await mustApply(engine, {
    listeners: [anOutbound(port, 'apps')],
    clusters: [aCluster('apps', [], { tls: null, endpoints })],
  })
  t.equal(await who('/'), '0')
  const [first] = apps
  for (const { socket } of first?.peers ?? []) socket.destroy()
  first?.close()
  for (let call = 0; call < 5; call++) t.equal(await who('/'), '1')
  const again = await rawServer(peer => {
    peer.socket.on('data', () => peer.send(ok('app 0')))
  }, home)
  t.teardown(again.close)
  let now = ''
  // the pause before it is looked at again ends by itself
  while (now !== '0') now = await who('/')
  t.pass('back')
})
