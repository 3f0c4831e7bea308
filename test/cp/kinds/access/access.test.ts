/** AccessRole, AccessRoleBinding, AccessAudit: nothing that grants more, or audits less, than it looks (kuma-api 7.5, 7.6). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const rule = { types: ['MeshTimeout'], mesh: 'default', access: ['CREATE', 'UPDATE', 'DELETE'] }
const role = (...rules: readonly object[]): object => ({ rules })
const when = (...list: readonly object[]): object => role({ ...rule, when: list })
const NO_ELEMENT = 'must have at least one element'

t.test('AccessRole shows what was written; empty lists, which mean all, are left out', async t => {
  const conditions = [
    { targetRef: { kind: 'MeshService', name: 'a' } },
    { targetRef: { kind: 'Mesh' }, to: { targetRef: { kind: 'MeshService', name: 'b' } } },
    { from: { targetRef: { kind: 'MeshSubset', tags: { a: 'b' } } } },
    { sources: { match: { 'kuma.io/service': 'web-*' } }, destinations: { match: { a: '*' } } },
    { selectors: { match: { 'kuma.io/service': 'web' } } },
    { dpToken: { tags: [{ name: 'kuma.io/service', value: 'web' }] } },
  ]
  const spec = accepted('AccessRole', role({ ...rule, names: [], when: conditions })).draft.spec
  t.same(spec, role({ ...rule, when: conditions }))
  t.same(accepted('AccessRole', { rules: [{ access: ['VIEW_CONFIG_DUMP'] }] }).unenforced, [])
  const [first] = accepted(
    'AccessRole',
    when({ dp_token: { tags: [{ name: 'a', value: 'b' }] } }),
  ).unknownFields
  t.equal(first, undefined, 'both spellings are known')
})

t.test('a condition that would hold always is refused', async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{}, [`rules: ${NO_ELEMENT}`]],
    [role({}), [`rules[0].access: ${NO_ELEMENT}`]],
    [
      role({ ...rule, types: [''], names: ['a', ''] }),
      ['rules[0].types[0]: cannot be empty', 'rules[0].names[1]: cannot be empty'],
    ],
    [when({}), ['rules[0].when[0]: cannot be empty']],
    [when({ to: {} }), ['rules[0].when[0].to.targetRef: must be defined']],
    [when({ from: {} }), ['rules[0].when[0].from.targetRef: must be defined']],
    [
      when({ targetRef: { kind: 'MeshService' } }),
      ['rules[0].when[0].targetRef: name or labels must be set when kind is MeshService'],
    ],
    [when({ sources: {} }), ['rules[0].when[0].sources.match: must have at least one tag']],
    [
      when({ destinations: { match: { a: '' } } }),
      ['rules[0].when[0].destinations.match["a"]: tag value must be non-empty'],
    ],
    [when({ dpToken: {} }), [`rules[0].when[0].dpToken.tags: ${NO_ELEMENT}`]],
    [
      when({ dpToken: { tags: [{}] } }),
      [
        'rules[0].when[0].dpToken.tags[0].name: cannot be empty',
        'rules[0].when[0].dpToken.tags[0].value: cannot be empty',
      ],
    ],
  ]
  for (const [fields, expected] of cases)
    t.same(faults('AccessRole', fields), expected, JSON.stringify(fields))
  const [unknown] = faults('AccessRole', role({ access: ['READ'] }))
  t.match(
    unknown,
    'rules[0].access[0]: unknown value "READ", should be one of CREATE, UPDATE, DELETE, GENERATE_',
  )
})

t.test('AccessRoleBinding needs people and roles', async t => {
  const binding = {
    subjects: [
      { type: 'User', name: 'a@example.com' },
      { type: 'Group', name: 'mesh-system:authenticated' },
    ],
    roles: ['admin'],
  }
  t.same(accepted('AccessRoleBinding', binding).draft.spec, binding)
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{}, [`subjects: ${NO_ELEMENT}`, `roles: ${NO_ELEMENT}`]],
    [
      { subjects: [{ type: 'User' }], roles: [''] },
      ['subjects[0].name: cannot be empty', 'roles[0]: cannot be empty'],
    ],
    [
      { ...binding, subjects: [{ type: 'Robot', name: 'a' }] },
      ['subjects[0].type: unknown value "Robot", should be one of User, Group'],
    ],
  ]
  for (const [fields, expected] of cases) {
    t.same(faults('AccessRoleBinding', fields), expected, JSON.stringify(fields))
  }
})

t.test('AccessAudit says what it audits, in one way', async t => {
  const audit = role({ types: ['Mesh'], mesh: 'default', access: ['DELETE'] }, { access_all: true })
  t.same(
    accepted('AccessAudit', audit).draft.spec,
    role({ types: ['Mesh'], mesh: 'default', access: ['DELETE'] }, { accessAll: true }),
  )
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{}, [`rules: ${NO_ELEMENT}`]],
    [role({}), [`rules[0].access: ${NO_ELEMENT}, or accessAll be true`]],
    [role({ accessAll: false }), [`rules[0].access: ${NO_ELEMENT}, or accessAll be true`]],
    [
      role({ types: [''], access: ['CREATE'], accessAll: true }),
      ['rules[0].types[0]: cannot be empty', 'rules[0]: either access or accessAll can be specified'],
    ],
  ]
  for (const [fields, expected] of cases)
    t.same(faults('AccessAudit', fields), expected, JSON.stringify(fields))
})
