/** `_why`: each value of a data plane with the policy and the item that set it, whatever the policies are. */
import t from 'tap'
import { dataplaneBody, startInspected } from '../../../support/inspected-mesh.ts'

const { put, json, get } = await startInspected(t)
await put('dataplanes/web-1', 'Dataplane', dataplaneBody('web', { calls: ['api', 'store'] }))
await put('dataplanes/api-1', 'Dataplane', dataplaneBody('api', { address: '192.168.0.2' }))

interface Item {
  readonly place: string
  readonly type: string
  readonly list: string
  readonly field: string
  readonly value: unknown
  readonly origins: readonly { readonly policy: { readonly name: string }; readonly index: number }[]
}

/** `FIELD = VALUE by POLICY LIST[INDEX]`, of one type at one place. */
async function why(type: string, place: string): Promise<string[]> {
  const { items } = (await json('dataplanes/web-1/_why')) as { items: readonly Item[] }
  return items
    .filter(item => item.type === type && item.place === place)
    .map(({ field, value, origins, list }) => {
      const by = origins.map(({ policy, index }) => `${policy.name} ${list}[${index}]`).join(' + ')
      return `${field} = ${JSON.stringify(value)} by ${by}`
    })
}

const API = 'outbound 127.0.0.1:10001 (api)'
const STORE = 'outbound 127.0.0.1:10002 (store)'
const to = (name: string | null, conf: object) => ({
  targetRef: name === null ? { kind: 'Mesh' } : { kind: 'MeshService', name },
  default: conf,
})

t.test('of merged items each value names the one that set it', async t => {
  await put('meshloadbalancingstrategies/all', 'MeshLoadBalancingStrategy', {
    spec: {
      targetRef: { kind: 'Mesh' },
      to: [to(null, { loadBalancer: { type: 'LeastRequest', leastRequest: { choiceCount: 4 } } })],
    },
  })
  await put('meshloadbalancingstrategies/web', 'MeshLoadBalancingStrategy', {
    spec: {
      targetRef: { kind: 'MeshService', name: 'web' },
      to: [
        to('store', { loadBalancer: { type: 'Random' } }),
        to('api', { localityAwareness: { disabled: true } }),
      ],
    },
  })
  t.same(await why('MeshLoadBalancingStrategy', API), [
    'loadBalancer.type = "LeastRequest" by all to[0]',
    'loadBalancer.leastRequest.choiceCount = 4 by all to[0]',
    'localityAwareness.disabled = true by web to[1]',
  ])
  t.same(await why('MeshLoadBalancingStrategy', STORE), [
    'loadBalancer.type = "Random" by web to[0]',
    'loadBalancer.leastRequest.choiceCount = 4 by all to[0]',
  ])
})

t.test('rules of routes stand for themselves, by their matches', async t => {
  const path = (value: string) => [{ path: { type: 'PathPrefix', value } }]
  const route = (name: string, top: object, rules: readonly object[]) =>
    put(`meshhttproutes/${name}`, 'MeshHTTPRoute', {
      spec: { targetRef: top, to: [{ targetRef: { kind: 'MeshService', name: 'api' }, rules }] },
    })
  const backend = (name: string) => [{ kind: 'MeshService', name, weight: 1 }]
  const redirect = { type: 'RequestRedirect', requestRedirect: { statusCode: 301 } }
  await route('base', { kind: 'Mesh' }, [
    { matches: path('/a'), default: { backendRefs: backend('store'), filters: [redirect] } },
    { matches: path('/b'), default: { backendRefs: backend('store') } },
  ])
  await route('near', { kind: 'MeshService', name: 'web' }, [
    { matches: path('/a'), default: { backendRefs: backend('api') } },
  ])
  t.same(await why('MeshHTTPRoute', API), [
    `rules[0].matches = ${JSON.stringify(path('/a'))} by near to[0]`,
    `rules[0].default.filters = ${JSON.stringify([redirect])} by base to[0]`,
    `rules[0].default.backendRefs = ${JSON.stringify(backend('api'))} by near to[0]`,
    `rules[1].matches = ${JSON.stringify(path('/b'))} by base to[0]`,
    `rules[1].default.backendRefs = ${JSON.stringify(backend('store'))} by base to[0]`,
  ])
  t.same(await why('MeshHTTPRoute', STORE), [])
})

t.test('what an inbound lets in, by its clients', async t => {
  await put('meshtrafficpermissions/api', 'MeshTrafficPermission', {
    spec: {
      targetRef: { kind: 'MeshService', name: 'web' },
      from: [
        { targetRef: { kind: 'Mesh' }, default: { action: 'Deny' } },
        { targetRef: { kind: 'MeshSubset', tags: { team: 'a' } }, default: { action: 'Allow' } },
      ],
    },
  })
  const { items } = (await json('dataplanes/web-1/_why')) as { items: readonly Item[] }
  const said = items.filter(({ type }) => type === 'MeshTrafficPermission')
  t.match(said, [
    { place: 'inbound 192.168.0.1:8080', value: 'Deny', origins: [{ policy: { name: 'api' }, index: 0 }] },
    {
      place: 'inbound 192.168.0.1:8080, clients team=a',
      value: 'Allow',
      origins: [{ policy: { name: 'api' }, index: 1 }],
    },
  ])
})

t.test('legacy policies as a whole, and 404 for a data plane that is not there', async t => {
  await put('traffic-routes/split', 'TrafficRoute', {
    sources: [{ match: { 'kuma.io/service': '*' } }],
    destinations: [{ match: { 'kuma.io/service': 'store' } }],
    conf: { destination: { 'kuma.io/service': 'api' } },
  })
  t.same(await why('TrafficRoute', STORE), [' = {"destination":{"kuma.io/service":"api"}} by split conf[0]'])
  t.equal((await get('dataplanes/none/_why')).status, 404)
})
