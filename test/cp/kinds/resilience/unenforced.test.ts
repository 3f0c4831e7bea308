/** What policies for calls that hold out may name and nothing stands for is told with the field, and nothing else is. */
import t from 'tap'
import { accepted } from '../../../support/bodies.ts'
import { from, rules, to } from '../../../support/policies.ts'

const CONFS: Readonly<Record<string, object>> = {
  MeshTimeout: { idleTimeout: '1s' },
  MeshRetry: { tcp: { maxConnectAttempt: 2 } },
  MeshCircuitBreaker: { connectionLimits: { maxRequests: 1 } },
  MeshHealthCheck: { tcp: {} },
  MeshRateLimit: { local: { tcp: { connectionRate: { num: 1, interval: '1s' } } } },
  MeshFaultInjection: { http: [{ abort: { httpStatus: 500, percentage: 1 } }] },
}

const EXACT = { type: 'Exact', value: 'spiffe://default/web' } as const
const SERVER = { type: 'Exact', value: 'a.b' } as const
const MESH = { kind: 'Mesh' }

const fieldsOf = (type: string, spec: object): readonly string[] =>
  accepted(type, { spec }).unenforced.map(({ field }) => field)

t.test('destinations are services by name, or all', async t => {
  for (const type of ['MeshTimeout', 'MeshRetry', 'MeshCircuitBreaker', 'MeshHealthCheck']) {
    const saysOf = (targetRef: object, top: object = MESH) => fieldsOf(type, to(CONFS[type], top, targetRef))
    t.same(saysOf(MESH), [], type)
    t.same(saysOf({ kind: 'MeshService', name: 'web' }), [], type)
    t.same(saysOf(MESH, { kind: 'MeshGateway', name: 'edge' }), ['spec.targetRef'], type)
    for (const targetRef of [
      { kind: 'MeshExternalService', name: 'web' },
      { kind: 'MeshMultiZoneService', name: 'web' },
      { kind: 'MeshService', labels: { a: 'b' } },
      { kind: 'MeshService', name: 'web', sectionName: 'http' },
    ])
      t.same(saysOf(targetRef), ['spec.to[0].targetRef'], `${type} ${JSON.stringify(targetRef)}`)
  }
  const route = { kind: 'MeshHTTPRoute', name: 'r' }
  const times = { http: { requestTimeout: '1s' } }
  t.same(fieldsOf('MeshTimeout', to(times, MESH, route)), [], 'requests of a route')
  t.same(fieldsOf('MeshTimeout', to(times, route)), [], 'of a route as a whole')
  t.same(fieldsOf('MeshRetry', to({ http: { numRetries: 1 } }, MESH, route)), [])
  const ofConnections = { connectionTimeout: '1s', idleTimeout: '1s', http: { maxConnectionDuration: '1s' } }
  t.same(
    fieldsOf('MeshTimeout', to(ofConnections, MESH, route)),
    ['connectionTimeout', 'idleTimeout', 'http.maxConnectionDuration'].map(
      field => `spec.to[0].default.${field}`,
    ),
  )
})

t.test('calls that come in to gateways', async t => {
  for (const type of ['MeshRateLimit', 'MeshFaultInjection'])
    t.same(fieldsOf(type, to(CONFS[type], MESH)), ['spec.to'], type)
})

t.test('clients are known by their tags, or all', async t => {
  const faultsOf = (client: object) => {
    const targetRef = { from: [{ targetRef: client, default: CONFS['MeshFaultInjection'] }] }
    return fieldsOf('MeshFaultInjection', targetRef)
  }
  t.same(faultsOf(MESH), [])
  t.same(faultsOf({ kind: 'MeshSubset', tags: { a: 'b' } }), [])
  t.same(faultsOf({ kind: 'MeshService', name: 'web' }), [])
  t.same(faultsOf({ kind: 'MeshServiceSubset', name: 'web', tags: { a: 'b' } }), [])
  t.same(faultsOf({ kind: 'MeshService', labels: { a: 'b' } }), ['spec.from[0].targetRef'])
  t.same(faultsOf({ kind: 'Mesh', proxyTypes: ['Gateway'] }), ['spec.from[0].targetRef.proxyTypes'])
})

t.test('connections are not told apart by client, requests are', async t => {
  t.same(fieldsOf('MeshTimeout', rules(CONFS['MeshTimeout'])), [])
  const times = { http: { requestTimeout: '1s' } }
  t.same(fieldsOf('MeshTimeout', rules(times, MESH, [{ spiffeID: EXACT }])), [])
  t.same(fieldsOf('MeshTimeout', rules({ idleTimeout: '1s' }, MESH, [{ sni: SERVER }])), [
    'spec.rules[0].default.idleTimeout',
  ])
  t.same(fieldsOf('MeshTimeout', from(times)), [])
  t.same(fieldsOf('MeshRateLimit', rules(CONFS['MeshRateLimit'])), [])
  t.same(fieldsOf('MeshRateLimit', rules(CONFS['MeshRateLimit'], MESH, [{ sni: SERVER }])), [])
})

t.test('a Retry cannot name the headers after which it tries again', async t => {
  const selectors = [{ match: { 'kuma.io/service': '*' } }]
  const { unenforced } = accepted('Retry', {
    sources: selectors,
    destinations: selectors,
    conf: { http: { retryOn: ['reset', 'retriable_headers'] } },
  })
  t.match(unenforced, [{ field: 'conf.http.retryOn[1]', message: /MeshRetry has retriableResponseHeaders/ }])
})
