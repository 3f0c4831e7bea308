/** What policies say of a data plane, merged: `/rules`, `/_rules`, and Kuma's captured answers. */
import t from 'tap'
import { dataplaneBody, LABELS, startInspected } from '../../../support/inspected-mesh.ts'

const { put, get, json } = await startInspected(t)
await put('dataplanes/web-1', 'Dataplane', dataplaneBody('web', { calls: ['backend', 'db'] }))
const allow = { targetRef: { kind: 'MeshService', name: 'db' }, default: { action: 'Allow' } }
await put('meshtrafficpermissions/mtp1', 'MeshTrafficPermission', { spec: { from: [allow] } })

const TAGS = { 'kuma.io/protocol': 'http', 'kuma.io/service': 'web', 'kuma.io/zone': 'default' }
const meta = (type: string, name: string): object => ({ type, mesh: 'default', name, labels: LABELS })
const EMPTY = { toRules: [], toResourceRules: [], fromRules: [], inboundRules: [], warnings: [] }

t.test('clients with their permission', async t => {
  t.same(await json('dataplanes/web-1/rules'), {
    total: 1,
    items: [
      {
        type: 'ClientSubset',
        name: 'web-1b2a4e9c966307e2',
        addresses: ['192.168.0.1:8080'],
        service: 'web',
        tags: TAGS,
        policyType: 'MeshTrafficPermission',
        subset: { 'kuma.io/service': 'db' },
        conf: { action: 'Allow' },
        origins: [{ mesh: 'default', name: 'mtp1' }],
      },
    ],
  })
  t.same(await json('dataplanes/web-1/_rules'), {
    httpMatches: [],
    resource: {
      type: 'Dataplane',
      mesh: 'default',
      name: 'web-1',
      labels: { ...LABELS, 'kuma.io/proxy-type': 'sidecar' },
    },
    rules: [
      {
        ...EMPTY,
        type: 'MeshTrafficPermission',
        fromRules: [
          {
            inbound: { port: 8080, tags: TAGS },
            rules: [
              {
                conf: { action: 'Allow' },
                matchers: [{ key: 'kuma.io/service', not: false, value: 'db' }],
                origin: [meta('MeshTrafficPermission', 'mtp1')],
              },
            ],
          },
        ],
      },
    ],
  })
})

t.test('destinations and the whole data plane', async t => {
  const zipkin = { backends: [{ type: 'Zipkin', zipkin: { url: 'http://zipkin.local:9411/' } }] }
  await put('meshtraces/tr-1', 'MeshTrace', { spec: { default: zipkin } })
  await put('meshtraces/tr-2', 'MeshTrace', {
    spec: {
      targetRef: { kind: 'MeshService', name: 'web' },
      default: { ...zipkin, sampling: { overall: 50 } },
    },
  })
  const timeout = (ref: object, conf: object): object => ({ targetRef: ref, default: conf })
  await put('meshtimeouts/aaa', 'MeshTimeout', {
    spec: { to: [timeout({ kind: 'MeshService', name: 'backend' }, { http: { requestTimeout: '2s' } })] },
  })
  await put('meshtimeouts/bbb', 'MeshTimeout', {
    spec: {
      to: [timeout({ kind: 'Mesh' }, { connectionTimeout: '5s', http: { requestTimeout: '15s' } })],
      from: [timeout({ kind: 'Mesh' }, { idleTimeout: '7s' })],
    },
  })
  const matches = [{ path: { type: 'Exact', value: '/' } }]
  await put('meshhttproutes/r1', 'MeshHTTPRoute', {
    spec: {
      to: [{ targetRef: { kind: 'MeshService', name: 'backend' }, rules: [{ matches, default: {} }] }],
    },
  })
  const flat = (await json('dataplanes/web-1/rules')) as { total: number; items: readonly Item[] }
  t.same(
    flat.items.map(({ type, policyType, name, subset }) => [type, policyType, name, subset]),
    [
      ['SingleItem', 'MeshTrace', undefined, {}],
      ['DestinationSubset', 'MeshHTTPRoute', 'backend', { 'kuma.io/service': 'backend' }],
      ['DestinationSubset', 'MeshTimeout', 'backend', { 'kuma.io/service': 'backend' }],
      ['DestinationSubset', 'MeshTimeout', 'db', {}],
      ['ClientSubset', 'MeshTimeout', 'web-1b2a4e9c966307e2', {}],
      ['ClientSubset', 'MeshTrafficPermission', 'web-1b2a4e9c966307e2', { 'kuma.io/service': 'db' }],
    ],
  )
  t.match(flat.items[0], {
    origins: [{ name: 'tr-1' }, { name: 'tr-2' }],
    conf: { sampling: { overall: 50 } },
  })
  t.match(flat.items[2], {
    addresses: ['127.0.0.1:10001'],
    service: 'backend',
    tags: { 'kuma.io/service': 'backend' },
    conf: { connectionTimeout: '5s', http: { requestTimeout: '2s' } },
    origins: [{ name: 'bbb' }, { name: 'aaa' }],
  })
  const { rules, httpMatches } = (await json('dataplanes/web-1/_rules')) as Rules
  t.same(httpMatches, [{ hash: 'JNNc6//C3P17nUsOJm5f4kqG+U3v8pXhS0od9C3+oss=', match: matches }])
  t.same(
    rules.map(({ type }) => type),
    ['MeshHTTPRoute', 'MeshTrace', 'MeshTimeout', 'MeshTrafficPermission'],
  )
  t.same(rules[1], {
    ...EMPTY,
    type: 'MeshTrace',
    proxyRule: {
      conf: { ...(await stored('meshtraces/tr-1')), sampling: { overall: 50 } },
      origin: [meta('MeshTrace', 'tr-1'), meta('MeshTrace', 'tr-2')],
    },
  })
  t.match(rules[2], {
    toRules: [
      { matchers: [{ value: 'backend' }] },
      { matchers: [], conf: { http: { requestTimeout: '15s' } } },
    ],
    toResourceRules: [
      {
        resourceMeta: { type: 'Mesh', mesh: '', name: 'default', labels: {} },
        resourceSectionName: '',
        conf: [{ http: { requestTimeout: '15s' } }],
        origin: [{ resourceMeta: meta('MeshTimeout', 'bbb'), ruleIndex: 0 }],
      },
    ],
    fromRules: [{ rules: [{ matchers: [], conf: { idleTimeout: '7s' } }] }],
    inboundRules: [
      {
        inbound: { port: 8080 },
        rules: [{ conf: [{ idleTimeout: '7s' }], origin: [{ resourceMeta: { name: 'bbb' }, ruleIndex: 0 }] }],
      },
    ],
  })
})

t.test('a data plane that does not exist, and one that nothing selects', async t => {
  for (const path of ['rules', '_rules']) {
    t.match(await get(`dataplanes/none/${path}`), {
      status: 404,
      json: { title: 'Could not retrieve Dataplane' },
    })
  }
  const { run, json: other } = await startInspected(t)
  await run.store.commit([
    {
      op: 'put',
      resource: { type: 'Dataplane', mesh: 'default', name: 'x', labels: {}, spec: dataplaneBody('x') },
    },
  ])
  const resource = { type: 'Dataplane', mesh: 'default', name: 'x', labels: {} }
  t.same(await other('dataplanes/x/rules'), { total: 0, items: [] })
  t.same(await other('dataplanes/x/_rules'), { httpMatches: [], resource, rules: [] })
})

/** The `default` of a policy as it is stored, with what the schema fills in. */
async function stored(path: string): Promise<object> {
  const { spec } = (await json(path)) as { readonly spec: { readonly default: object } }
  return spec.default
}

interface Item {
  readonly type: string
  readonly policyType: string
  readonly name?: string
  readonly subset: object
}

interface Rules {
  readonly rules: readonly { readonly type: string }[]
  readonly httpMatches: readonly object[]
}
