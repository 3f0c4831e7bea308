/** Promises of cp/push/sessions.ts: one name, one holder. */
import t from 'tap'
import { silentLogger } from '#base/log.ts'
import type { ProxySession } from '../../../cp/push/proxy-session.ts'
import { type Claim, type Holder, Sessions } from '../../../cp/push/sessions.ts'

t.test('a restart of the same installation takes over at once', async t => {
  const { sessions } = started()
  const first = session()
  granted(sessions.claim(first, who('vm-1', 1)))
  const claim = granted(sessions.claim(session(), who('vm-1', 2)))
  t.equal(claim.replaced, first)
})

t.test('an older process of the installation is told that it was superseded', async t => {
  const { sessions } = started()
  granted(sessions.claim(session(), who('vm-1', 2)))
  t.match(sessions.claim(session(), who('vm-1', 1)), { ok: false, code: 'push.superseded', permanent: true })
})

t.test('another installation is refused while the lease lives, and told where the holder is', async t => {
  const { sessions, clock } = started()
  granted(sessions.claim(session(), who('vm-1', 1)))
  clock.nowMs += 14_000
  const refused = sessions.claim(session(), who('vm-2', 1))
  t.match(refused, { ok: false, code: 'push.name-held', permanent: false })
  if (!refused.ok) t.match(refused.message, /host of vm-1 \(heard 14 s ago\)/)
})

t.test('another installation gets the name when the lease is over', async t => {
  const { sessions, clock } = started()
  const { holder } = granted(sessions.claim(session(), who('vm-1', 1)))
  sessions.detach(holder)
  clock.nowMs += 15_001
  granted(sessions.claim(session(), who('vm-2', 1)))
  t.equal(sessions.isHeldBy(holder), false)
})

t.test('the goodbye of a predecessor does not take the name from its successor', async t => {
  const { sessions } = started()
  const first = granted(sessions.claim(session(), who('vm-1', 1)))
  const second = granted(sessions.claim(session(), who('vm-1', 2)))
  sessions.release(first.holder)
  t.equal(sessions.isHeldBy(second.holder), true)
  t.equal(sessions.count, 1)
})

t.test('after a goodbye the name is free at once', async t => {
  const { sessions } = started()
  sessions.release(granted(sessions.claim(session(), who('vm-1', 1))).holder)
  granted(sessions.claim(session(), who('vm-2', 1)))
  t.equal(sessions.count, 1)
})

function started(): { sessions: Sessions; clock: { nowMs: number }; lost: Holder[] } {
  const clock = { nowMs: 1_000_000 }
  const lost: Holder[] = []
  const sessions = new Sessions({
    leaseMs: 15_000,
    now: () => clock.nowMs,
    onLost: holder => lost.push(holder),
  })
  t.teardown(() => sessions.stop())
  return { sessions, clock, lost }
}

function who(instance: string, incarnation: number): Parameters<Sessions['claim']>[1] {
  return { mesh: 'default', name: 'web-1', instance, incarnation, host: `host of ${instance}` }
}

function granted(claim: Claim): Extract<Claim, { ok: true }> {
  if (!claim.ok) throw new Error(claim.message)
  return claim
}

function session(): ProxySession {
  return {
    mesh: 'default',
    name: 'web-1',
    log: silentLogger(),
    proof: { fits: () => null },
    insight: null,
    features: [],
    delivery: null,
    send: () => {},
    offer: () => {},
    dataplaneChanged: () => {},
    reject: () => {},
    cut: () => {},
    close: () => {},
  }
}
