/** Promises of cp/match/proxy.ts: whom a policy selects, and in which order policies act. */
import t from 'tap'
import type { Labels, Resource } from '../../../cp/kinds/kind.ts'
import type { DataplaneSpec } from '../../../cp/kinds/proxy/dataplane.ts'
import { inboundsOf } from '../../../cp/kinds/proxy/dataplane.ts'
import type { TargetRef } from '../../../cp/kinds/target-ref.ts'
import { policiesOfInbound } from '../../../cp/match/proxy.ts'
import { selectedPolicies } from '../../../cp/match/selection.ts'
import { MeshIndex } from '../../../cp/snapshot/mesh-view.ts'
import { aDataplane, aMesh, resource } from '../../support/resources.ts'

const SERVICE = 'kuma.io/service'

function aTimeout(name: string, targetRef?: TargetRef, labels?: Labels): Resource {
  return resource('MeshTimeout', 'default', name, targetRef === undefined ? {} : { targetRef }, labels)
}

function aGateway(name: string, type: 'BUILTIN' | 'DELEGATED'): Resource<DataplaneSpec> {
  const tags = { [SERVICE]: name, env: 'prod' }
  return resource('Dataplane', 'default', name, {
    networking: { address: '10.0.0.1', gateway: { type, tags } },
  })
}

function viewOf(...resources: readonly Resource[]): MeshIndex {
  const view = new MeshIndex(aMesh())
  for (const one of resources) view.change(one, one)
  return view
}

const web = aDataplane('web-1', { service: 'web', tags: { env: 'prod' }, labels: { team: 'a' } })
const two: Resource<DataplaneSpec> = {
  ...web,
  spec: {
    networking: {
      address: '10.0.0.2',
      inbound: [
        { port: 80, name: 'a', tags: { [SERVICE]: 'web', x: '1' } },
        { port: 81, name: 'b', tags: { [SERVICE]: 'api', y: '1' } },
        { port: 82, state: 'Ignored', tags: { [SERVICE]: 'db' } },
      ],
    },
  },
}
const client = resource<DataplaneSpec>('Dataplane', 'default', 'client-1', {
  networking: { address: '10.0.0.3' },
})
const edge = aGateway('edge', 'BUILTIN')
const kong = aGateway('kong', 'DELEGATED')
const listeners = [{ port: 80, protocol: 'HTTP', tags: { vhost: 'a' } }]
const meshGateway = resource('MeshGateway', 'default', 'gw', {
  selectors: [{ match: { [SERVICE]: 'edge' } }],
  tags: { tier: '1' },
  conf: { listeners },
})
const route = resource('MeshHTTPRoute', 'default', 'route', {
  targetRef: { kind: 'MeshService', name: 'web' },
  to: [],
})

for (const [what, ref, selected] of [
  ['no targetRef', undefined, ['client', 'edge', 'kong', 'two', 'web']],
  ['Mesh', { kind: 'Mesh' }, ['client', 'edge', 'kong', 'two', 'web']],
  ['sidecars', { kind: 'Mesh', proxyTypes: ['Sidecar'] }, ['client', 'two', 'web']],
  ['gateways', { kind: 'Mesh', proxyTypes: ['Gateway'] }, ['edge', 'kong']],
  ['tags of one inbound', { kind: 'MeshSubset', tags: { x: '1' } }, ['two']],
  ['tags of two inbounds together', { kind: 'MeshSubset', tags: { x: '1', y: '1' } }, []],
  ['tags of gateways too', { kind: 'MeshSubset', tags: { env: 'prod' } }, ['edge', 'kong', 'web']],
  ['tags of a MeshGateway', { kind: 'MeshSubset', tags: { tier: '1', vhost: 'a' } }, ['edge']],
  ['* is no wildcard', { kind: 'MeshSubset', tags: { env: '*' } }, []],
  ['a service', { kind: 'MeshService', name: 'web' }, ['two', 'web']],
  ['a service of a gateway', { kind: 'MeshService', name: 'kong' }, ['kong']],
  ['a part of a service', { kind: 'MeshServiceSubset', name: 'web', tags: { env: 'prod' } }, ['web']],
  ['a service whose inbound is ignored', { kind: 'MeshService', name: 'db' }, []],
  ['a Dataplane by name', { kind: 'Dataplane', name: 'client-1' }, ['client']],
  ['Dataplanes by labels', { kind: 'Dataplane', labels: { team: 'a' } }, ['two', 'web']],
  ['an inbound', { kind: 'Dataplane', labels: { team: 'a' }, sectionName: 'b' }, ['two']],
  ['a MeshGateway', { kind: 'MeshGateway', name: 'gw' }, ['edge']],
  ['a listener of a MeshGateway', { kind: 'MeshGateway', name: 'gw', tags: { vhost: 'b' } }, []],
  ['whom a route is for', { kind: 'MeshHTTPRoute', name: 'route' }, ['two', 'web']],
  ['a route that is not there', { kind: 'MeshHTTPRoute', name: 'none' }, []],
] as const) {
  t.test(`selects by ${what}`, async t => {
    const ofRef = ref === undefined ? undefined : (structuredClone(ref) as TargetRef)
    const view = viewOf(meshGateway, route, aTimeout('mt', ofRef))
    const all = { client, edge, kong, two, web }
    const found = Object.entries(all).filter(
      ([, one]) => selectedPolicies(view, 'MeshTimeout', one).length > 0,
    )
    t.same(
      found.map(([name]) => name),
      selected,
    )
  })
}

t.test('the stronger policy comes last: by kind, then the name that sorts first', async t => {
  const tags = { env: 'prod', 'kuma.io/protocol': 'http' }
  const view = viewOf(
    aTimeout('aaa'),
    aTimeout('bbb'),
    aTimeout('zzz', { kind: 'MeshSubset', tags }),
    aTimeout('svc', { kind: 'MeshService', name: 'web' }),
    aTimeout('shadow', undefined, { 'kuma.io/effect': 'shadow' }),
  )
  t.same(
    selectedPolicies(view, 'MeshTimeout', web).map(({ name }) => name),
    ['bbb', 'aaa', 'zzz', 'svc'],
  )
})

t.test('of inbounds each has its own policies', async t => {
  const view = viewOf(aTimeout('all'), aTimeout('x', { kind: 'MeshSubset', tags: { x: '1' } }))
  const names = inboundsOf(two.spec).map(inbound =>
    policiesOfInbound(view, 'MeshTimeout', two, inbound).map(({ name }) => name),
  )
  t.same(names, [['all', 'x'], ['all'], []])
})

t.test(
  'a policy for routes by their labels selects whom any of them selects, whichever came first',
  async t => {
    const routes = ['web', 'other'].map(name =>
      resource(
        'MeshHTTPRoute',
        'default',
        `of-${name}`,
        { targetRef: { kind: 'MeshService', name } },
        { app: 'x' },
      ),
    )
    const policy = aTimeout('mt', { kind: 'MeshHTTPRoute', labels: { app: 'x' } })
    for (const order of [routes, routes.toReversed()]) {
      t.equal(selectedPolicies(viewOf(...order, policy), 'MeshTimeout', web).length, 1)
    }
  },
)
