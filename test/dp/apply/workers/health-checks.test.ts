/** One worker probes for all, and probes as often as it should whichever of them is called. */
import t from 'tap'
import type { HealthCheck } from '#contract/resilience/health-check.ts'
import { mustApply } from '../../../support/engine-pair.ts'
import { startMisbehaving } from '../../../support/misbehaving.ts'
import { freePorts } from '../../../support/ports.ts'
import { aCluster, anOutbound } from '../../../support/snapshots.ts'
import { startWorkers } from '../../../support/workers.ts'

const CHECK: HealthCheck = {
  type: 'http',
  policy: 'MeshHealthCheck/often',
  path: '/ready',
  host: 'app',
  headers: [],
  statuses: [200],
  intervalMs: 20,
  timeoutMs: 5_000,
  unhealthyThreshold: 1,
  healthyThreshold: 1,
  initialJitterMs: 0,
  intervalJitterMs: 0,
  intervalJitterPercent: 0,
  noTrafficIntervalMs: 3_600_000,
  reusesConnection: true,
  logsAllFailures: false,
}

t.test('the first call ends the interval without traffic, in whichever worker it is', async t => {
  const app = await startMisbehaving(t)
  const [port = 0] = await freePorts(1)
  const { engine, threads } = startWorkers(t, 3)
  await mustApply(engine, {
    listeners: [anOutbound(port, 'app')],
    clusters: [aCluster('app', [app.port], { tls: null, healthChecks: [CHECK] })],
  })
  await app.until(seen => seen.byPath['/ready'] === 1)
  // as the other workers tell it: which of them the kernel gives a connection is not known
  threads[0]?.postMessage({ health: { cluster: 'app', isCalled: true } })
  await app.until(seen => (seen.byPath['/ready'] ?? 0) >= 5)
})

t.test('a worker that does not probe tells of its first call', async t => {
  const app = await startMisbehaving(t)
  const [port = 0] = await freePorts(1)
  const { engine, threads } = startWorkers(t, 2)
  const told = new Promise<unknown>(resolve => {
    threads[1]?.on('message', (message: { readonly health?: unknown }) => {
      if (message.health !== undefined) resolve(message.health)
    })
  })
  await mustApply(engine, {
    listeners: [anOutbound(port, 'app')],
    clusters: [aCluster('app', [app.port], { tls: null, healthChecks: [CHECK] })],
  })
  let isTold = false
  void told.then(() => {
    isTold = true
  })
  while (!isTold)
    await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(answer =>
      answer.text(),
    )
  t.same(await told, { cluster: 'app', isCalled: true })
  await app.until(seen => (seen.byPath['/ready'] ?? 0) >= 5)
})
