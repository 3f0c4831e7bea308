/** Promises about probed inbounds: callers get them once their daemon says that the application is up. */
import t from 'tap'
import { FEATURES } from '#contract/version.ts'
import type { Resource } from '../../../cp/kinds/kind.ts'
import type { DataplaneSpec, ServiceProbeSpec } from '../../../cp/kinds/proxy/dataplane.ts'
import { MeshIndex } from '../../../cp/snapshot/mesh-view.ts'
import { type FakeDaemon, startPush } from '../../support/push-fixture.ts'
import { aDataplane, aMesh } from '../../support/resources.ts'

const PLACE = '192.168.0.1:8080'
const NEW = { features: FEATURES }

function probed(name: string, probe: ServiceProbeSpec | null = { tcp: {} }): Resource<DataplaneSpec> {
  const dataplane = aDataplane(name, { service: 'api' })
  const [inbound] = dataplane.spec.networking?.inbound ?? []
  if (inbound !== undefined && probe !== null) inbound.serviceProbe = probe
  return dataplane
}

function tells(daemon: FakeDaemon, isReady: boolean, reason = isReady ? '' : 'nobody listens'): void {
  daemon.says({ type: 'readiness', inbounds: { [PLACE]: { isReady, reason, sinceMs: 1_000 } } })
}

t.test('an inbound is called once its daemon says so, and not while it says otherwise', async t => {
  const push = await startPush(t)
  const web = await push.live(aDataplane('web-1', { calls: ['api'] }))
  const api = await push.live(probed('api-1'), NEW)
  t.same(push.serving('api'), [], 'no probe has succeeded yet')
  const revision = push.store.revision()
  tells(api, true)
  t.same(push.serving('api'), ['api-1'])
  await push.context.scheduler.idle()
  t.match(JSON.stringify(await web.acknowledges()), '192.168.0.1', 'its callers are told')
  tells(api, false)
  t.same(push.serving('api'), [])
  await push.context.scheduler.idle()
  t.notMatch(JSON.stringify(await web.acknowledges()), '192.168.0.1')
  t.equal(push.store.revision(), revision, 'nothing of it is written')
  t.equal(push.context.scheduler.mesh('default')?.rotation('api-1'), 'in', 'its connection is another matter')
})

t.test('what is told again pushes nothing', async t => {
  const push = await startPush(t)
  await push.live(aDataplane('web-1', { calls: ['api'] }))
  const api = await push.live(probed('api-1'), NEW)
  const { scheduler } = push.context
  const ofWeb = async () => {
    await scheduler.idle()
    return scheduler.snapshot('default', 'web-1')
  }
  tells(api, false)
  const before = await ofWeb()
  tells(api, false, 'another reason')
  t.equal(await ofWeb(), before)
  tells(api, true)
  t.not(await ofWeb(), before)
})

t.test('who is cut off keeps what it said; who stopped has to say it anew', async t => {
  const push = await startPush(t)
  const api = await push.live(probed('api-1'), NEW)
  tells(api, true)
  api.drop()
  t.same(push.serving('api'), ['api-1'])
  const index = push.context.scheduler.mesh('default')
  index?.setRotation('api-1', 'lost')
  index?.setRotation('api-1', 'in')
  t.same(push.serving('api'), ['api-1'])
  index?.setRotation('api-1', 'left')
  index?.setRotation('api-1', 'out')
  index?.setRotation('api-1', 'in')
  t.same(push.serving('api'), [])
})

t.test('a probe that is new to an inbound takes it from nobody', async t => {
  const push = await startPush(t)
  const api = await push.live(probed('api-1', null), NEW)
  t.same(push.serving('api'), ['api-1'])
  await push.put(probed('api-1'))
  await push.context.scheduler.caughtUp()
  t.same(push.serving('api'), ['api-1'], 'until its first probe says otherwise')
  tells(api, false)
  t.same(push.serving('api'), [])
  await push.put(probed('api-1', { http: { path: '/up' } }))
  await push.context.scheduler.caughtUp()
  t.same(push.serving('api'), [], 'another probe changes nothing by itself')
  await push.put(probed('api-1', null))
  await push.context.scheduler.caughtUp()
  t.same(push.serving('api'), ['api-1'], 'not probed any more: ready')
})

t.test('a daemon that cannot probe has its inbounds called', async t => {
  const push = await startPush(t)
  await push.live(probed('api-1'), { features: [] })
  t.same(push.serving('api'), ['api-1'])
})

t.test(
  'after a start of the control plane inbounds are called until their daemons say otherwise',
  async t => {
    const index = new MeshIndex(aMesh())
    index.load(probed('api-1'))
    const isServing = () => index.instancesOf('api').map(one => one.isServing)
    t.same(isServing(), [true])
    index.setReadiness('api-1', {})
    t.same(isServing(), [true], 'its first probe is not over')
    index.setReadiness('api-1', { [PLACE]: { isReady: false, reason: 'x', sinceMs: 1 } })
    t.same(isServing(), [false])
    t.same(index.copy().instancesOf('api'), index.instancesOf('api'))
  },
)

t.test('what the Dataplane says goes before what probes say', async t => {
  const index = new MeshIndex(aMesh())
  const written = probed('api-1')
  const [inbound] = written.spec.networking?.inbound ?? []
  if (inbound !== undefined) inbound.state = 'NotReady'
  index.load(written)
  index.setReadiness('api-1', { [PLACE]: { isReady: true, reason: '', sinceMs: 1 } })
  t.same(
    index.instancesOf('api').map(one => one.isServing),
    [false],
  )
})

t.test('a frame that makes no sense ends the session', async t => {
  const push = await startPush(t)
  const api = await push.live(probed('api-1'), NEW)
  api.saysText('{"type":"readiness","inbounds":{"192.168.0.1:8080":{"isReady":"yes"}}}')
  t.match(await api.hears('reject'), { code: 'push.bad-frame' })
})
