/** Promises of cp/compile/routing/mesh-tcp-route.ts, seen in the compiled outbound of web-1. */
import t from 'tap'
import type { OutboundListener } from '#contract/listener.ts'
import type { Resource } from '../../../../cp/kinds/kind.ts'
import { aPolicy, Compiled, meshOf, toService } from '../../../support/compiled.ts'
import { aDataplane } from '../../../support/resources.ts'

const BASE = [
  aDataplane('web-1', { calls: ['db', 'api'] }),
  aDataplane('db-1', { service: 'db', protocol: 'tcp' }),
  aDataplane('db-new-1', { service: 'db-new', protocol: 'tcp' }),
  aDataplane('api-1', { service: 'api' }),
]
const [DB, API] = [10_001, 10_002]

t.test('the connections of an outbound go to the backends by weight', async t => {
  const refs = [{ ...toService('db'), weight: 3 }, toService('db-new')]
  const compiled = compiledWith(aTcpRoute('split', 'db', refs))
  t.same(compiled.outbound(DB), {
    direction: 'outbound',
    address: '127.0.0.1',
    port: DB,
    protocol: 'tcp',
    cluster: 'db',
    backends: [
      { cluster: 'db', weight: 3 },
      { cluster: 'db-new', weight: 1 },
    ],
    policy: 'MeshTCPRoute/split',
  })
  t.same(compiled.clusterNames(), ['cluster/api', 'cluster/db', 'cluster/db-new'])
})

t.test('what gets nothing is left out; where nobody is left the service itself takes the calls', async t => {
  const backends = (refs: readonly object[]) =>
    compiledWith(aTcpRoute('r', 'db', refs))
      .outbound(DB)
      .backends?.map(({ cluster }) => cluster)
  t.same(backends([{ ...toService('db'), weight: 0 }, toService('db-new')]), ['db-new'])
  t.same(backends([toService('nobody'), toService('db-new')]), ['db-new'])
  t.equal(backends([toService('nobody')]), undefined)
})

t.test('the list of the strongest policy replaces the others and is named', async t => {
  const wide = aTcpRoute('wide', 'db', [toService('db-new')])
  const narrow = aTcpRoute('narrow', 'db', [toService('api')], { kind: 'MeshService', name: 'web-1' })
  t.match(compiledWith(wide, narrow).outbound(DB), {
    policy: 'MeshTCPRoute/narrow',
    backends: [{ cluster: 'api', weight: 1 }],
  })
})

t.test('an outbound of HTTP has backends where no MeshHTTPRoute names its service', async t => {
  const tcp = aTcpRoute('r', 'api', [toService('db-new')])
  const http = (service: string) =>
    aPolicy('MeshHTTPRoute', 'h', {
      to: [{ targetRef: toService(service), rules: [{ matches: [{ method: 'GET' }], default: {} }] }],
    })
  const shown = (...policies: readonly Resource[]) => parts(compiledWith(...policies).outbound(API))
  t.same(shown(tcp), ['backends', 'policy'])
  t.same(shown(tcp, http('other')), ['backends', 'policy'])
  t.same(shown(tcp, http('api')), ['routes'])
})

t.test('a TrafficRoute gives way to either, one for TCP only where a MeshTCPRoute is', async t => {
  const legacy = aPolicy('TrafficRoute', 'old', {
    sources: [{ match: { 'kuma.io/service': '*' } }],
    destinations: [{ match: { 'kuma.io/service': '*' } }],
    conf: { destination: { 'kuma.io/service': 'db-new' } },
  })
  const shown = (...policies: readonly Resource[]) =>
    [DB, API].map(port => compiledWith(legacy, ...policies).outbound(port).policy ?? null)
  const http = aPolicy('MeshHTTPRoute', 'h', { to: [{ targetRef: toService('other'), rules: [] }] })
  t.same(shown(), ['TrafficRoute/old', 'TrafficRoute/old'])
  t.same(shown(http), ['TrafficRoute/old', null])
  t.same(shown(aTcpRoute('t', 'db', [toService('db-new')])), ['MeshTCPRoute/t', null])
})

function aTcpRoute(name: string, service: string, refs: readonly object[], targetRef?: object): Resource {
  const rules = [{ default: { backendRefs: refs } }]
  return aPolicy('MeshTCPRoute', name, { to: [{ targetRef: toService(service), rules }] }, targetRef)
}

function compiledWith(...policies: readonly Resource[]): Compiled {
  return new Compiled(meshOf([...BASE, ...policies]), 'web-1')
}

function parts(listener: OutboundListener): readonly string[] {
  return Object.keys(listener).filter(key => ['routes', 'backends', 'policy'].includes(key))
}
