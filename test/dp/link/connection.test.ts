/** Promises of dp/link/connection.ts and of how link.ts comes back: after every kind of loss, and without throwing. */
import t from 'tap'
import { FakeControlPlane } from '../../support/fake-control-plane.ts'
import { sectionsOf } from '../../support/sections.ts'
import { startLink } from '../../support/started-link.ts'

t.test('the token is read anew for each connection', async t => {
  const tokens = ['first', 'second']
  const { cp } = await startLink(t, { readToken: async () => tokens.shift() ?? 'third' })
  const first = await cp.peer()
  t.equal(first.authorization, 'Bearer first')
  first.socket.terminate()
  t.equal((await cp.peer()).authorization, 'Bearer second')
})

t.test('a token that cannot travel in a header is a fault of the file', async t => {
  const { faults, fault } = await startLink(t, { readToken: async () => 'two\nlines' })
  await fault()
  t.match(faults[0], { code: 'link.token', permanent: true, message: /token.*--dataplane-token-file/s })
})

t.test('a refusal that is cut short is tried again', async t => {
  const cp = await FakeControlPlane.start()
  cp.verdict = attempt => (attempt === 1 ? { status: 503, reason: 'going', cutShort: true } : 'accept')
  await startLink(t, {}, cp)
  await (await cp.peer()).welcomes()
  t.equal(cp.attempts, 2)
})

t.test('a refused token is a fault of the token, and tried again as long as the owner wants', async t => {
  const cp = await FakeControlPlane.start()
  cp.verdict = attempt => (attempt < 3 ? { status: 401, reason: 'token has expired' } : 'accept')
  const { faults } = await startLink(t, {}, cp)
  await (await cp.peer()).welcomes()
  t.match(faults, [
    { code: 'link.token', permanent: true, message: /token has expired/ },
    { code: 'link.token', permanent: true },
  ])
})

t.test('waits longer and longer while connections are cut at once, also after a welcome', async t => {
  const waits: number[] = []
  const { cp } = await startLink(t, {
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
  const { cp } = await startLink(t, {
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
  const { cp, fault, faults } = await startLink(t, { timing: { leastMs: 10, welcomeMs: 20 } })
  await (await cp.peer()).closed()
  await fault()
  t.match(faults[0], { code: 'link.silent', permanent: false })
})

t.test('a control plane that falls silent is left', async t => {
  const { cp } = await startLink(t)
  const peer = await cp.peer()
  await peer.welcomes({ pingMs: 10, leaseMs: 30 })
  peer.socket.pause()
  await (await cp.peer()).hears('hello')
})

t.test('stops at every point of a connection, without a fault', async t => {
  const early = await startLink(t)
  await early.link.stop()
  const inToken = await startLink(t, {
    readToken: () => new Promise(resolve => setImmediate(resolve, 'late')),
  })
  await inToken.link.stop()
  const open = await startLink(t)
  await open.cp.peer()
  await open.link.stop()
  const welcome = await startLink(t)
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
  const { cp } = await startLink(t)
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
