/** What roles allow, and nothing beyond. */
import t from 'tap'
import type { AccessControl, Action } from '../../../cp/auth/access.ts'
import { startAccess } from '../../../cp/auth/rbac/rbac.ts'
import { ADMIN_USER, ANONYMOUS, AUTHENTICATED, type User } from '../../../cp/auth/user.ts'
import type { AccessRule } from '../../../cp/kinds/access/access-role.ts'
import type { Resource } from '../../../cp/kinds/kind.ts'
import { kindByType } from '../../../cp/kinds/registry.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import { bindingDraft, type Draft, putRoles, roleDraft } from '../../support/roles.ts'

const ann: User = { name: 'ann', groups: ['team-a', AUTHENTICATED] }
const WRITES = ['CREATE', 'UPDATE', 'DELETE'] as const

/** The rule of a store with these roles, all bound to ann. */
async function accessOf(...rules: readonly AccessRule[]): Promise<AccessControl> {
  return accessWith(roleDraft('own', rules), bindingDraft('ann', ['User ann'], ['own']))
}

async function accessWith(...drafts: readonly Draft[]): Promise<AccessControl> {
  const store = createMemoryStore()
  await putRoles(store, ...drafts)
  return (await startAccess(store, { type: 'rbac', anonymousRead: false })).control
}

function resource(type: string, mesh: string, name: string, spec: object = {}): Resource {
  const now = '2026-01-01T00:00:00Z'
  return { type, mesh, name, labels: {}, spec, creationTime: now, modificationTime: now, revision: 1 }
}

function change(before: Resource | null, after: Resource | null): Action {
  const { type } = before ?? after ?? { type: '' }
  return { type: 'change', kind: { type, adminOnly: kindByType(type)?.adminOnly ?? false }, before, after }
}
const create = (type: string, mesh: string, name: string, spec: object = {}): Action =>
  change(null, resource(type, mesh, name, spec))
const remove = (type: string, mesh: string, name: string, spec: object = {}): Action =>
  change(resource(type, mesh, name, spec), null)
const update = (type: string, mesh: string, name: string, before: object = {}, after = before): Action =>
  change(resource(type, mesh, name, before), resource(type, mesh, name, after))
const readOf = (type: string, mesh?: string, name?: string): Action => {
  const kind = { type, adminOnly: kindByType(type)?.adminOnly ?? false }
  return { type: 'read', kind, mesh, name }
}
const dpToken = (mesh: string, tags: Record<string, string[]> = {}, name = ''): Action => ({
  type: 'dataplane-token',
  mesh,
  name,
  tags,
})
const view = (what: 'stats' | 'clusters' | 'config dump' | 'control plane metadata', mesh = ''): Action => ({
  type: 'view',
  what,
  mesh,
  name: '',
})
const userToken = (name: string, groups: readonly string[] = []): Action => ({
  type: 'user-token',
  name,
  groups,
})
const zoneToken = (...scope: readonly string[]): Action => ({ type: 'zone-token', zone: 'z', scope })

type Case = readonly [what: string, rule: AccessRule, may: readonly Action[], mayNot: readonly Action[]]

const CASES: readonly Case[] = [
  [
    'each kind of change by its name',
    { types: ['Mesh'], access: ['UPDATE'] },
    [update('Mesh', '', 'm')],
    [create('Mesh', '', 'm'), remove('Mesh', '', 'm')],
  ],
  [
    'the types that are named',
    { types: ['MeshTimeout'], access: [...WRITES] },
    [create('MeshTimeout', 'm', 'a'), remove('MeshTimeout', 'm', 'a')],
    [create('MeshRetry', 'm', 'a'), create('Mesh', '', 'm')],
  ],
  [
    'all types when none is named, but not those that make an admin or cover him up',
    { access: [...WRITES] },
    [create('Mesh', '', 'm'), create('Dataplane', 'm', 'd'), create('Zone', '', 'z')],
    ['Secret', 'GlobalSecret', 'AccessRole', 'AccessRoleBinding', 'AccessAudit'].map(type =>
      create(type, '', 'x'),
    ),
  ],
  [
    'guarded types that are named',
    { types: ['Secret', 'AccessRole'], access: ['CREATE'] },
    [create('Secret', 'm', 's'), create('AccessRole', '', 'r'), readOf('Secret', 'm', 's'), readOf('Secret')],
    [create('GlobalSecret', '', 's'), readOf('GlobalSecret'), create('AccessRoleBinding', '', 'b')],
  ],
  [
    'names that are listed',
    { types: ['Mesh', 'Secret'], names: ['m1'], access: [...WRITES] },
    [create('Mesh', '', 'm1'), readOf('Secret', 'm', 'm1')],
    [create('Mesh', '', 'm2'), readOf('Secret', 'm', 'm2'), readOf('Secret', 'm')],
  ],
  [
    'what is in a mesh, and the mesh itself',
    { mesh: 'demo', access: [...WRITES] },
    [create('Dataplane', 'demo', 'd'), update('Mesh', '', 'demo')],
    [create('Dataplane', 'other', 'd'), update('Mesh', '', 'other'), create('Zone', '', 'demo')],
  ],
  [
    'any mesh as *, and nothing outside of meshes',
    { mesh: '*', access: [...WRITES] },
    [create('Dataplane', 'a', 'd'), create('Mesh', '', 'b')],
    [create('Zone', '', 'z'), create('HostnameGenerator', '', 'h')],
  ],
  [
    'secrets of one mesh',
    { mesh: 'demo', types: ['Secret', 'GlobalSecret'], access: ['UPDATE'] },
    [readOf('Secret', 'demo'), readOf('Secret', 'demo', 's')],
    [readOf('Secret', 'other'), readOf('Secret'), readOf('GlobalSecret', undefined, 's')],
  ],
  [
    'looks and tokens by their names, whatever types say',
    { types: ['Mesh'], access: ['VIEW_STATS', 'GENERATE_ZONE_TOKEN', 'GENERATE_USER_TOKEN'] },
    [view('stats', 'm'), zoneToken('ingress', 'egress'), userToken('bob', ['team-b'])],
    [
      view('clusters', 'm'),
      view('config dump', 'm'),
      view('control plane metadata'),
      zoneToken('cp'),
      zoneToken('ingress', 'cp'),
      dpToken('m'),
      create('Mesh', '', 'm'),
    ],
  ],
  [
    'tokens of admins to nobody',
    { access: ['GENERATE_USER_TOKEN'] },
    [userToken('bob')],
    [userToken('mesh-system:admin'), userToken('bob', ['mesh-system:admin'])],
  ],
  [
    'tokens and looks in one mesh',
    { mesh: 'demo', access: ['GENERATE_DATAPLANE_TOKEN', 'VIEW_CLUSTERS', 'GENERATE_USER_TOKEN'] },
    [dpToken('demo'), view('clusters', 'demo'), view('control plane metadata')],
    [dpToken('other'), view('clusters', 'other'), view('clusters'), userToken('bob')],
  ],
  [
    'tokens for named tags, of which no value may be another',
    {
      access: ['GENERATE_DATAPLANE_TOKEN', 'GENERATE_USER_TOKEN'],
      when: [{ dpToken: { tags: [{ name: 'kuma.io/service', value: 'web-*' }] } }],
    },
    [
      dpToken('m', { 'kuma.io/service': ['web-1'] }),
      dpToken('m', { 'kuma.io/service': ['web-1', 'web-2'], x: ['y'] }),
    ],
    [
      dpToken('m'),
      dpToken('m', { 'kuma.io/service': [] }),
      dpToken('m', { 'kuma.io/service': ['web-1', 'api'] }),
      dpToken('m', { x: ['web-1'] }),
      userToken('bob'),
    ],
  ],
]

for (const [what, rule, may, mayNot] of CASES) {
  t.test(`a rule allows ${what}`, async t => {
    const access = await accessOf(rule)
    for (const action of may) t.equal(access.refusal(ann, action), null, JSON.stringify(action))
    for (const action of mayNot) t.ok(access.refusal(ann, action), `not ${JSON.stringify(action)}`)
    for (const action of [...may, ...mayNot]) {
      t.equal(access.refusal(ADMIN_USER, action), null, 'an admin may')
      t.ok(access.refusal({ name: 'bob', groups: [AUTHENTICATED] }, action), 'who is not bound may not')
    }
  })
}

t.test('a change has to be allowed for what was there and for what comes', async t => {
  const to = (name: string) => ({ targetRef: { kind: 'MeshService', name } }) as const
  const access = await accessOf({ types: ['MeshTimeout'], access: [...WRITES], when: [to('a')] })
  t.equal(access.refusal(ann, update('MeshTimeout', 'm', 't', to('a'), to('a'))), null)
  t.ok(access.refusal(ann, update('MeshTimeout', 'm', 't', to('b'), to('a'))), 'takes over what is not his')
  t.ok(access.refusal(ann, update('MeshTimeout', 'm', 't', to('a'), to('b'))), 'gives it another target')
  t.ok(access.refusal(ann, remove('MeshTimeout', 'm', 't', to('b'))))
})

t.test('roles come by user and by group, and add up', async t => {
  const access = await accessWith(
    roleDraft('meshes', [{ types: ['Mesh'], access: ['CREATE'] }]),
    roleDraft('zones', [{ types: ['Zone'], access: ['CREATE'] }]),
    roleDraft('free', [{ types: ['Dataplane'], access: ['CREATE'] }]),
    bindingDraft('b1', ['User ann'], ['meshes', 'gone']),
    bindingDraft('b2', ['Group team-a', 'Group team-b'], ['zones']),
  )
  const of = (user: User, action: Action): boolean => access.refusal(user, action) === null
  const bob: User = { name: 'bob', groups: ['team-b', AUTHENTICATED] }
  const nameOnly: User = { name: 'team-b', groups: [AUTHENTICATED] }
  t.equal(of(ann, create('Mesh', '', 'm')), true)
  t.equal(of(ann, create('Zone', '', 'z')), true)
  t.equal(of(bob, create('Mesh', '', 'm')), false)
  t.equal(of(bob, create('Zone', '', 'z')), true)
  t.equal(of(nameOnly, create('Zone', '', 'z')), false, 'a user by the name of a group is not in it')
  t.equal(of(ann, create('Dataplane', 'm', 'd')), false, 'a role without a binding')
})

t.test('anonymous callers get nothing from roles', async t => {
  const access = await accessWith(
    roleDraft('all', [{ access: [...WRITES, 'VIEW_STATS', 'GENERATE_DATAPLANE_TOKEN'] }]),
    bindingDraft('b', ['Group mesh-system:unauthenticated', 'User mesh-system:anonymous'], ['all']),
  )
  for (const action of [create('Mesh', '', 'm'), view('stats', 'm'), dpToken('m'), readOf('Mesh')])
    t.ok(access.refusal(ANONYMOUS, action))
})

t.test('everybody with a token reads what is no secret', async t => {
  const access = await accessWith()
  t.equal(access.refusal(ann, readOf('Mesh', undefined, 'm')), null)
  t.equal(access.refusal(ann, readOf('AccessRole')), null)
  t.ok(access.refusal(ann, readOf('Secret', 'm')))
})

t.test('says what is missing and which role has it, in the words of Kong Mesh', async t => {
  const access = await accessWith(
    roleDraft('reader', [{ types: ['Mesh'], access: ['UPDATE'] }]),
    roleDraft('owner', [{ types: ['Mesh'], access: ['CREATE'] }]),
    bindingDraft('b1', ['User ann'], ['reader']),
    bindingDraft('b2', ['User eve'], ['owner']),
  )
  const refusal = access.refusal(ann, create('Mesh', '', 'm'))
  t.equal(refusal?.detail, 'user "ann/team-a,mesh-system:authenticated" cannot access the resource')
  t.equal(
    refusal?.advice,
    'this needs CREATE of Mesh m; you have the role reader; the role owner would do; ask an admin for an AccessRoleBinding',
  )
  t.match(
    access.refusal(ann, update('Dataplane', 'm1', 'd'))?.advice,
    /^this needs UPDATE of Dataplane d in mesh m1, for what it says now and for what it shall say; .*; no role allows it yet/,
  )
  t.match(access.refusal(ann, view('stats'))?.advice, /^this needs VIEW_STATS; /)
  t.notMatch(JSON.stringify(refusal), /eve/, 'tells nobody who else may')
})

t.test('names the condition that does not match, and which of the two contents', async t => {
  const refer = (name: string) => ({ targetRef: { kind: 'MeshService' as const, name } })
  const access = await accessOf(
    { types: ['MeshTimeout'], access: [...WRITES], when: [refer('api'), refer('*')] },
    { types: ['Mesh'], access: ['UPDATE'] },
    { access: ['GENERATE_DATAPLANE_TOKEN'], when: [{ dpToken: { tags: [{ name: 'team', value: 'a' }] } }] },
  )
  const own = 'but the role own has it only when'
  const advice = (action: Action): string =>
    /you have the role own(?:, (.*?))?;/.exec(access.refusal(ann, action)?.advice ?? '')?.[1] ?? ''
  const mesh = { targetRef: { kind: 'Mesh' } }
  const clauses = '{targetRef: {kind: MeshService, name: api}} or {targetRef: {kind: MeshService, name: "*"}}'
  const cases: readonly (readonly [action: Action, what: string])[] = [
    [update('MeshTimeout', 'm', 't', mesh, refer('api')), 'what it says now'],
    [update('MeshTimeout', 'm', 't', refer('api'), mesh), 'what it shall say'],
    [update('MeshTimeout', 'm', 't', mesh), 'what it says now and what it shall say'],
    [create('MeshTimeout', 'm', 't', mesh), 'what it shall say'],
    [remove('MeshTimeout', 'm', 't', mesh), 'what it says now'],
  ]
  for (const [action, what] of cases)
    t.equal(advice(action), `${own} ${clauses}, which does not match ${what}`)
  t.equal(
    advice(dpToken('m', { team: ['b'] })),
    `${own} {dpToken: {tags: [{name: team, value: a}]}}, which does not match what was asked for`,
  )
  t.equal(advice(create('MeshRetry', 'm', 'r', mesh)), '', 'of rules for other types nothing')
})

t.test('a change of roles acts at once', async t => {
  const store = createMemoryStore()
  const { control, stop } = await startAccess(store, { type: 'rbac', anonymousRead: false })
  t.teardown(stop)
  const isAllowed = (): boolean => control.refusal(ann, create('Mesh', '', 'm')) === null
  t.equal(isAllowed(), false)
  await putRoles(store, roleDraft('r', [{ access: ['CREATE'] }]), bindingDraft('b', ['User ann'], ['r']))
  t.equal(isAllowed(), true)
  await putRoles(store, roleDraft('r', [{ access: ['DELETE'] }]))
  t.equal(isAllowed(), false)
  await putRoles(store, roleDraft('r', [{ access: ['CREATE'] }]))
  t.equal(isAllowed(), true)
  await store.commit([{ op: 'delete', key: { type: 'AccessRoleBinding', mesh: '', name: 'b' } }])
  t.equal(isAllowed(), false)
})

t.test('static asks no role: the way back in', async t => {
  const store = createMemoryStore()
  const { control } = await startAccess(store, { type: 'static', anonymousRead: false })
  t.equal(control.refusal(ann, create('Mesh', '', 'm')), null)
  t.ok(control.refusal(ann, create('Secret', 'm', 's')))
})
