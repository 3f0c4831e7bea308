/** Who may what. */
import t from 'tap'
import { type Action, accessRefusal } from '../../../cp/auth/access.ts'
import { ADMIN_USER, ANONYMOUS } from '../../../cp/auth/user.ts'

const john = { name: 'john', groups: ['team-a', 'mesh-system:authenticated'] }
const mesh = { type: 'Mesh', adminOnly: false }
const secret = { type: 'Secret', adminOnly: true }
const actions = {
  'read a mesh': { type: 'read', kind: mesh },
  'write a mesh': { type: 'write', kind: mesh },
  'read a secret': { type: 'read', kind: secret },
  'write a secret': { type: 'write', kind: secret },
  'change a mesh': { type: 'change', kind: mesh, before: null, after: null },
  'change a secret': { type: 'change', kind: secret, before: null, after: null },
  'make a data-plane token': { type: 'dataplane-token', mesh: 'default', name: '', tags: {} },
  'make a user token': { type: 'user-token', name: 'x', groups: [] },
  'make a zone token': { type: 'zone-token', zone: 'east', scope: ['ingress'] },
  'see the config': { type: 'view', what: 'control plane metadata' },
} as const satisfies Record<string, Action>
const ALL = Object.keys(actions)

const allowed: readonly (readonly [
  who: string,
  user: typeof ANONYMOUS,
  anonymousRead: boolean,
  may: string[],
])[] = [
  ['an admin', ADMIN_USER, false, ALL],
  ['a user by the name of the admin', { name: 'mesh-system:admin', groups: [] }, false, ALL],
  ['a user of the admin group', { name: 'x', groups: ['mesh-system:admin'] }, false, ALL],
  ['a user', john, false, ['read a mesh', 'write a mesh', 'change a mesh', 'see the config']],
  ['anonymous', ANONYMOUS, false, []],
  ['anonymous with anonymousRead', ANONYMOUS, true, ['read a mesh']],
]

for (const [who, user, anonymousRead, may] of allowed) {
  t.test(`${who} may do this and nothing else`, async t => {
    for (const [name, action] of Object.entries(actions)) {
      t.equal(accessRefusal(user, action, { anonymousRead }) === null, may.includes(name), name)
    }
  })
}

t.test("refuses in Kuma's words", async t => {
  const refusal = (user: typeof ANONYMOUS, action: Action) =>
    accessRefusal(user, action, { anonymousRead: true })
  t.equal(
    refusal(ANONYMOUS, { type: 'read', kind: { type: 'GlobalSecret', adminOnly: true } }),
    'user "mesh-system:anonymous/mesh-system:unauthenticated" cannot access the resource of type "GlobalSecret"',
  )
  t.equal(
    refusal(john, actions['make a data-plane token']),
    'user "john/team-a,mesh-system:authenticated" cannot access generate dataplane token',
  )
  t.match(refusal(john, actions['make a zone token']), /cannot access generate zone token for zone 'east'$/)
  t.equal(refusal(john, actions['make a user token']), 'action not allowed')
})
