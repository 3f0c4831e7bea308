/** JsonChanges as operations: done in order they make one value of the other. */
import t from 'tap'
import { type JsonChange, jsonChanges } from '../../../../dp/base/text/json-changes.ts'

const CASES: Readonly<Record<string, { before: unknown; after: unknown; expected: readonly JsonChange[] }>> =
  {
    nothing: { before: { a: [1, { b: 2 }] }, after: { a: [1, { b: 2 }] }, expected: [] },
    created: { before: null, after: { a: 1 }, expected: [{ op: 'add', path: '', value: { a: 1 } }] },
    deleted: { before: { a: 1 }, after: null, expected: [{ op: 'remove', path: '', before: { a: 1 } }] },
    fields: {
      before: { a: 1, b: { c: 1 }, d: 1 },
      after: { a: 2, b: { c: 1, e: 1 } },
      expected: [
        { op: 'replace', path: '/a', value: 2, before: 1 },
        { op: 'add', path: '/b/e', value: 1 },
        { op: 'remove', path: '/d', before: 1 },
      ],
    },
    'keys with slashes': {
      before: { 'a/b~c': 1 },
      after: { 'a/b~c': 2 },
      expected: [{ op: 'replace', path: '/a~1b~0c', value: 2, before: 1 }],
    },
    'an item put in front': {
      before: [{ port: 1 }, { port: 2 }],
      after: [{ port: 0 }, { port: 1 }, { port: 2 }],
      expected: [{ op: 'add', path: '/0', value: { port: 0 } }],
    },
    'items taken from the middle': {
      before: [1, 2, 3, 4],
      after: [1, 4],
      expected: [
        { op: 'remove', path: '/2', before: 3 },
        { op: 'remove', path: '/1', before: 2 },
      ],
    },
    'an item changed and one added': {
      before: [{ a: 1 }],
      after: [{ a: 2 }, { a: 3 }],
      expected: [
        { op: 'replace', path: '/0/a', value: 2, before: 1 },
        { op: 'add', path: '/1', value: { a: 3 } },
      ],
    },
    'another type': {
      before: { a: [1] },
      after: { a: { b: 1 } },
      expected: [{ op: 'replace', path: '/a', value: { b: 1 }, before: [1] }],
    },
    '__proto__ is a key': {
      before: JSON.parse('{}'),
      after: JSON.parse('{"__proto__": 1}'),
      expected: [{ op: 'add', path: '/__proto__', value: 1 }],
    },
  }

for (const [name, { before, after, expected }] of Object.entries(CASES)) {
  t.test(name, async t => t.same(jsonChanges(before, after), expected))
}

for (const [name, before, after, changes] of [
  ['equal values', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, []],
  ['a member more', {}, { a: 1 }, [{ op: 'add', path: '/a', value: 1 }]],
  ['a member less', { a: 1 }, {}, [{ op: 'remove', path: '/a', before: 1 }]],
  ['another value', { a: 1 }, { a: 2 }, [{ op: 'replace', path: '/a', value: 2, before: 1 }]],
  ['another type', { a: [] }, { a: {} }, [{ op: 'replace', path: '/a', value: {}, before: [] }]],
  ['null is a value', { a: null }, { a: 1 }, [{ op: 'replace', path: '/a', value: 1, before: null }]],
  ['undefined is none', { a: undefined }, {}, []],
  ['slashes and tildes in names', {}, { 'a/b~c': 1 }, [{ op: 'add', path: '/a~1b~0c', value: 1 }]],
  ['a longer list', [1], [1, 2], [{ op: 'add', path: '/1', value: 2 }]],
  [
    'a shorter list, from its end',
    [1, 2, 3],
    [1],
    [
      { op: 'remove', path: '/2', before: 3 },
      { op: 'remove', path: '/1', before: 2 },
    ],
  ],
  ['names of Object', {}, { toString: 1 }, [{ op: 'add', path: '/toString', value: 1 }]],
  ['the whole value', 1, 2, [{ op: 'replace', path: '', value: 2, before: 1 }]],
] as const) {
  t.test(`as a patch: ${name}`, async t => t.same(jsonChanges(before, after), changes))
}
