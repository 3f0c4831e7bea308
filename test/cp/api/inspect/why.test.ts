/** `_why`: for every value the policy and the item that set it. */
import t from 'tap'
import { send } from '../../../support/api.ts'
import { dataplaneBody, LABELS, startInspected } from '../../../support/inspected-mesh.ts'

const { run, put, remove, get, json } = await startInspected(t)
const mtls = { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin' }] }
const putMesh = (spec: object) =>
  send('PUT', `${run.http}/meshes/default`, { body: { type: 'Mesh', name: 'default', ...spec } })
await putMesh({ mtls })
await put('dataplanes/web-1', 'Dataplane', dataplaneBody('web', { calls: ['backend'] }))
for (const service of ['backend', 'canary']) {
  await put(`dataplanes/${service}-1`, 'Dataplane', dataplaneBody(service, { address: '192.168.0.2' }))
}

const MESH = { kind: 'Mesh' }
const web = { kind: 'MeshService', name: 'web' }
const backend = { kind: 'MeshService', name: 'backend' }
const item = (targetRef: object, conf: object): object => ({ targetRef, default: conf })
await put('meshtrafficpermissions/base', 'MeshTrafficPermission', {
  spec: { from: [item(MESH, { action: 'Deny' }), item(web, { action: 'Deny' })] },
})
await put('meshtrafficpermissions/narrow', 'MeshTrafficPermission', {
  spec: {
    targetRef: web,
    from: [item(MESH, { action: 'Deny' }), item(backend, { action: 'Allow' })],
  },
})
await put('meshtimeouts/all', 'MeshTimeout', {
  spec: {
    to: [item(MESH, { connectionTimeout: '5s', http: { requestTimeout: '15s' } })],
    from: [item(MESH, { idleTimeout: '1h' })],
  },
})
await put('meshtimeouts/backend', 'MeshTimeout', {
  spec: {
    targetRef: web,
    to: [item(MESH, { connectionTimeout: '4s' }), item(backend, { http: { requestTimeout: '2s' } })],
  },
})
await put('meshloadbalancingstrategies/random', 'MeshLoadBalancingStrategy', {
  spec: { to: [item(MESH, { loadBalancer: { type: 'Random' } })] },
})
const refs = ['backend', 'canary'].map(name => ({ kind: 'MeshService', name, weight: 1 }))
const matches = [{ path: { type: 'PathPrefix', value: '/' } }]
await put('meshhttproutes/split', 'MeshHTTPRoute', {
  spec: { to: [{ targetRef: backend, rules: [{ matches, default: { backendRefs: refs } }] }] },
})

t.test('each value names its policy and item', async t => {
  const by = (path: string, value: unknown, policy: string, ruleIndex: number): object => ({
    path,
    value,
    policy,
    ruleIndex,
  })
  const balancing = {
    type: 'MeshLoadBalancingStrategy',
    isEnforced: true,
    values: [by('loadBalancer.type', 'Random', 'random', 0)],
  }
  t.same(await json('dataplanes/web-1/_why'), {
    resource: {
      type: 'Dataplane',
      mesh: 'default',
      name: 'web-1',
      labels: { ...LABELS, 'kuma.io/proxy-type': 'sidecar' },
    },
    proxy: [],
    inbounds: [
      {
        inbound: {
          port: 8080,
          tags: { 'kuma.io/protocol': 'http', 'kuma.io/service': 'web', 'kuma.io/zone': 'default' },
        },
        policies: [
          { type: 'MeshTimeout', isEnforced: true, values: [by('idleTimeout', '1h0m0s', 'all', 0)] },
          {
            type: 'MeshTrafficPermission',
            isEnforced: true,
            clients: { 'kuma.io/service': 'backend' },
            values: [by('action', 'Allow', 'narrow', 1)],
          },
          {
            type: 'MeshTrafficPermission',
            isEnforced: true,
            clients: {},
            values: [by('action', 'Deny', 'narrow', 0)],
          },
        ],
      },
    ],
    outbounds: [
      {
        outbound: {
          address: '127.0.0.1',
          port: 10_001,
          service: 'backend',
          tags: { 'kuma.io/service': 'backend' },
        },
        policies: [
          {
            type: 'MeshHTTPRoute',
            isEnforced: true,
            values: [
              by('rules[0].matches', matches, 'split', 0),
              by('rules[0].default.backendRefs', refs, 'split', 0),
            ],
          },
          balancing,
          {
            type: 'MeshTimeout',
            isEnforced: true,
            values: [
              by('connectionTimeout', '4s', 'backend', 0),
              by('http.requestTimeout', '2s', 'backend', 1),
            ],
          },
        ],
      },
    ],
    destinations: [
      {
        service: 'canary',
        policies: [
          balancing,
          {
            type: 'MeshTimeout',
            isEnforced: true,
            values: [by('connectionTimeout', '4s', 'backend', 0), by('http.requestTimeout', '15s', 'all', 0)],
          },
        ],
      },
    ],
  })
})

t.test('whole data planes, clients by identity, and legacy routes where no other policy routes', async t => {
  await put('dataplanes/db-1', 'Dataplane', {
    networking: {
      address: '192.168.0.3',
      inbound: [{ port: 5432, tags: { 'kuma.io/service': 'db', 'kuma.io/protocol': 'tcp' } }],
      outbound: [{ port: 10_001, tags: { 'kuma.io/service': 'db' } }],
    },
  })
  const top = { targetRef: { kind: 'Dataplane', name: 'db-1' } }
  const modification = { cluster: { operation: 'Add', value: 'name: x' } }
  for (const name of ['a', 'b']) {
    await put(`meshproxypatches/${name}`, 'MeshProxyPatch', {
      spec: { ...top, default: { appendModifications: [modification] } },
    })
  }
  const spiffeID = { type: 'Exact', value: 'spiffe://default/web' }
  await put('meshtimeouts/of-db', 'MeshTimeout', {
    spec: { ...top, rules: [{ default: { idleTimeout: '9s' } }] },
  })
  await put('meshtrafficpermissions/ids', 'MeshTrafficPermission', {
    spec: { ...top, rules: [{ default: { deny: [{ spiffeID }] } }] },
  })
  await put('traffic-routes/old', 'TrafficRoute', {
    sources: [{ match: { 'kuma.io/service': '*' } }],
    destinations: [{ match: { 'kuma.io/service': 'db' } }],
    conf: { destination: { 'kuma.io/service': 'db', version: '1' } },
  })
  interface Shown {
    readonly policies: readonly { readonly type: string; readonly values: readonly object[] }[]
  }
  const why = (await json('dataplanes/db-1/_why')) as {
    readonly proxy: Shown['policies']
    readonly inbounds: readonly Shown[]
    readonly outbounds: readonly Shown[]
  }
  const of = (said: Shown['policies'] | undefined, type: string): unknown =>
    said?.find(one => one.type === type)?.values
  t.same(of(why.proxy, 'MeshProxyPatch'), [
    { path: 'appendModifications[0]', value: modification, policy: 'b' },
    { path: 'appendModifications[1]', value: modification, policy: 'a' },
  ])
  const [inbound] = why.inbounds
  t.same(of(inbound?.policies, 'MeshTimeout'), [
    { path: 'idleTimeout', value: '9s', policy: 'of-db', ruleIndex: 0 },
  ])
  const byIdentity = inbound?.policies.find(({ type }) => type === 'MeshTrafficPermission')
  t.match(byIdentity, {
    match: { spiffeID },
    values: [{ path: 'action', value: 'Deny', policy: 'ids', ruleIndex: 0 }],
  })
  t.same(of(why.outbounds[0]?.policies, 'TrafficRoute'), [
    { path: 'destination["kuma.io/service"]', value: 'db', policy: 'old' },
    { path: 'destination.version', value: '1', policy: 'old' },
  ])
})

t.test('permissions are told in the order in which they decide, as far as they do', async t => {
  await put('dataplanes/pay-1', 'Dataplane', dataplaneBody('pay', { address: '192.168.0.4' }))
  const top = { targetRef: { kind: 'Dataplane', name: 'pay-1' } }
  const by = (type: string, value: string) => ({ spiffeID: { type, value: `spiffe://default/${value}` } })
  await put('meshtrafficpermissions/ids', 'MeshTrafficPermission', {
    spec: {
      ...top,
      rules: [
        { default: { allow: [by('Prefix', 'w')] } },
        { default: { deny: [by('Exact', 'evil')], allowWithShadowDeny: [by('Exact', 'old')] } },
      ],
    },
  })
  const decisions = async (): Promise<readonly string[]> => {
    const { inbounds } = (await json('dataplanes/pay-1/_why')) as {
      inbounds: readonly {
        policies: readonly { type: string; clients?: object; match?: object; values: readonly object[] }[]
      }[]
    }
    return (inbounds[0]?.policies ?? [])
      .filter(({ type }) => /TrafficPermission/.test(type))
      .map(({ type, clients, match, values }) => {
        const { value, policy, ruleIndex = '' } = values[0] as Record<string, unknown>
        return `${JSON.stringify(match ?? clients)} ${value} ${type}/${policy} ${ruleIndex}`
      })
  }
  const evil =
    '{"spiffeID":{"type":"Exact","value":"spiffe://default/evil"}} Deny MeshTrafficPermission/ids 1'
  t.same(
    await decisions(),
    [
      evil,
      '{"kuma.io/service":"web"} Deny MeshTrafficPermission/base 1',
      '{} Deny MeshTrafficPermission/base 0',
    ],
    'who is denied by all is denied whatever rules allow',
  )
  await remove('meshtrafficpermissions/base')
  t.same(await decisions(), [
    evil,
    '{"spiffeID":{"type":"Prefix","value":"spiffe://default/w"}} Allow MeshTrafficPermission/ids 0',
    '{"spiffeID":{"type":"Exact","value":"spiffe://default/old"}} AllowWithShadowDeny MeshTrafficPermission/ids 1',
  ])
  await put('traffic-permissions/old', 'TrafficPermission', {
    sources: [{ match: { 'kuma.io/service': 'web' } }, { match: { 'kuma.io/service': '*', team: 'a' } }],
    destinations: [{ match: { 'kuma.io/service': '*' } }],
  })
  t.equal((await decisions()).length, 3, 'the older kind has no say where the newer one selects the inbound')
  await remove('meshtrafficpermissions/ids')
  t.same(await decisions(), [
    '{"kuma.io/service":"web"} Allow TrafficPermission/old ',
    '{"team":"a"} Allow TrafficPermission/old ',
  ])
  await putMesh({})
  t.same(await decisions(), [], 'without mTLS nobody is asked who he is')
})

t.test('what is not there is not found', async t => {
  t.equal((await get('dataplanes/none/_why')).status, 404)
})
