/** Promises of cp/snapshot/mesh-view.ts: whom a change touches, and who stays in rotation. */
import t from 'tap'
import type { Resource } from '../../../cp/kinds/kind.ts'
import { MeshIndex, type Touched } from '../../../cp/snapshot/mesh-view.ts'
import { aDataplane, aMesh, aPermission } from '../../support/resources.ts'

t.test('a new endpoint touches those who call its service, and itself', async t => {
  const view = viewOf([aDataplane('web-1', { calls: ['api'] }), aDataplane('job-1', { calls: ['db'] })])
  const api = aDataplane('api-1', { service: 'api' })
  t.same(names(view.change(api, api)), ['api-1', 'web-1'])
})

t.test('a data plane that changes its service touches the callers of both', async t => {
  const view = viewOf([
    aDataplane('web-1', { calls: ['api'] }),
    aDataplane('job-1', { calls: ['db'] }),
    aDataplane('x-1', { service: 'api' }),
  ])
  const moved = aDataplane('x-1', { service: 'db' })
  t.same(names(view.change(moved, moved)), ['job-1', 'web-1', 'x-1'])
  t.equal(view.instancesOf('api').length, 0)
  t.equal(view.instancesOf('db').length, 1)
})

t.test('a policy touches whom it selects, before and after; an insight nobody', async t => {
  const view = viewOf([
    aDataplane('web-1', { calls: ['api'] }),
    aDataplane('api-1', { service: 'api' }),
    aDataplane('job-1'),
  ])
  const everybody = aPermission('p', undefined, [])
  const ofWeb = aPermission('p', { kind: 'Dataplane', name: 'web-1' }, [])
  const ofApi = aPermission('p', { kind: 'MeshService', name: 'api' }, [])
  t.same(names(view.change(ofWeb, ofWeb)), ['web-1'])
  t.same(names(view.change(ofApi, ofApi)), ['api-1', 'web-1'])
  t.same(names(view.change(everybody, everybody)), ['api-1', 'job-1', 'web-1'])
  t.same(names(view.change(ofApi, null)), ['api-1', 'job-1', 'web-1'])
  t.same(names(view.change(ofApi, null)), [], 'it is gone already')
  const insight = { ...aDataplane('web-1'), type: 'DataplaneInsight' }
  t.same(names(view.change(insight, insight)), [])
})

t.test('whoever was compiled of a service is touched by it, until it is compiled without', async t => {
  const web = aDataplane('web-1', { calls: ['api'] })
  const view = viewOf([web, aDataplane('job-1')])
  t.same(view.unwatchedNames(), ['web-1', 'job-1'])
  const canary = aDataplane('canary-1', { service: 'canary' })
  view.watching('web-1', () => [view.instancesOf('api'), view.instancesOf('canary')])
  t.same(view.unwatchedNames(), ['job-1'])
  t.same(names(view.change(canary, canary)), ['canary-1', 'web-1'])
  t.same([...view.callersOf('canary-1')], ['web-1'])
  t.same([...view.copy().callersOf('canary-1')], ['web-1'])
  const calling = aDataplane('web-1', { calls: ['canary'] })
  view.change(calling, calling)
  view.watching('web-1', () => view.instancesOf('canary'))
  view.watching('web-1', () => [])
  t.same(names(view.change(canary, canary)), ['canary-1', 'web-1'], 'by its outbound')
  view.change(web, web)
  t.same(names(view.change(canary, canary)), ['canary-1'])
})

t.test('instances stay the same array until one of them changes', async t => {
  const view = viewOf([aDataplane('api-1', { service: 'api' }), aDataplane('db-1', { service: 'db' })])
  const before = view.instancesOf('api')
  view.change(aDataplane('db-2', { service: 'db' }), aDataplane('db-2', { service: 'db' }))
  t.equal(view.instancesOf('api'), before)
  view.setRotation('api-1', 'lost')
  t.not(view.instancesOf('api'), before)
})

t.test('who is lost leaves rotation and comes back', async t => {
  const view = viewOf(
    [1, 2, 3]
      .map(i => aDataplane(`api-${i}`, { service: 'api' }))
      .concat(aDataplane('web-1', { calls: ['api'] })),
  )
  t.same(names(view.setRotation('api-1', 'lost')), ['web-1'])
  t.same(serving(view), ['api-2', 'api-3'])
  view.setRotation('api-1', 'in')
  t.same(serving(view), ['api-1', 'api-2', 'api-3'])
})

t.test('a control plane that lost more than half of a service trusts none of the losses', async t => {
  const view = viewOf([1, 2, 3].map(i => aDataplane(`api-${i}`, { service: 'api' })))
  view.setRotation('api-1', 'lost')
  view.setRotation('api-2', 'lost')
  t.same(serving(view), ['api-1', 'api-2', 'api-3'])
})

t.test('who leaves is out at once, but the last one stays listed until it is gone', async t => {
  const view = viewOf([1, 2].map(i => aDataplane(`api-${i}`, { service: 'api' })))
  view.setRotation('api-1', 'left')
  t.same(serving(view), ['api-2'])
  view.setRotation('api-2', 'left')
  t.same(serving(view), ['api-1', 'api-2'])
  view.change(aDataplane('api-2'), null)
  view.change(aDataplane('api-1'), null)
  t.same(serving(view), [])
})

function viewOf(resources: readonly Resource[]): MeshIndex {
  const view = new MeshIndex(aMesh())
  for (const resource of resources) view.change(resource, resource)
  return view
}

function names(touched: Touched): readonly string[] {
  return touched === 'all' ? ['all'] : [...touched].sort()
}

function serving(view: MeshIndex): readonly string[] {
  return view
    .instancesOf('api')
    .filter(instance => instance.isServing)
    .map(instance => instance.dataplane)
}
