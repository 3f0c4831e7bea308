/** Promises of compiling outbounds and clusters. */
import t from 'tap'
import { checkSections } from '#contract/check.ts'
import type { Cluster } from '#contract/cluster.ts'
import { compile } from '../../../cp/compile/compile.ts'
import type { Resource } from '../../../cp/kinds/kind.ts'
import { destinationName } from '../../../cp/match/destination-name.ts'
import { MeshIndex } from '../../../cp/snapshot/mesh-view.ts'
import { sectionOf } from '../../../cp/snapshot/sections.ts'
import { aDataplane, aMesh } from '../../support/resources.ts'

const api1 = aDataplane('api-1', { service: 'api', address: '192.168.0.2', tags: { version: 'v1' } })
const api2 = aDataplane('api-2', { service: 'api', address: '192.168.0.3', tags: { version: 'v2' } })

t.test('what is compiled is sound by the contract', async t => {
  const web = aDataplane('web-1', { service: 'web', calls: ['api', 'nobody'] })
  const view = viewOf([web, api1])
  t.equal(checkSections(Object.fromEntries(compile(view, web))).ok, true)
})

t.test('an outbound leads to all serving instances of its service, and to its names only', async t => {
  const web = aDataplane('web-1', { service: 'web', calls: ['api'] })
  const asleep = aDataplane('api-3', { service: 'api', address: '192.168.0.4', state: 'NotReady' })
  const sections = compile(viewOf([web, api1, api2, asleep]), web)
  t.match(sections.get('listener/127.0.0.1:10001'), {
    direction: 'outbound',
    protocol: 'http',
    cluster: 'api',
  })
  t.same(sections.get('cluster/api'), {
    name: 'api',
    connectTimeoutMs: 5_000,
    endpoints: [
      { address: '192.168.0.2', port: 8080 },
      { address: '192.168.0.3', port: 8080 },
    ],
    tls: { sni: 'api{mesh=default}', trustDomain: 'default', serverIds: ['spiffe://default/api'] },
  })
})

t.test('an outbound with tags selects a subset, named as Kuma names it', async t => {
  const web = aDataplane('web-1', { calls: [{ 'kuma.io/service': 'api', version: 'v2' }] })
  const name = destinationName({ 'kuma.io/service': 'api', version: 'v2' })
  const sections = compile(viewOf([web, api1, api2]), web)
  t.same((sections.get(`cluster/${name}`) as Cluster).endpoints, [{ address: '192.168.0.3', port: 8080 }])
  t.equal(destinationName({ 'kuma.io/protocol': 'http', 'kuma.io/service': 'web' }), 'web-e816eaf96a14245f')
})

t.test('one instance that does not speak http makes the service tcp', async t => {
  const web = aDataplane('web-1', { calls: ['api'] })
  const raw = aDataplane('api-3', { service: 'api', protocol: 'tcp' })
  t.match(compile(viewOf([web, api1, raw]), web).get('listener/127.0.0.1:10001'), { protocol: 'tcp' })
})

t.test('services of any form of HTTP are called as http; their applications as they speak', async t => {
  for (const [protocol, carried] of [
    ['http', 'http'],
    ['http2', 'http2'],
    ['grpc', 'http2'],
    ['kafka', 'tcp'],
  ] as const) {
    const web = aDataplane('web-1', { calls: ['api'] })
    const api = aDataplane('api-1', { service: 'api', protocol })
    const view = viewOf([web, api])
    t.match(
      compile(view, web).get('listener/127.0.0.1:10001'),
      { protocol: carried === 'tcp' ? 'tcp' : 'http' },
      protocol,
    )
    t.match(
      compile(view, api).get('listener/192.168.0.1:8080'),
      { direction: 'inbound', protocol: carried },
      protocol,
    )
  }
})

t.test('a service that does not serve just now keeps its protocol', async t => {
  const web = aDataplane('web-1', { calls: ['api'] })
  const asleep = aDataplane('api-1', { service: 'api', state: 'NotReady' })
  const sections = compile(viewOf([web, asleep]), web)
  t.match(sections.get('listener/127.0.0.1:10001'), { protocol: 'http' })
  t.same((sections.get('cluster/api') as Cluster).endpoints, [])
})

t.test('data planes that call the same service share one section', async t => {
  const [web, job] = [aDataplane('web-1', { calls: ['api'] }), aDataplane('job-1', { calls: ['api'] })]
  const view = viewOf([web, job, api1])
  const ofWeb = compile(view, web).get('cluster/api') ?? {}
  t.equal(ofWeb, compile(view, job).get('cluster/api'))
  t.equal(sectionOf(ofWeb), sectionOf(compile(view, job).get('cluster/api') ?? {}))
})

t.test('identity names each service, then every tag', async t => {
  t.match(compile(viewOf([api1]), api1).get('identity'), {
    trustDomain: 'default',
    backend: 'ca-1',
    uris: [
      'spiffe://default/api',
      'kuma://kuma.io/protocol/http',
      'kuma://kuma.io/service/api',
      'kuma://version/v1',
    ],
  })
})

function viewOf(resources: readonly Resource[]): MeshIndex {
  const view = new MeshIndex(aMesh())
  for (const resource of resources) view.change(resource, resource)
  return view
}
