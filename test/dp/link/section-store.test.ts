/** Promises of dp/link/section-store.ts. */
import t from 'tap'
import type { SnapshotFrame } from '#contract/messages.ts'
import { digestsOf, merge, type StoredSnapshot } from '../../../dp/link/section-store.ts'
import { sectionsOf } from '../../support/sections.ts'

const first = frame({ revision: 1, base: null, sections: sectionsOf() })

t.test('a whole snapshot is taken by who has none', async t => {
  const stored = merged(null, first)
  t.same(stored.version, { epoch: 1, revision: 1 })
  t.same(Object.keys(digestsOf(stored)).sort(), Object.keys(sectionsOf()).sort())
})

t.test('a change replaces and removes sections, the rest stays', async t => {
  const { 'listener/127.0.0.1:10001': outbound } = sectionsOf()
  const change = frame({
    revision: 2,
    base: 1,
    sections: { 'listener/127.0.0.1:10002': { ...outbound, port: 10_002 } },
    removed: ['listener/127.0.0.1:10001'],
  })
  const stored = merged(merged(null, first), change)
  t.same(
    Object.keys(stored.sections)
      .filter(name => name.startsWith('listener/'))
      .sort(),
    ['listener/127.0.0.1:10002', 'listener/192.168.0.1:8080'],
  )
})

t.test('a change for another base is refused', async t => {
  const result = merge(merged(null, first), frame({ revision: 3, base: 2, sections: {} }))
  t.match(result, { ok: false, violations: [{ path: 'base' }] })
})

t.test('a version never goes backwards within an epoch, and a new epoch starts anew', async t => {
  const stored = merged(null, frame({ revision: 9, base: null, sections: sectionsOf() }))
  t.match(merge(stored, frame({ revision: 8, base: 9, sections: {} })), {
    ok: false,
    violations: [{ path: 'version' }],
  })
  t.equal(
    merge(stored, { ...frame({ revision: 3, base: 9, sections: {} }), version: { epoch: 2, revision: 3 } })
      .ok,
    true,
  )
})

t.test('what is not sound is refused with its place', async t => {
  const result = merge(merged(null, first), frame({ revision: 2, base: 1, sections: { 'cluster/api': {} } }))
  t.match(result, { ok: false, violations: [{ path: 'cluster/api.name' }] })
})

function frame(options: {
  revision: number
  base: number | null
  sections: Readonly<Record<string, unknown>>
  removed?: readonly string[]
}): SnapshotFrame {
  return {
    type: 'snapshot',
    version: { epoch: 1, revision: options.revision },
    base: options.base === null ? null : { epoch: 1, revision: options.base },
    sections: options.sections,
    digests: Object.fromEntries(Object.keys(options.sections).map(name => [name, `digest of ${name}`])),
    removed: options.removed ?? [],
  }
}

function merged(base: StoredSnapshot | null, change: SnapshotFrame): StoredSnapshot {
  const result = merge(base, change)
  if (!result.ok) throw new Error(JSON.stringify(result.violations))
  return result.stored
}
