/** Promises of dp/link/link.ts: it comes back after every kind of loss, goes on from what it has, and never throws. */
import { once } from 'node:events'
import t from 'tap'
import { silentLogger } from '#base/log.ts'
import type { Snapshot } from '#contract/snapshot.ts'
import { MAX_FRAME_BYTES } from '#contract/version.ts'
import type { LinkFault } from '../../../dp/link/fault.ts'
import { type ApplyOutcome, Link, type LinkOptions } from '../../../dp/link/link.ts'
import { FakeControlPlane } from '../../support/fake-control-plane.ts'
import { sectionsOf } from '../../support/sections.ts'

type Test = import('tap').Test

t.test('goes on from what it acknowledged when the connection was lost', async t => {
  const { cp, applied } = await started(t)
  const first = await cp.peer()
  t.equal((await first.welcomes()).have, null)
  first.offers({ revision: 1, sections: sectionsOf() })
  t.match(await first.hears('ack'), { version: { revision: 1 }, bundles: { 'trust/default': String } })
  first.socket.terminate()
  const second = await cp.peer()
  const { have } = await second.welcomes()
  t.match(have, { version: { epoch: 1, revision: 1 }, digests: { 'cluster/api': 'cluster/api of 1' } })
  second.offers({ revision: 2, over: 1, removed: ['listener/127.0.0.1:10001'] })
  await second.hears('ack')
  t.same(
    applied.map(snapshot => [snapshot.version.revision, snapshot.listeners.size]),
    [
      [1, 2],
      [2, 1],
    ],
  )
})

t.test('tells what it runs only when what was on its way is decided', async t => {
  let finish = (): void => {}
  const busy = new Promise<void>(resolve => {
    finish = resolve
  })
  const { cp } = await started(t, {
    apply: async () => {
      await busy
      return { ok: true }
    },
  })
  const first = await cp.peer()
  await first.welcomes()
  first.offers({ revision: 1, sections: sectionsOf() })
  first.socket.close(1001)
  const second = await cp.peer()
  // whoever answers the ping has said hello before, unless it waits
  second.socket.ping()
  await once(second.socket, 'pong')
  finish()
  t.match((await second.hears('hello')).have, { version: { revision: 1 } })
})

t.test('a refused snapshot leaves the base as it was, and the next one is taken', async t => {
  const answers: ApplyOutcome[] = [
    { ok: true },
    { ok: false, violations: [{ path: 'listener/x', message: 'in use' }] },
    { ok: true },
  ]
  const { cp } = await started(t, { apply: async () => answers.shift() ?? { ok: true } })
  const peer = await cp.peer()
  await peer.welcomes()
  peer.offers({ revision: 1, sections: sectionsOf() })
  await peer.hears('ack')
  peer.offers({ revision: 2, over: 1, removed: ['listener/127.0.0.1:10001'] })
  t.match(await peer.hears('refuse'), { version: { revision: 2 }, violations: [{ message: 'in use' }] })
  peer.offers({ revision: 3, over: 1 })
  t.match(await peer.hears('ack'), { version: { revision: 3 } })
})

t.test(
  'a snapshot that makes the engine fail is refused with the reason, and the next one is taken',
  async t => {
    let calls = 0
    const { cp } = await started(t, {
      apply: async () => {
        if (++calls === 1) throw new Error('out of luck')
        return { ok: true }
      },
    })
    const peer = await cp.peer()
    await peer.welcomes()
    peer.offers({ revision: 1, sections: sectionsOf() })
    t.match(await peer.hears('refuse'), { violations: [{ message: /out of luck/ }] })
    peer.offers({ revision: 2, sections: sectionsOf() })
    t.match(await peer.hears('ack'), { version: { revision: 2 } })
  },
)

t.test('a change for another base makes it connect anew', async t => {
  const { cp } = await started(t)
  const peer = await cp.peer()
  await peer.welcomes()
  peer.offers({ revision: 1, sections: sectionsOf() })
  await peer.hears('ack')
  peer.offers({ revision: 3, over: 2 })
  t.match((await (await cp.peer()).hears('hello')).have, { version: { revision: 1 } })
})

for (const [what, text] of [
  ['not JSON', '{'],
  ['no object', 'null'],
  ['a snapshot without sections', '{"type":"snapshot"}'],
  ['larger than a frame may be', JSON.stringify({ type: 'left', filler: 'x'.repeat(MAX_FRAME_BYTES) })],
] as const) {
  t.test(`a frame that is ${what} ends the connection, not the process`, async t => {
    const { cp } = await started(t)
    const peer = await cp.peer()
    await peer.welcomes()
    peer.socket.send(text)
    await peer.closed()
    await (await cp.peer()).welcomes()
  })
}

t.test('a frame of a type that it does not know is passed over', async t => {
  const { cp } = await started(t)
  const peer = await cp.peer()
  await peer.welcomes()
  peer.socket.send('{"type":"from-the-future"}')
  peer.offers({ revision: 1, sections: sectionsOf() })
  t.match(await peer.hears('ack'), { version: { revision: 1 } })
})

t.test('the token is read anew for each connection', async t => {
  const tokens = ['first', 'second']
  const { cp } = await started(t, { readToken: async () => tokens.shift() ?? 'third' })
  const first = await cp.peer()
  t.equal(first.authorization, 'Bearer first')
  first.socket.terminate()
  t.equal((await cp.peer()).authorization, 'Bearer second')
})

t.test('a token that cannot travel in a header is a fault of the file', async t => {
  const { faults, fault } = await started(t, { readToken: async () => 'two\nlines' })
  await fault()
  t.match(faults[0], { code: 'link.token', permanent: true, message: /token.*--dataplane-token-file/s })
})

t.test('a refusal that is cut short is tried again', async t => {
  const cp = await FakeControlPlane.start()
  cp.verdict = attempt => (attempt === 1 ? { status: 503, reason: 'going', cutShort: true } : 'accept')
  await started(t, {}, cp)
  await (await cp.peer()).welcomes()
  t.equal(cp.attempts, 2)
})

t.test('a refused token is a fault of the token, and tried again as long as the owner wants', async t => {
  const cp = await FakeControlPlane.start()
  cp.verdict = attempt => (attempt < 3 ? { status: 401, reason: 'token has expired' } : 'accept')
  const { faults } = await started(t, {}, cp)
  await (await cp.peer()).welcomes()
  t.match(faults, [
    { code: 'link.token', permanent: true, message: /token has expired/ },
    { code: 'link.token', permanent: true },
  ])
})

t.test('waits longer and longer while connections are cut at once, also after a welcome', async t => {
  const waits: number[] = []
  const { cp } = await started(t, {
    onWait: ms => waits.push(ms),
    timing: { leastMs: 10, random: () => 0.999 },
  })
  for (let i = 0; i < 5; i++) {
    const peer = await cp.peer()
    await peer.welcomes()
    peer.socket.terminate()
  }
  await cp.peer()
  t.ok((waits[4] ?? 0) > 8 * (waits[0] ?? 0), waits.join(' '))
})

t.test('a connection that held makes the next wait short again', async t => {
  const waits: number[] = []
  const { cp } = await started(t, {
    onWait: ms => waits.push(ms),
    timing: { leastMs: 10, stableMs: 0, random: () => 0.999 },
  })
  for (let i = 0; i < 3; i++) {
    const peer = await cp.peer()
    await peer.welcomes()
    peer.offers({ revision: 1, sections: sectionsOf() })
    await peer.hears('ack')
    peer.socket.terminate()
  }
  await cp.peer()
  t.same(new Set(waits).size, 1, waits.join(' '))
})

t.test('a control plane that never welcomes is left', async t => {
  const { cp, fault, faults } = await started(t, { timing: { leastMs: 10, welcomeMs: 20 } })
  await (await cp.peer()).closed()
  await fault()
  t.match(faults[0], { code: 'link.silent', permanent: false })
})

t.test('a control plane that falls silent is left', async t => {
  const { cp } = await started(t)
  const peer = await cp.peer()
  await peer.welcomes({ pingMs: 10, leaseMs: 30 })
  peer.socket.pause()
  await (await cp.peer()).hears('hello')
})

t.test('signing requests: answered, refused, unanswered and cut off', async t => {
  const { cp, link } = await started(t, { timing: { leastMs: 10, issueMs: 30 } })
  await t.rejects(link.issue('early'), { code: 'link.not-connected' })
  const peer = await cp.peer()
  await peer.welcomes()
  peer.offers({ revision: 1, sections: sectionsOf() })
  await peer.hears('ack')
  const good = link.issue('csr 1')
  const { id, csr } = await peer.hears('issue')
  t.equal(csr, 'csr 1')
  peer.says({ type: 'issued', id, chain: 'PEM', uris: [], backend: 'ca-1', trustDomain: 'default' })
  t.match(await good, { chain: 'PEM' })
  const refused = link.issue('csr 2')
  peer.says({ type: 'issue-refused', id: (await peer.hears('issue')).id, reason: 'no' })
  await t.rejects(refused, { code: 'link.issue-refused', message: 'no' })
  await t.rejects(link.issue('csr 3'), { code: 'link.issue-timeout' })
  await peer.hears('issue')
  const cut = link.issue('csr 4')
  await peer.hears('issue')
  peer.socket.terminate()
  await t.rejects(cut, { code: 'link.not-connected' })
})

t.test('goodbye ends with the word of the control plane, or with the connection', async t => {
  const { cp, link, connected } = await started(t)
  const peer = await cp.peer()
  await peer.welcomes()
  await connected()
  const told = link.leave(60_000)
  await peer.hears('leave')
  peer.says({ type: 'left' })
  await told
  const cut = link.leave(60_000)
  await peer.hears('leave')
  peer.socket.terminate()
  await cut
  await link.leave(60_000)
})

t.test('stops at every point of a connection, without a fault', async t => {
  const early = await started(t)
  await early.link.stop()
  const inToken = await started(t, { readToken: () => new Promise(resolve => setImmediate(resolve, 'late')) })
  await inToken.link.stop()
  const open = await started(t)
  await open.cp.peer()
  await open.link.stop()
  const welcome = await started(t)
  const peer = await welcome.cp.peer()
  await peer.welcomes()
  await welcome.link.stop()
  await peer.closed()
  await new Promise(resolve => setImmediate(resolve))
  t.same(
    [early, inToken, open, welcome].flatMap(one => one.faults),
    [],
  )
  t.equal(inToken.cp.attempts, 0)
})

t.test('the end of an old connection does not disturb the new one', async t => {
  const { cp } = await started(t)
  const first = await cp.peer()
  await first.hears('hello')
  // turned away, but the connection stays open for a while
  first.says({ type: 'reject', code: 'push.name-held', message: 'held', violations: [], permanent: false })
  const second = await cp.peer()
  await second.welcomes()
  first.socket.terminate()
  second.offers({ revision: 1, sections: sectionsOf() })
  t.match(await second.hears('ack'), { version: { revision: 1 } })
  t.equal(cp.attempts, 2)
})

interface Started {
  readonly cp: FakeControlPlane
  readonly link: Link
  readonly applied: readonly Snapshot[]
  readonly faults: readonly LinkFault[]
  fault(): Promise<void>
  connected(): Promise<void>
}

async function started(
  t: Test,
  options: Partial<LinkOptions> & { readonly onWait?: (ms: number) => void } = {},
  cp?: FakeControlPlane,
): Promise<Started> {
  const fake = cp ?? (await FakeControlPlane.start())
  const applied: Snapshot[] = []
  const faults: LinkFault[] = []
  const faulted = Promise.withResolvers<void>()
  const connected = Promise.withResolvers<void>()
  const link = new Link({
    address: fake.url,
    mesh: 'default',
    name: 'web-1',
    ca: fake.caPem,
    checkPin: null,
    readToken: async () => 'token',
    hello: { instance: 'vm-1', incarnation: 1, dataplane: null, dpVersion: '0', features: [], host: 'vm' },
    stored: null,
    log: silentLogger(),
    apply: async snapshot => {
      applied.push(snapshot)
      return { ok: true }
    },
    onFault: fault => {
      faults.push(fault)
      faulted.resolve()
    },
    onConnected: () => connected.resolve(),
    timing: { leastMs: 10 },
    ...options,
  })
  link.start()
  t.teardown(async () => {
    await link.stop()
    await fake.close()
  })
  return { cp: fake, link, applied, faults, fault: () => faulted.promise, connected: () => connected.promise }
}
