/** Headers in policies: how they are selected and changed (kuma-api 4.3). */
import t from 'tap'
import {
  headerMatchesViolations,
  headerMatchSchema,
  headerModifierViolations,
} from '../../../cp/kinds/header-match.ts'

const texts = (found: readonly { field: string; message: string }[]): readonly string[] =>
  found.map(({ field, message }) => `${field}: ${message}`)

t.test('names are lower case and not longer than 256 characters', async t => {
  for (const name of ['x-user', "!#$%&'*+-.^_`|~0"]) {
    t.ok(headerMatchSchema.safeParse({ name }).success, name)
  }
  for (const name of ['', 'X-User', 'a b', 'a'.repeat(257)]) {
    t.notOk(headerMatchSchema.safeParse({ name }).success, name.slice(0, 20))
  }
})

t.test('Present and Absent have no value, RegularExpression a RE2 one', async t => {
  const name = 'foo'
  t.same(
    texts(
      headerMatchesViolations(
        [
          { name, value: 'x' },
          { type: 'Present', name, value: 'x' },
          { type: 'Absent', name, value: 'x' },
          { type: 'Present', name },
          { type: 'Prefix', name, value: 'x' },
          { type: 'RegularExpression', name, value: '(' },
        ],
        'headers',
      ),
    ),
    [
      'headers[1].value: must not be defined',
      'headers[2].value: must not be defined',
      'headers[5].value: must be a regular expression in RE2 syntax: missing )',
    ],
  )
  t.same(headerMatchesViolations(undefined, 'headers'), [])
})

t.test('a modifier has a list, and no name twice', async t => {
  const foo = { name: 'foo', value: 'bar' }
  t.same(headerModifierViolations(undefined, 'headers'), [])
  t.same(texts(headerModifierViolations({}, 'headers')), [
    'headers: must have at least one defined: set, add, remove',
  ])
  t.same(texts(headerModifierViolations({}, 'headers', ['set', 'add'])), [
    'headers: must have at least one defined: set, add',
  ])
  t.same(texts(headerModifierViolations({ set: [foo, foo], add: [foo], remove: ['foo', 'x'] }, 'headers')), [
    'headers.set[1].name: duplicate header name',
    'headers.add[0].name: duplicate header name',
    'headers.remove[0].name: duplicate header name',
  ])
  const broken = { name: 'x', value: 'a\r\nx-admin: true' }
  const tab = { name: 'y', value: 'a\tä' }
  t.same(
    texts(headerModifierViolations({ set: [tab, broken], add: [{ name: 'z', value: 'a\0' }] }, 'headers')),
    [
      'headers.set[1].value: must not contain control characters',
      'headers.add[0].value: must not contain control characters',
    ],
  )
})
