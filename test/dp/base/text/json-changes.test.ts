/** Promises of dp/base/text/json-changes.ts: a JSON patch that makes the second value from the first. */
import t from 'tap'
import { jsonChanges } from '../../../../dp/base/text/json-changes.ts'

for (const [name, before, after, changes] of [
  ['equal values', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, []],
  ['a member more', {}, { a: 1 }, [{ op: 'add', path: '/a', value: 1 }]],
  ['a member less', { a: 1 }, {}, [{ op: 'remove', path: '/a', before: 1 }]],
  ['another value', { a: 1 }, { a: 2 }, [{ op: 'replace', path: '/a', value: 2, before: 1 }]],
  ['another type', { a: [] }, { a: {} }, [{ op: 'replace', path: '/a', value: {}, before: [] }]],
  ['null is a value', { a: null }, { a: 1 }, [{ op: 'replace', path: '/a', value: 1, before: null }]],
  ['undefined is none', { a: undefined }, {}, []],
  ['slashes and tildes in names', {}, { 'a/b~c': 1 }, [{ op: 'add', path: '/a~1b~0c', value: 1 }]],
  ['a longer list', [1], [1, 2], [{ op: 'add', path: '/-', value: 2 }]],
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
  t.test(name, async t => t.same(jsonChanges(before, after), changes))
}
