/** What a probe by HTTP asks for: its own header fields, those in place of them, and those beside them. */
import t from 'tap'
import { anEngine, mustApply } from '../../../support/engine-pair.ts'
import { rawServer } from '../../../support/raw-sockets.ts'
import { aCluster, PROBE_TIMES } from '../../../support/snapshots.ts'

t.test('header fields are set in place of the own ones, or added to them', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const check = {
    ...PROBE_TIMES,
    type: 'http',
    path: '/ready',
    host: 'backend',
    set: [{ name: 'user-agent', value: 'prober' }],
    headers: [{ name: 'x-forwarded-proto', value: 'mine' }],
    statuses: [200],
  } as const
  await mustApply(anEngine(t), {
    clusters: [aCluster('app', [app.port], { tls: null, healthChecks: [check] })],
  })
  const request = await (await app.peer(0)).hears('\r\n\r\n')
  t.match(request, /^GET \/ready HTTP\/1\.1\r\n/)
  t.same(
    request.split('\r\n').filter(line => /^(host|user-agent|x-forwarded-proto):/i.test(line)),
    ['host: backend', 'x-forwarded-proto: http', 'user-agent: prober', 'x-forwarded-proto: mine'],
  )
})
