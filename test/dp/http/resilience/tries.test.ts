/** A try that is over stays over: neither a connection that comes late nor its time begins anything while the next waits. */
import t from 'tap'
import { mustApply, startPair } from '../../../support/engine-pair.ts'
import { startGate } from '../../../support/gate.ts'
import { eventually } from '../../../support/lab.ts'
import { startMisbehaving } from '../../../support/misbehaving.ts'
import { freePorts } from '../../../support/ports.ts'
import { aRetry, callingEngine } from '../../../support/retried.ts'
import { aCluster, anOutbound, clusterTls, LOOPBACK, trustOf } from '../../../support/snapshots.ts'

/** Long enough for what has to happen within them on a machine that is busy. */
const PER_TRY_MS = 500
const PAUSE_MS = 1200
const RETRY = aRetry({
  on: ['5xx'],
  retries: 9,
  perTryMs: PER_TRY_MS,
  backOff: { baseMs: 2 * PAUSE_MS, maxMs: 2 * PAUSE_MS },
})

t.beforeEach(t => {
  const { random } = Math
  // Pauses are drawn: half of the longest, so that what comes late comes within one.
  Math.random = () => 0.5
  t.teardown(() => {
    Math.random = random
  })
})

t.test('a connection that comes after its try was given up is not used for it', async t => {
  const app = await startMisbehaving(t)
  await app.tell({ do: 'sequence', steps: [{ do: 'hang' }, { do: 'ok' }] })
  const pair = await startPair(t, { appPort: app.port })
  const gate = await startGate(pair.inPort, 0)
  t.teardown(gate.close)
  await mustApply(pair.web, {
    listeners: [anOutbound(pair.outPort, 'gated', { retry: RETRY })],
    clusters: [aCluster('gated', [gate.port], { tls: clusterTls('backend') })],
    trust: [trustOf(pair.ca)],
  })
  const status = () => pair.web.status().outbounds[0]
  const answer = fetch(`http://${LOOPBACK}:${pair.outPort}`)
  await gate.isHolding
  await eventually(
    async () => status()?.counters['retries'],
    retries => retries === 1,
  )
  gate.release()
  t.equal((await answer).status, 200)
  t.ok((status()?.counters['retries'] ?? 0) >= 2, 'the one that hung had its time as well')
  t.equal(status()?.endpoints[0]?.active, 0, 'nothing is lent any more')
})

t.test('the time of a try ends with it, not in the pause before the next', async t => {
  const [port = 0] = await freePorts(1)
  const { engine, url } = await callingEngine(t, [port], { retry: RETRY })
  const status = () => engine.status().outbounds[0]
  const answer = fetch(url)
  await eventually(
    async () => status()?.counters['retries'],
    retries => retries === 1,
  )
  const app = await startMisbehaving(t, { port })
  t.equal((await answer).status, 200)
  t.equal(app.seen.requests, 1)
  t.equal(status()?.counters['retries'], 1)
  t.equal(status()?.endpoints[0]?.active, 0)
})
