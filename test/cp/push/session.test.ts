/** Promises of cp/push/session.ts: nothing that a data plane says or leaves unsaid harms the others or its successor. */
import t from 'tap'
import { documentOf, startPush } from '../../support/push-fixture.ts'
import { aDataplane, aMesh } from '../../support/resources.ts'

const API = aDataplane('api-1', { service: 'api' })

for (const text of [
  '{',
  'null',
  '5',
  '{"type":"constructor"}',
  '{"type":"toString"}',
  '{"type":"hello"}',
  '{"type":"hello","protocol":1,"instance":"x","incarnation":"2","dpVersion":"","features":[],"have":null,"host":""}',
  '{"type":"hello","protocol":1,"instance":"x","incarnation":1,"dpVersion":"","features":[],"have":5,"host":""}',
]) {
  t.test(`turns away who begins with ${text.slice(0, 40)}`, async t => {
    const { daemon } = await startPush(t)
    const stranger = daemon('web-1')
    stranger.saysText(text)
    t.match(await stranger.hears('reject'), { code: 'push.bad-frame', permanent: false })
    t.ok(stranger.isClosing)
  })
}

for (const text of [
  '{"type":"ack"}',
  '{"type":"refuse","version":{"epoch":1,"revision":1}}',
  '{"type":"issue"}',
  '{"type":"report","certificate":{"notBeforeMs":0,"notAfterMs":9e15,"backend":"x"}}',
]) {
  t.test(`turns away who goes on with ${text}`, async t => {
    const { live } = await startPush(t)
    const daemon = await live(API)
    daemon.saysText(text)
    t.match(await daemon.hears('reject'), { code: 'push.bad-frame' })
  })
}

t.test('a second hello and frames before hello do not fit', async t => {
  const { live, daemon } = await startPush(t)
  const one = await live(API)
  one.hello()
  t.match(await one.hears('reject'), { code: 'push.bad-frame', message: /hello does not fit here/ })
  const early = daemon('web-1')
  early.says({ type: 'leave' })
  t.match(await early.hears('reject'), { code: 'push.bad-frame' })
})

t.test('who says nothing is cut when a lease would be over', async t => {
  const { daemon } = await startPush(t, { leaseMs: 20 })
  const silent = daemon('web-1')
  t.equal(silent.isClosing, false)
  while (!silent.isClosing) await new Promise(resolve => setTimeout(resolve, 5))
})

t.test('a connection that ends while it registers leaves nothing behind that is taken for live', async t => {
  const fixture = await startPush(t)
  const disk = Promise.withResolvers<void>()
  fixture.gate = disk.promise
  const daemon = fixture.daemon('api-1')
  daemon.hello({ dataplane: documentOf(API) })
  await new Promise(resolve => setImmediate(resolve))
  daemon.drop()
  disk.resolve()
  await fixture.context.turns.take('default', 'api-1', async () => {})
  t.equal(fixture.context.sessions.count, 0)
  t.equal(fixture.context.scheduler.snapshot('default', 'api-1'), null)
  await fixture.live(API)
})

t.test('who is lost is compiled for no more', async t => {
  const { live, context, put, store } = await startPush(t, { leaseMs: 30 })
  await live(API)
  while (context.sessions.isHeld('default', 'api-1')) await new Promise(resolve => setTimeout(resolve, 10))
  await put(aDataplane('api-1', { service: 'api', port: 9_999 }))
  await context.scheduler.idle()
  t.ok(store.revision() > 0)
  t.equal(context.scheduler.snapshot('default', 'api-1'), null)
})

t.test('a disk that fails is told with its reason, is no lasting fault, and frees the name', async t => {
  const fixture = await startPush(t)
  fixture.gate = Promise.reject(Object.assign(new Error('no space left on device'), { code: 'store.disk' }))
  fixture.gate.catch(() => {})
  const unlucky = fixture.daemon('api-1')
  unlucky.hello({ dataplane: documentOf(API) })
  t.match(await unlucky.hears('reject'), { code: 'store.disk', message: /no space left/, permanent: false })
  unlucky.drop()
  fixture.gate = Promise.resolve()
  await fixture.live(API, { instance: 'vm-2' })
})

t.test('a token that demands the zone sees the tag that the Dataplane gets', async t => {
  const { daemon } = await startPush(t, { zone: 'east' })
  const proof = {
    fits: (dataplane: { readonly spec: unknown }) =>
      JSON.stringify(dataplane.spec).includes('"kuma.io/zone":"east"') ? null : 'wrong zone',
  }
  const web = daemon('web-1', proof)
  web.hello({ dataplane: documentOf(aDataplane('web-1')) })
  await web.hears('welcome')
  const again = daemon('web-1', proof)
  again.hello({ dataplane: documentOf(aDataplane('web-1')), incarnation: 2 })
  await again.hears('welcome')
})

t.test('a mesh that does not want the Dataplane says why, with the place', async t => {
  const { daemon, put } = await startPush(t)
  const { spec } = aMesh()
  const constraints = { dataplaneProxy: { requirements: [{ tags: { team: '*' } }] } }
  await put({ ...aMesh(), spec: { ...spec, constraints } } as ReturnType<typeof aMesh>)
  const stranger = daemon('web-1')
  stranger.hello({ dataplane: documentOf(aDataplane('web-1')) })
  const { violations, ...rest } = await stranger.hears('reject')
  t.match(rest, { code: 'push.invalid-dataplane', permanent: true })
  t.ok(violations.length > 0)
})

t.test('a Dataplane of an operator outlives its daemon, and serves nobody without it', async t => {
  const { live, put, has, serving, context } = await startPush(t)
  await put(API)
  const daemon = await live(API, { dataplane: null })
  t.same(serving('api'), ['api-1'])
  daemon.says({ type: 'leave' })
  await daemon.hears('left')
  t.same(serving('api'), ['api-1'], 'the only one, as long as it may still finish calls')
  daemon.drop()
  await context.turns.take('default', 'api-1', async () => {})
  t.ok(await has('api-1'))
  t.same(serving('api'), [])
  await live(API, { dataplane: null, incarnation: 2 })
  t.same(serving('api'), ['api-1'])
})

t.test('who cannot run its first snapshot serves nobody until it can', async t => {
  const { daemon, serving, put } = await startPush(t)
  const one = daemon('api-1')
  one.hello({ dataplane: documentOf(API) })
  const { version } = await one.hears('snapshot')
  one.says({ type: 'refuse', version, violations: [{ path: 'listener/x', message: 'in use' }] })
  t.same(serving('api'), [])
  await put(aDataplane('api-1', { service: 'api', port: 9_999 }))
  await one.acknowledges()
  t.same(serving('api'), ['api-1'])
})

t.test('a certificate from before the session is shown as the data plane reports it', async t => {
  const fixture = await startPush(t)
  const daemon = await fixture.live(API)
  const mtls = (): unknown => fixture.context.insights.spec('default', 'api-1')?.mTLS
  const notBeforeMs = Date.parse('2026-01-01T00:00:00Z')
  const notAfterMs = Date.parse('2026-01-08T00:10:00Z')
  daemon.says({ type: 'report', certificate: { notBeforeMs, notAfterMs, backend: 'ca-1' } })
  t.same(mtls(), {
    certificateExpirationTime: '2026-01-08T00:10:00.000Z',
    // certificates begin ten minutes before they are made
    lastCertificateRegeneration: '2026-01-01T00:10:00.000Z',
    certificateRegenerations: 1,
    issuedBackend: 'ca-1',
    supportedBackends: ['ca-1'],
  })
  daemon.says({ type: 'report', certificate: null })
  t.equal(mtls(), undefined, 'as in Kuma without mTLS')
})

t.test('what was issued here is known better than its certificate tells', async t => {
  const fixture = await startPush(t)
  const daemon = await fixture.live(API)
  const state = fixture.context.insights.get('default', 'api-1')
  if (state === undefined) throw new Error('no insight')
  state.certificate = { notAfterMs: 9_000, issuedAtMs: 4_000, regenerations: 3, backend: 'ca-1' }
  daemon.says({ type: 'report', certificate: { notBeforeMs: 1_000, notAfterMs: 9_000, backend: 'ca-1' } })
  t.match(state.certificate, { issuedAtMs: 4_000, regenerations: 3 })
  daemon.says({ type: 'report', certificate: { notBeforeMs: 1_000, notAfterMs: 8_000, backend: 'ca-1' } })
  t.match(state.certificate, { notAfterMs: 8_000, regenerations: 3 }, 'the one in use is shown')
})
