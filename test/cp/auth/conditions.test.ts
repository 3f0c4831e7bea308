/** `when` of a role: for which contents it holds. */
import t from 'tap'
import { compileConditions } from '../../../cp/auth/rbac/conditions.ts'
import type { AccessCondition } from '../../../cp/kinds/access/access-role.ts'

const svc = (name: string) => ({ kind: 'MeshService', name }) as const
const MESH = { kind: 'Mesh' } as const
const web = { kind: 'MeshSubset', tags: { 'kuma.io/service': 'web' } } as const
const item = (targetRef: object) => ({ targetRef, default: {} })
const match = (service: string, more: Record<string, string> = {}) => ({
  match: { 'kuma.io/service': service, ...more },
})

type Case = readonly [
  what: string,
  when: readonly AccessCondition[],
  type: string,
  holds: readonly object[],
  holdsNot: readonly object[],
]

const CASES: readonly Case[] = [
  [
    'the target of a policy',
    [{ targetRef: svc('a') }],
    'MeshTimeout',
    [
      { targetRef: svc('a') },
      { targetRef: svc('a'), to: [item(MESH)], from: [item(MESH)] },
      { targetRef: { ...svc('a'), sectionName: 'http' }, to: [item(MESH)] },
    ],
    [
      {},
      { targetRef: svc('b') },
      { targetRef: MESH },
      { targetRef: { kind: 'MeshServiceSubset', name: 'a' } },
      { targetRef: { kind: 'MeshService', labels: { a: 'b' } } },
    ],
  ],
  [
    'a whole mesh, also where the target is left out',
    [{ targetRef: MESH }],
    'MeshTimeout',
    [{}, { to: [item(svc('a'))] }, { targetRef: { kind: 'Mesh', proxyTypes: ['Sidecar'] } }],
    [{ targetRef: svc('a') }],
  ],
  [
    'tags: more of them narrow further, and * stands for any text',
    [{ targetRef: { kind: 'MeshSubset', tags: { team: 'a-*', 'kuma.io/zone': '*' } } }],
    'MeshTimeout',
    [{ targetRef: { kind: 'MeshSubset', tags: { team: 'a-1', 'kuma.io/zone': 'z', x: 'y' } } }],
    [
      { targetRef: { kind: 'MeshSubset', tags: { team: 'a-1' } } },
      { targetRef: { kind: 'MeshSubset', tags: { team: 'b-1', 'kuma.io/zone': 'z' } } },
      { targetRef: { kind: 'MeshSubset' } },
    ],
  ],
  [
    'labels, sections and types of proxies',
    [
      { targetRef: { kind: 'Dataplane', labels: { app: 'web' }, sectionName: 'http' } },
      { targetRef: { kind: 'Mesh', proxyTypes: ['Gateway'] } },
    ],
    'MeshTimeout',
    [
      { targetRef: { kind: 'Dataplane', labels: { app: 'web', v: '1' }, sectionName: 'http' } },
      { targetRef: { kind: 'Mesh', proxyTypes: ['Gateway'] } },
    ],
    [
      { targetRef: { kind: 'Dataplane', labels: { app: 'web' } } },
      { targetRef: { kind: 'Dataplane', name: 'd', sectionName: 'http' } },
      { targetRef: MESH },
      { targetRef: { kind: 'Mesh', proxyTypes: ['Gateway', 'Sidecar'] } },
    ],
  ],
  [
    'destinations: every one of them, and nothing that comes in',
    [{ targetRef: MESH, to: { targetRef: svc('a') } }],
    'MeshTimeout',
    [{ targetRef: MESH, to: [item(svc('a'))] }, { to: [item(svc('a')), item(svc('a'))] }],
    [
      {},
      { targetRef: svc('a'), to: [item(svc('a'))] },
      { to: [item(svc('a')), item(svc('b'))] },
      { to: [item(MESH)] },
      { to: [item(svc('a'))], from: [item(MESH)] },
      { rules: [{ default: {} }] },
    ],
  ],
  [
    'clients: every one of them, and nothing that goes out',
    [{ from: { targetRef: web } }],
    'MeshTimeout',
    [{ targetRef: svc('x'), from: [item(web)] }],
    [
      {},
      { from: [item(web), item(MESH)] },
      { from: [item(web)], to: [item(svc('a'))] },
      { rules: [{ default: {} }] },
    ],
  ],
  [
    'rules as calls from everywhere',
    [{ from: { targetRef: MESH } }],
    'MeshTimeout',
    [{ rules: [{ default: {} }] }, { from: [item(MESH)] }],
    [{ rules: [{ default: {} }], to: [item(MESH)] }],
  ],
  [
    'several conditions together, each for its own items',
    [
      { targetRef: MESH, to: { targetRef: svc('a') } },
      { targetRef: MESH, to: { targetRef: svc('b') } },
      { targetRef: svc('x'), to: { targetRef: svc('c') } },
      { targetRef: MESH, from: { targetRef: web } },
    ],
    'MeshTimeout',
    [{ to: [item(svc('a')), item(svc('b'))], from: [item(web)] }],
    [
      { to: [item(svc('a')), item(svc('c'))] },
      { targetRef: svc('x'), to: [item(svc('a'))] },
      { from: [item(web)], to: [item(svc('c'))] },
    ],
  ],
  [
    'policies by selectors: every selector has the tags',
    [{ sources: match('web'), destinations: match('api-*') }],
    'TrafficPermission',
    [
      { sources: [match('web')], destinations: [match('api-1'), match('api-2', { v: '1' })] },
      { sources: [match('web', { v: '1' })], destinations: [match('api-*')] },
    ],
    [
      {},
      { sources: [match('web')] },
      { sources: [match('web'), match('*')], destinations: [match('api-1')] },
      { sources: [match('web')], destinations: [match('api-1'), match('db')] },
      { sources: [match('web')], destinations: [{}] },
      { sources: [], destinations: [match('api-1')] },
    ],
  ],
  [
    'selectors of proxies, and a side that is left out',
    [{ selectors: match('web') }, { destinations: match('db') }],
    'TrafficTrace',
    [{ selectors: [match('web')] }, { sources: [match('*')], destinations: [match('db')] }],
    [{ selectors: [match('*')] }, { selectors: [match('web'), match('api')] }],
  ],
  ['what is no policy', [{ targetRef: MESH }], 'Mesh', [], [{}, { targetRef: MESH }]],
  ['what is not known', [{ targetRef: MESH }], 'Unknown', [], [{ targetRef: MESH }]],
  [
    'another sort of policy',
    [{ selectors: match('web') }, { dpToken: { tags: [{ name: 'x', value: '*' }] } }, {}],
    'MeshTimeout',
    [],
    [{}, { selectors: [match('web')] }],
  ],
  [
    'parts that no policy has together',
    [{ targetRef: MESH, sources: match('web') }, { to: {} }],
    'MeshTimeout',
    [],
    [{}, { sources: [match('web')] }, { to: [item(MESH)] }],
  ],
]

for (const [what, when, type, holds, holdsNot] of CASES) {
  t.test(`looks at ${what}`, async t => {
    const conditions = compileConditions([...when])
    for (const spec of holds)
      t.equal(conditions?.holdForResource(type, spec), true, `holds for ${JSON.stringify(spec)}`)
    for (const spec of holdsNot)
      t.equal(conditions?.holdForResource(type, spec), false, `not for ${JSON.stringify(spec)}`)
  })
}

t.test('a rule without conditions has none', async t => {
  t.equal(compileConditions(undefined), null)
  t.equal(compileConditions([]), null)
})

t.test('a star stands for any text, anywhere', async t => {
  const cases: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
    ['a', 'a', true],
    ['a', 'ab', false],
    ['*', '', true],
    ['*', 'a/b', true],
    ['a*', 'a', true],
    ['*a', 'ba', true],
    ['a*c', 'abc', true],
    ['a*a', 'a', false],
    ['a*b*c', 'aXbXc', true],
    ['a*b*c', 'aXcXb', false],
    ['ab*ba', 'aba', false],
    ['*b*', 'abc', true],
    ['a**c', 'ac', true],
    ['*bc*c', 'abc', false],
    ['a.c', 'abc', false],
    ['a?c', 'abc', false],
  ]
  for (const [pattern, text, matches] of cases) {
    const conditions = compileConditions([{ dpToken: { tags: [{ name: 't', value: pattern }] } }])
    t.equal(conditions?.holdForToken({ t: [text] }), matches, `${pattern} ${text}`)
  }
  const slow = compileConditions([{ dpToken: { tags: [{ name: 't', value: `${'*a'.repeat(50)}*b` }] } }])
  t.equal(slow?.holdForToken({ t: ['a'.repeat(10_000)] }), false, 'without trying everything')
})
