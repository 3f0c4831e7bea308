/** Promises of cp/match/merge.ts: RFC 7396 with Kuma's two exceptions. */
import t from 'tap'
import { mergeConfs, mergeRouteRules } from '../../../cp/match/merge.ts'

for (const [name, confs, merged] of [
  ['a later scalar replaces', [{ a: 1, b: 1 }, { a: 2 }], { a: 2, b: 1 }],
  ['objects merge into each other', [{ http: { x: 1, y: 1 } }, { http: { y: 2 } }], { http: { x: 1, y: 2 } }],
  ['a list is replaced as a whole', [{ backends: [1, 2] }, { backends: [3] }], { backends: [3] }],
  ['an empty list replaces too', [{ backends: [1] }, { backends: [] }], { backends: [] }],
  ['null removes', [{ a: 1, b: 1 }, { a: null }], { b: 1 }],
  [
    'null inside of what is new removes nothing and is not kept',
    [{}, { a: { b: null, c: 1 } }],
    { a: { c: 1 } },
  ],
  [
    'append fields are put one after the other',
    [{ appendModifications: [1] }, { appendModifications: [2, 3] }],
    { appendModifications: [1, 2, 3] },
  ],
  [
    'an object replaces a scalar and the other way round',
    [
      { a: 1, b: { c: 1 } },
      { a: { d: 1 }, b: 2 },
    ],
    { a: { d: 1 }, b: 2 },
  ],
] as const) {
  t.test(name, async t => {
    const before = structuredClone(confs)
    t.same(mergeConfs(confs), merged)
    t.same(confs, before, 'what was given is not changed')
  })
}

t.test('nothing merges to nothing', async t => {
  t.equal(mergeConfs([]), undefined)
  t.equal(mergeConfs([undefined, undefined]), undefined)
  t.same(mergeConfs([undefined, {}]), {})
})

t.test('a field named __proto__ is data', async t => {
  const merged = mergeConfs([JSON.parse('{"__proto__":{"polluted":true}}')]) as object
  t.equal(Object.getPrototypeOf(merged), Object.prototype)
  t.same(Object.keys(merged), ['__proto__'])
})

t.test('rules of routes merge by their matches, the strongest policy first', async t => {
  const rule = (path: string, conf: object): object => ({
    matches: [{ path: { type: 'Exact', value: path } }],
    default: conf,
  })
  const weak = [rule('/a', { filters: [1], backendRefs: [1] }), rule('/b', {}), rule('/c', {})]
  const strong = [rule('/d', {}), rule('/a', { backendRefs: [2] })]
  t.same(mergeRouteRules([weak, strong]), [
    rule('/d', {}),
    rule('/a', { filters: [1], backendRefs: [2] }),
    rule('/b', {}),
    rule('/c', {}),
  ])
})

t.test('of two equal rules of one policy the first decides', async t => {
  const matches = [{ method: 'GET' }]
  const rules = mergeRouteRules([
    [
      { matches, default: { backendRefs: ['first'] } },
      { matches, default: { backendRefs: ['second'] } },
    ],
  ])
  t.same(rules, [{ matches, default: { backendRefs: ['first'] } }])
})
