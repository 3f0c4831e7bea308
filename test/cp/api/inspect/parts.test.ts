/** The parts of a data plane by identifier in a mesh with MeshServices: layout, policies, routes, hostnames. */
import t from 'tap'
import { send } from '../../../support/api.ts'
import { dataplaneBody, LABELS, startInspected } from '../../../support/inspected-mesh.ts'

const { run, put, get, json } = await startInspected(t)
const setMode = async (mode: string): Promise<void> => {
  const body = { type: 'Mesh', name: 'default', meshServices: { mode } }
  const { status, text } = await send('PUT', `${run.http}/meshes/default?acceptUnenforced=true`, { body })
  if (status > 201) throw new Error(text)
}
const DP = 'dataplanes/api-1'
const STORE = 'kri_msvc_default_default__store_6379'
const inbound = { port: 8080, name: 'main', tags: { 'kuma.io/service': 'api', 'kuma.io/protocol': 'http' } }
const outbound = { port: 10_001, backendRef: { kind: 'MeshService', name: 'store', port: 6379 } }
await put('dataplanes/api-1', 'Dataplane', {
  networking: { address: '192.168.0.1', inbound: [inbound], outbound: [outbound] },
})
await put('dataplanes/store-1', 'Dataplane', dataplaneBody('store', { address: '192.168.0.2' }))
await put('meshservices/store', 'MeshService', {
  spec: {
    selector: { dataplaneTags: { 'kuma.io/service': 'store' } },
    ports: [{ port: 6379, targetPort: 6379, appProtocol: 'tcp', name: '6379' }],
  },
})
const store = { kind: 'MeshService', name: 'store' }

t.test('without MeshServices there is no layout; the mode is looked at first, or last', async t => {
  for (const [path, status, detail] of [
    [`${DP}/_layout`, 400, "bad request: can't use _layout endpoint without meshService enabled"],
    ['dataplanes/none/_layout', 400, "bad request: can't use _layout endpoint without meshService enabled"],
    [`${DP}/_policies`, 400, "bad request: can't use _policies endpoint without meshService enabled"],
    ['dataplanes/none/_policies', 404, 'Not found'],
  ] as const) {
    t.match(await get(path), {
      status,
      json: { detail, title: status === 400 ? 'Bad Request' : 'Could not retrieve Dataplane' },
    })
  }
})

t.test('the layout names each part', async t => {
  await setMode('Exclusive')
  t.same(await json(`${DP}/_layout`), {
    kri: 'kri_dp_default_default__api-1_',
    labels: { ...LABELS, 'kuma.io/proxy-type': 'sidecar' },
    inbounds: [
      {
        kri: 'kri_dp_default_default__api-1_main',
        port: 8080,
        protocol: 'http',
        proxyResourceName: 'self_inbound_dp_main',
      },
    ],
    outbounds: [{ kri: STORE, port: 6379, protocol: 'tcp', proxyResourceName: STORE }],
    listeners: [],
  })
  t.equal((await get('dataplanes/none/_layout')).status, 404)
})

t.test('policies of an outbound: of its port, else of the service, else of the mesh', async t => {
  const timeout = (targetRef: object, idleTimeout: string): object => ({
    targetRef,
    default: { idleTimeout },
  })
  await put('meshtimeouts/mt', 'MeshTimeout', { spec: { to: [timeout({ kind: 'Mesh' }, '7s')] } })
  const policies = async (): Promise<unknown> => json(`${DP}/_outbounds/${STORE}/_policies`)
  const origins = [{ kri: 'kri_mt_default_default__mt_' }]
  t.same(await policies(), { policies: [{ kind: 'MeshTimeout', conf: [{ idleTimeout: '7s' }], origins }] })
  await put('meshtimeouts/of-store', 'MeshTimeout', { spec: { to: [timeout(store, '8s')] } })
  t.match(await policies(), {
    policies: [
      { conf: [{ idleTimeout: '8s' }], origins: [...origins, { kri: 'kri_mt_default_default__of-store_' }] },
    ],
  })
  await put('meshtimeouts/port', 'MeshTimeout', {
    spec: { to: [timeout({ ...store, sectionName: '6379' }, '9s')] },
  })
  t.match(await policies(), { policies: [{ conf: [{ idleTimeout: '9s' }] }] })
  t.match(await json(`${DP}/_rules`), {
    rules: [
      {
        type: 'MeshTimeout',
        toResourceRules: [
          { resourceMeta: { type: 'Mesh' } },
          { resourceMeta: { type: 'MeshService', name: 'store' }, resourceSectionName: '' },
          { resourceMeta: { name: 'store' }, resourceSectionName: '6379', conf: [{ idleTimeout: '9s' }] },
        ],
      },
    ],
  })
})

t.test('policies of an inbound: for some clients, then for all, merged', async t => {
  const spiffeID = { type: 'Exact', value: 'spiffe://default/ns/x/sa/y' }
  await put('meshtimeouts/in-1', 'MeshTimeout', { spec: { rules: [{ default: { idleTimeout: '1s' } }] } })
  await put('meshtimeouts/in-2', 'MeshTimeout', {
    spec: { rules: [{ default: { http: { requestTimeout: '2s' } } }] },
  })
  await put('meshaccesslogs/log', 'MeshAccessLog', {
    spec: { rules: [{ default: { backends: [] } }, { matches: [{ spiffeID }], default: { backends: [] } }] },
  })
  t.same(await json(`${DP}/_inbounds/kri_dp_default_default__api-1_main/_policies`), {
    policies: [
      {
        kind: 'MeshAccessLog',
        rules: [
          { kri: 'kri_mal_default_default__log_', match: { spiffeID }, conf: { backends: [] } },
          { conf: { backends: [] } },
        ],
        origins: [{ kri: 'kri_mal_default_default__log_' }],
      },
      {
        kind: 'MeshTimeout',
        rules: [{ conf: { idleTimeout: '1s', http: { requestTimeout: '2s' } } }],
        origins: [{ kri: 'kri_mt_default_default__in-2_' }, { kri: 'kri_mt_default_default__in-1_' }],
      },
    ],
  })
})

t.test('routes of an outbound, merged by matches, and the policies that name a route', async t => {
  const rule = (path: string, conf: object): object => ({
    matches: [{ path: { type: 'Exact', value: path } }],
    default: conf,
  })
  const backendRefs = [{ kind: 'MeshService', name: 'store', port: 6379, weight: 1 }]
  await put('meshhttproutes/weak', 'MeshHTTPRoute', {
    spec: { to: [{ targetRef: store, rules: [rule('/a', { backendRefs }), rule('/b', {})] }] },
  })
  await put('meshhttproutes/a-strong', 'MeshHTTPRoute', {
    spec: { to: [{ targetRef: store, rules: [rule('/a', {})] }] },
  })
  await put('meshtcproutes/tcp', 'MeshTCPRoute', {
    spec: { to: [{ targetRef: store, rules: [{ default: { backendRefs } }] }] },
  })
  await put('meshretries/of-route', 'MeshRetry', {
    spec: {
      to: [{ targetRef: { kind: 'MeshHTTPRoute', name: 'weak' }, default: { http: { numRetries: 3 } } }],
    },
  })
  t.same(await json(`${DP}/_outbounds/${STORE}/_routes`), {
    routes: [
      {
        kind: 'MeshHTTPRoute',
        rules: [
          { kri: 'kri_mhttpr_default_default__a-strong_rule_0', ...shown(rule('/a', { backendRefs })) },
          { kri: 'kri_mhttpr_default_default__weak_rule_1', ...shown(rule('/b', {})) },
        ],
        origins: [
          { kri: 'kri_mhttpr_default_default__weak_' },
          { kri: 'kri_mhttpr_default_default__a-strong_' },
        ],
      },
      {
        kind: 'MeshTCPRoute',
        rules: [{ kri: '', matches: null, conf: { backendRefs } }],
        origins: [{ kri: 'kri_mtcpr_default_default__tcp_' }],
      },
    ],
  })
  for (const section of ['', 'rule0']) {
    const route = `kri_mhttpr_default_default__weak_${section}`
    t.same(await json(`${DP}/_outbounds/${STORE}/_routes/${route}/_policies`), {
      policies: [
        {
          kind: 'MeshRetry',
          conf: [{ http: { numRetries: 3 } }],
          origins: [{ kri: 'kri_mr_default_default__of-route_' }],
        },
      ],
    })
  }
})

t.test('identifiers that name nothing have nothing; what is none is refused', async t => {
  for (const part of ['_inbounds', '_outbounds']) {
    t.same(await json(`${DP}/${part}/kri_msvc_default_default__none_80/_policies`), { policies: [] })
    t.match(await get(`${DP}/${part}/foo/_policies`), {
      status: 400,
      json: { title: 'Bad Request', detail: 'bad request: invalid identifier string: "foo"' },
    })
  }
  t.same(await json(`${DP}/_outbounds/${STORE.replace('6379', '80')}/_policies`), { policies: [] })
  t.same(await json(`${DP}/_outbounds/kri_nope_____/_routes`), { routes: [] })
})

t.test('policies of the whole data plane', async t => {
  t.same(await json(`${DP}/_policies`), { policies: [] })
  await put('meshmetrics/mm', 'MeshMetric', { spec: { default: { sidecar: { includeUnused: true } } } })
  t.match(await json(`${DP}/_policies`), {
    policies: [
      {
        kind: 'MeshMetric',
        conf: { sidecar: { includeUnused: true } },
        origins: [{ kri: 'kri_mm_default_default__mm_' }],
      },
    ],
  })
})

t.test('a service with its data planes and host names', async t => {
  for (const path of ['_dataplanes', '_resources/dataplanes']) {
    t.match(await json(`meshservices/store/${path}`), {
      total: 1,
      items: [{ type: 'Dataplane', name: 'store-1' }],
    })
  }
  t.same(await json('meshservices/store/_hostnames'), { total: 0, items: [] })
  for (const path of ['meshservices', 'meshexternalservices', 'meshmultizoneservices']) {
    t.match(await get(`${path}/none/_hostnames`), {
      status: 404,
      json: { title: 'could not retrieve service' },
    })
  }
})

function shown(rule: object): object {
  const { matches, default: conf } = rule as { matches: unknown; default: unknown }
  return { matches, conf }
}
