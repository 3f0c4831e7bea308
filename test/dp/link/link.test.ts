/** Promises of dp/link/link.ts: snapshots, signing requests and goodbyes; it goes on from what it has. */
import { once } from 'node:events'
import t from 'tap'
import { MAX_FRAME_BYTES } from '#contract/version.ts'
import type { ApplyOutcome } from '../../../dp/link/link.ts'
import { sectionsOf } from '../../support/sections.ts'
import { startLink } from '../../support/started-link.ts'

t.test('goes on from what it acknowledged when the connection was lost', async t => {
  const { cp, applied } = await startLink(t)
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
  const { cp } = await startLink(t, {
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

t.test('it has stopped only when what was on its way is decided', async t => {
  const begun = Promise.withResolvers<void>()
  const busy = Promise.withResolvers<ApplyOutcome>()
  const { cp, link } = await startLink(t, {
    apply: () => {
      begun.resolve()
      return busy.promise
    },
  })
  const peer = await cp.peer()
  await peer.welcomes()
  peer.offers({ revision: 1, sections: sectionsOf() })
  await begun.promise
  let hasStopped = false
  const stopped = link.stop().then(() => {
    hasStopped = true
  })
  await once(peer.socket, 'close')
  await new Promise(setImmediate)
  t.notOk(hasStopped, 'it may still be written to the state folder')
  busy.resolve({ ok: true })
  await stopped
})

t.test('a refused snapshot leaves the base as it was, and the next one is taken', async t => {
  const answers: ApplyOutcome[] = [
    { ok: true },
    { ok: false, violations: [{ path: 'listener/x', message: 'in use' }] },
    { ok: true },
  ]
  const { cp } = await startLink(t, { apply: async () => answers.shift() ?? { ok: true } })
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
    const { cp } = await startLink(t, {
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
  const { cp } = await startLink(t)
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
    const { cp } = await startLink(t)
    const peer = await cp.peer()
    await peer.welcomes()
    peer.socket.send(text)
    await peer.closed()
    await (await cp.peer()).welcomes()
  })
}

t.test('a frame of a type that it does not know is passed over', async t => {
  const { cp } = await startLink(t)
  const peer = await cp.peer()
  await peer.welcomes()
  peer.socket.send('{"type":"from-the-future"}')
  peer.offers({ revision: 1, sections: sectionsOf() })
  t.match(await peer.hears('ack'), { version: { revision: 1 } })
})

t.test('signing requests: answered, refused, unanswered and cut off', async t => {
  const { cp, link } = await startLink(t, { timing: { leastMs: 10, issueMs: 30 } })
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
  const { cp, link, connected } = await startLink(t)
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

t.test('answers what the control plane asks, and says why where it cannot', async t => {
  const { cp } = await startLink(t, {
    answer: topic => {
      if (topic === 'configuration') return { version: '1.1', sections: {} }
      throw new Error('nothing is counted')
    },
  })
  const peer = await cp.peer()
  await peer.welcomes()
  peer.says({ type: 'question', id: 1, topic: 'configuration' })
  t.same(await peer.hears('answer'), {
    type: 'answer',
    id: 1,
    value: { version: '1.1', sections: {} },
    fault: null,
  })
  peer.says({ type: 'question', id: 2, topic: 'statistics' })
  t.same(await peer.hears('answer'), { type: 'answer', id: 2, value: null, fault: 'nothing is counted' })
})

t.test('an answer that does not fit into a frame is not sent', async t => {
  const sections = { huge: 'x'.repeat(MAX_FRAME_BYTES) }
  const { cp } = await startLink(t, { answer: () => ({ version: '', sections }) })
  const peer = await cp.peer()
  await peer.welcomes()
  peer.says({ type: 'question', id: 1, topic: 'configuration' })
  t.match(await peer.hears('answer'), { value: null, fault: /too large/ })
})
