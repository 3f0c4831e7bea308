/** Promises of cp/match/why/trace.ts: every value of what is merged has its author, and there are no others. */
import { deepEqual, equal } from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { mergeItems } from '../../../../cp/match/items.ts'
import { type Said, traced } from '../../../../cp/match/why/trace.ts'
import { fuzzOptions } from '../../../support/fuzzing.ts'
import { resource } from '../../../support/resources.ts'
import { confs, routeRules } from '../rule-book/meshes.ts'

type Leaf = readonly [path: string, value: unknown]

/** Lists are one value, but for those that grow and the rules of routes. */
function leavesOf(value: unknown, path = ''): readonly Leaf[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]]
  const fields = Object.entries(value)
  if (fields.length === 0) return [[path, value]]
  return fields.flatMap(([key, inner]) => {
    const below = path === '' ? key : `${path}.${key}`
    const isSplit = Array.isArray(inner) && inner.length > 0
    if (isSplit && key === 'rules') {
      return inner.flatMap((one, i) => leavesOf({ ...one }, `${below}[${i}]`))
    }
    if (isSplit && key.startsWith('append')) return inner.map((one, i): Leaf => [`${below}[${i}]`, one])
    return leavesOf(inner, below)
  })
}

const byPath = ([a]: Leaf, [b]: Leaf): number => (a < b ? -1 : 1)
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

function said(type: string, all: readonly unknown[]): readonly Said[] {
  return all.map((conf, i) => ({
    policy: resource(type, 'default', `p-${i}`, {}),
    ruleIndex: i,
    conf: json(conf),
  }))
}

for (const [type, confsOfType] of [
  ['MeshTimeout', confs],
  ['MeshHTTPRoute', fc.record({ rules: routeRules })],
] as const) {
  t.test(
    `the values of a ${type} are those of the merged configuration, by whom said them last`,
    async () => {
      fc.assert(
        fc.property(fc.array<unknown>(confsOfType, { minLength: 1, maxLength: 5 }), all => {
          const items = said(type, all)
          const found = traced(items)
          deepEqual(
            found.map(({ path, value }): Leaf => [path, value]).toSorted(byPath),
            leavesOf(mergeItems(items)).toSorted(byPath),
          )
          for (const { path, value, policy, ruleIndex } of found) {
            const item = items.find(one => one.policy === policy)
            equal(item?.ruleIndex, ruleIndex)
            // numbers in brackets are places in the merged lists
            const spoken = leavesOf(item?.conf)
            const isSaid = (one: Leaf): boolean =>
              one[0].replace(/\[\d+\]/g, '') === path.replace(/\[\d+\]/g, '') &&
              isDeepStrictEqual(one[1], value)
            equal(spoken.some(isSaid), true, `${path} by ${policy.name}`)
          }
        }),
        fuzzOptions(200),
      )
    },
  )
}

t.test('the last word counts, also where it takes the place of a whole', async t => {
  const words = (...all: unknown[]): unknown =>
    traced(said('MeshTimeout', all)).map(({ path, value, policy }) => [path, value, policy.name])
  t.same(words({ a: 1, b: { c: 1, d: 1 } }, { b: { c: 2 } }), [
    ['a', 1, 'p-0'],
    ['b.c', 2, 'p-1'],
    ['b.d', 1, 'p-0'],
  ])
  t.same(words({ a: { b: 1 } }, { a: 'x' }, { a: { c: 1 } }), [['a.c', 1, 'p-2']])
  t.same(words({ a: ['x'] }, { a: [] }), [['a', [], 'p-1']])
  t.same(words({ appendA: ['x'] }, { appendA: ['y'] }), [
    ['appendA[0]', 'x', 'p-0'],
    ['appendA[1]', 'y', 'p-1'],
  ])
  t.same(words({ appendA: [] }, { appendA: 'x' }), [['appendA', 'x', 'p-1']])
  t.same(words({ a: 1 }, { a: null }), [])
  t.same(words(), [])
})
