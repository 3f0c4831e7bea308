/** Promises of cp/match: Kuma's worked examples of matching by targetRef, T1 to T6 in the form of 2.14. */
import t from 'tap'
import type { Resource } from '../../../cp/kinds/kind.ts'
import type { TargetRef } from '../../../cp/kinds/target-ref.ts'
import { fromRules } from '../../../cp/match/inbound-rules.ts'
import { policiesOf } from '../../../cp/match/items.ts'
import { destinationRules, toRules } from '../../../cp/match/outbound.ts'
import { selectedPolicies } from '../../../cp/match/selection.ts'
import type { SubsetRule } from '../../../cp/match/subset.ts'
import { MeshIndex } from '../../../cp/snapshot/mesh-view.ts'
import { aDataplane, aMesh, aPermission, resource } from '../../support/resources.ts'

const MESH: TargetRef = { kind: 'Mesh' }
const web: TargetRef = { kind: 'MeshService', name: 'web' }
const api: TargetRef = { kind: 'MeshService', name: 'api' }
const backend: TargetRef = { kind: 'MeshService', name: 'backend' }
const proxy = aDataplane('web-1', { service: 'web', tags: { a: '1', b: '2', c: '3' } })

function viewOf(policies: readonly Resource[]): MeshIndex {
  const view = new MeshIndex(aMesh())
  for (const one of [...policies, proxy]) view.change(one, one)
  return view
}

/** `env=prod !service=web → Allow (a b)` */
function show({ subset, conf, origins }: SubsetRule): string {
  const tags = subset.map(({ key, value, not }) => `${not ? '!' : ''}${key.replace('kuma.io/', '')}=${value}`)
  const said = conf as { readonly action?: string }
  const names = origins.map(({ name }) => name)
  return `${tags.join(' ') || 'all'} → ${said.action ?? JSON.stringify(conf)} (${names.join(' ')})`
}

function withTo(type: string, name: string, to: readonly (readonly [TargetRef, object])[], top?: TargetRef) {
  const items = to.map(([targetRef, conf]) => ({ targetRef, default: conf }))
  return resource(type, 'default', name, { ...(top === undefined ? {} : { targetRef: top }), to: items })
}

const timeout = (name: string, request: string, top?: TargetRef): Resource =>
  withTo('MeshTimeout', name, [[MESH, { http: { requestTimeout: request } }]], top)
const east: TargetRef = { kind: 'MeshSubset', tags: { 'kuma.io/zone': 'east' } }
const prod: TargetRef = { kind: 'MeshSubset', tags: { env: 'prod' } }

const EXAMPLES: readonly (readonly [string, readonly Resource[], readonly string[]])[] = [
  [
    'T1: items of three policies meet',
    // of equals the name that sorts first comes last: the labels put them into the order of the example
    [
      aPermission('base', MESH, [[MESH, 'Deny']], { 'kuma.io/display-name': '3' }),
      aPermission('web-in', MESH, [[web, 'Allow']], { 'kuma.io/display-name': '2' }),
      aPermission('east', MESH, [[east, 'AllowWithShadowDeny']], { 'kuma.io/display-name': '1' }),
    ],
    [
      'service=web zone=east → AllowWithShadowDeny (base web-in east)',
      '!service=web zone=east → AllowWithShadowDeny (base east)',
      'service=web !zone=east → Allow (base web-in)',
      '!service=web !zone=east → Deny (base)',
    ],
  ],
  [
    'T2: two services never meet, both meet an environment',
    [
      aPermission('p', MESH, [
        [web, 'Allow'],
        [api, 'Deny'],
        [prod, 'Allow'],
      ]),
    ],
    [
      'env=prod service=api → Allow (p)',
      'env=prod service=web → Allow (p)',
      '!env=prod service=api → Deny (p)',
      'env=prod !service=api → Allow (p)',
      '!env=prod service=web → Allow (p)',
      'env=prod !service=web → Allow (p)',
    ],
  ],
  [
    'T3: destinations of one key are not negated',
    [
      withTo('MeshTimeout', 'b', [[backend, { http: { requestTimeout: '2s' } }]]),
      withTo('MeshTimeout', 'c-all', [
        [MESH, { connectionTimeout: '5s', http: { requestTimeout: '15s', streamIdleTimeout: '30m' } }],
      ]),
    ],
    [
      'service=backend → {"connectionTimeout":"5s","http":{"requestTimeout":"2s","streamIdleTimeout":"30m"}} (c-all b)',
      'all → {"connectionTimeout":"5s","http":{"requestTimeout":"15s","streamIdleTimeout":"30m"}} (c-all)',
    ],
  ],
  [
    'T4: of two names the one that sorts first wins',
    [timeout('aaa', '1s', MESH), timeout('bbb', '2s', MESH)],
    ['all → {"http":{"requestTimeout":"1s"}} (bbb aaa)'],
  ],
  [
    'T5: the kind counts, not the number of tags',
    [
      timeout('zzz', '9s', { kind: 'MeshSubset', tags: { a: '1', b: '2', c: '3' } }),
      timeout('aaa', '3s', web),
    ],
    ['all → {"http":{"requestTimeout":"3s"}} (zzz aaa)'],
  ],
  [
    'T6: an empty list takes the place of another',
    [
      withTo('MeshAccessLog', 'all', [[MESH, { backends: [{ type: 'File' }] }]], MESH),
      withTo('MeshAccessLog', 'none', [[MESH, { backends: [] }]], web),
    ],
    ['all → {"backends":[]} (all none)'],
  ],
]

for (const [what, policies, expected] of EXAMPLES) {
  t.test(what, async t => {
    for (const order of [policies, policies.toReversed()]) {
      const view = viewOf(order)
      const type = policies[0]?.type ?? ''
      const matched = selectedPolicies(view, type, proxy)
      const [inbound] = fromRules(view, type, proxy)
      t.same((inbound?.rules ?? toRules(view, matched)).map(show), expected)
    }
  })
}

t.test('T4 to T6 hold for destinations that are resources too', async t => {
  for (const [, policies, [expected = '']] of EXAMPLES.slice(3)) {
    const view = viewOf(policies)
    const [rule, ...others] = destinationRules(view, selectedPolicies(view, policies[0]?.type ?? '', proxy))
    t.same(others, [])
    t.equal(show({ subset: [], conf: rule?.conf, origins: policiesOf(rule?.origins ?? []) }), expected)
  }
})
