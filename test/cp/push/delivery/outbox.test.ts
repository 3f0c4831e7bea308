/** Promises of cp/push/delivery/outbox.ts. */
import t from 'tap'
import { Outbox } from '../../../../cp/push/delivery/outbox.ts'
import type { ProxySnapshot } from '../../../../cp/snapshot/builder.ts'
import { sectionOf } from '../../../../cp/snapshot/sections.ts'

interface SentFrame {
  readonly version: { readonly revision: number }
  readonly base: { readonly revision: number } | null
  readonly sections: Readonly<Record<string, unknown>>
  readonly digests: Readonly<Record<string, string>>
  readonly removed: readonly string[]
}

t.test('sends everything to who has nothing', async t => {
  const { outbox, sent } = started()
  outbox.offer(snapshot(1, { a: { x: 1 }, b: { y: 2 } }))
  t.match(sent, [
    { version: { revision: 1 }, base: null, sections: { a: { x: 1 }, b: { y: 2 } }, removed: [] },
  ])
  t.equal(sent[0]?.digests['a'], sectionOf({ x: 1 }).digest)
})

t.test('a slow data plane gets the newest snapshot, not a queue', async t => {
  const { outbox, sent } = started()
  outbox.offer(snapshot(1, { a: { x: 1 } }))
  for (const revision of [2, 3, 4]) outbox.offer(snapshot(revision, { a: { x: revision } }))
  t.equal(sent.length, 1)
  outbox.acknowledge({ epoch: 1, revision: 1 })
  t.same(
    sent.map(frame => frame.version.revision),
    [1, 4],
  )
  t.same(sent[1]?.base, { epoch: 1, revision: 1 })
})

t.test('sends only the sections that changed and names those to drop', async t => {
  const { outbox, sent } = started()
  outbox.offer(snapshot(1, { a: { x: 1 }, b: { y: 2 }, c: { z: 3 } }))
  outbox.acknowledge({ epoch: 1, revision: 1 })
  outbox.offer(snapshot(2, { a: { x: 1 }, b: { y: 5 } }))
  t.same(sent[1]?.sections, { b: { y: 5 } })
  t.same(sent[1]?.removed, ['c'])
})

t.test('goes on from what a returning data plane has', async t => {
  const { outbox, sent } = started({
    version: { epoch: 1, revision: 7 },
    digests: { a: sectionOf({ x: 1 }).digest, old: '' },
  })
  outbox.offer(snapshot(9, { a: { x: 1 }, b: { y: 2 } }))
  t.same(sent[0]?.base, { epoch: 1, revision: 7 })
  t.same(sent[0]?.sections, { b: { y: 2 } })
  t.same(sent[0]?.removed, ['old'])
})

t.test('after a refusal the change is made again for what still runs', async t => {
  const { outbox, sent } = started()
  outbox.offer(snapshot(1, { a: { x: 1 } }))
  outbox.acknowledge({ epoch: 1, revision: 1 })
  outbox.offer(snapshot(2, { a: { x: 2 } }))
  outbox.refuse({ epoch: 1, revision: 2 }, [])
  t.equal(outbox.isSettled, true)
  outbox.offer(snapshot(3, { a: { x: 3 }, b: { y: 1 } }))
  t.same(sent[2]?.base, { epoch: 1, revision: 1 })
  t.same(Object.keys(sent[2]?.sections ?? {}), ['a', 'b'])
})

t.test('an answer to another version counts for nothing', async t => {
  const { outbox } = started()
  outbox.offer(snapshot(2, { a: { x: 1 } }))
  t.equal(outbox.acknowledge({ epoch: 1, revision: 1 }), false)
  t.equal(outbox.isSettled, false)
})

function started(have: ConstructorParameters<typeof Outbox>[1] = null): {
  outbox: Outbox
  sent: SentFrame[]
} {
  const sent: SentFrame[] = []
  return { outbox: new Outbox(frame => sent.push(JSON.parse(frame) as SentFrame), have), sent }
}

function snapshot(revision: number, sections: Readonly<Record<string, object>>): ProxySnapshot {
  const entries = Object.entries(sections).map(([name, value]) => [name, sectionOf(value)] as const)
  return { version: { epoch: 1, revision }, sections: new Map(entries), identity: null }
}
