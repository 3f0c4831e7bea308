/** The probes of all inbounds through changes of configuration, and what of it is in the log. */
import t from 'tap'
import { createLogger } from '#base/log.ts'
import type { InboundListener, OutboundListener } from '#contract/listener.ts'
import type { ServiceProbe } from '#contract/resilience/service-probe.ts'
import type { Asked } from '../../../dp/probe/ask/asked.ts'
import { Probes } from '../../../dp/probe/probes.ts'
import { TestClock } from '../../support/keeper-clock.ts'

const NOW_MS = 1_000_000
const TCP: ServiceProbe = {
  type: 'tcp',
  intervalMs: 1_000,
  timeoutMs: 500,
  unhealthyThreshold: 1,
  healthyThreshold: 1,
}
const WEB: InboundListener = {
  direction: 'inbound',
  address: '192.168.0.1',
  port: 80,
  protocol: 'http',
  service: 'web',
  upstream: { address: '127.0.0.1', port: 8080 },
  tls: null,
  probe: TCP,
}
const API: InboundListener = { ...WEB, port: 81, service: 'api', upstream: { ...WEB.upstream, port: 8081 } }
const OUTBOUND: OutboundListener = {
  direction: 'outbound',
  address: '127.0.0.1',
  port: 80,
  protocol: 'http',
  cluster: 'web',
}

/** Applications by their port: why they take no calls; `hangs`: no answer. */
function probing(faults: Record<number, string> = {}) {
  const clock = new TestClock(NOW_MS)
  const asked: Asked[] = []
  const lines: { level: string; msg: string }[] = []
  let changes = 0
  let aborted = 0
  const log = createLogger({
    level: 'info',
    name: 'test',
    to: { write: line => void lines.push(JSON.parse(line)) },
  })
  const probes = new Probes({
    log,
    clock,
    onChange: () => changes++,
    ask: (one, signal) => {
      asked.push(one)
      signal.addEventListener('abort', () => aborted++)
      const fault = faults[one.port] ?? ''
      return fault === 'hangs' ? new Promise(() => {}) : Promise.resolve(fault)
    },
  })
  return {
    probes,
    clock,
    asked,
    lines,
    faults,
    changes: () => changes,
    aborted: () => aborted,
    pass: (ms: number) => clock.advance(ms, settled),
    async watch(...listeners: readonly (InboundListener | OutboundListener)[]): Promise<void> {
      probes.watch(new Map(listeners.map(one => [`${one.address}:${one.port}`, one])))
      await settled()
    },
  }
}

t.test('each probed inbound is in the report once something is known of it', async t => {
  const { probes, watch } = probing({ 8080: 'hangs', 8081: 'connection refused' })
  t.equal(probes.report, null)
  await watch(WEB, API, OUTBOUND)
  t.same(probes.report, {
    '192.168.0.1:81': { isReady: false, reason: 'tcp probe: connection refused', sinceMs: NOW_MS },
  })
})

t.test('the log says what is told, once', async t => {
  const { faults, lines, watch, pass } = probing({ 8080: 'connection refused' })
  await watch(WEB)
  await pass(5_000)
  faults[8080] = ''
  await pass(5_000)
  t.match(lines, [
    {
      level: 'warn',
      inbound: '192.168.0.1:80',
      service: 'web',
      reason: 'tcp probe: connection refused',
      msg: 'inbound is not ready',
    },
    { level: 'info', inbound: '192.168.0.1:80', service: 'web', msg: 'inbound is ready' },
  ])
  t.equal(lines.length, 2)
})

t.test('changes that do not concern the probe leave it as it is', async t => {
  const { asked, probes, watch, pass, clock } = probing()
  await watch(WEB)
  const { report } = probes
  await pass(500)
  await watch({ ...WEB, service: 'shop', upstream: { ...WEB.upstream, connectTimeoutMs: 7 }, tls: null })
  t.equal(asked.length, 1, 'it is not asked at once')
  t.same(probes.report, report)
  await pass(500)
  t.equal(asked.length, 2)
  t.equal(clock.timers, 1)
})

t.test('another probe starts anew, and what was told holds until it has found something', async t => {
  const { asked, faults, probes, watch, pass, aborted } = probing()
  await watch(WEB)
  const { report } = probes
  for (const [changed, number] of [
    [{ ...WEB, probe: { ...TCP, unhealthyThreshold: 9 } }, 1],
    [{ ...WEB, upstream: { address: '127.0.0.1', port: 9_999 } }, 2],
    [{ ...WEB, protocol: 'http2' }, 3],
  ] as const) {
    faults[changed.upstream.port] = 'hangs'
    await watch(changed)
    t.equal(asked.length, number + 1)
    t.same(probes.report, report)
  }
  t.ok(aborted() >= 2, 'the probes before were given up')
  faults[8080] = 'answered 500'
  await watch({ ...WEB, probe: { ...TCP, unhealthyThreshold: 8 } })
  t.match(probes.report, { '192.168.0.1:80': { isReady: false, reason: 'answered 500' } })
  await pass(0)
})

t.test('a new probe does not get round the limit of recoveries', async t => {
  const { faults, probes, watch } = probing()
  for (let turn = 0; turn < 10; turn++) {
    faults[8080] = turn % 2 === 0 ? 'down' : ''
    await watch({ ...WEB, probe: { ...TCP, unhealthyThreshold: turn + 1 } })
  }
  t.match(probes.report, { '192.168.0.1:80': { isReady: false, reason: /^flaps: / } })
})

t.test('inbounds that go, or lose their probe, are asked no more and leave the report', async t => {
  const { asked, probes, watch, pass, clock } = probing()
  const { probe: _probe, ...unprobed } = API
  await watch(WEB, API)
  await watch(unprobed)
  t.equal(probes.report, null)
  t.equal(clock.timers, 0)
  await pass(10_000)
  t.equal(asked.length, 2)
  await watch(WEB)
  t.equal(asked.length, 3, 'one that comes back starts anew')
})

t.test('statistics bear what is known, of probed inbounds alone', async t => {
  const { probes, watch } = probing({ 8081: 'hangs' })
  const { probe: _probe, ...unprobed } = { ...WEB, port: 82 }
  await watch(WEB, API, unprobed)
  const statusOf = ({ address, port, service }: InboundListener) => {
    return { address, port, service, protocol: 'http', connections: 0, counters: {}, endpoints: [] }
  }
  const { inbounds } = probes.addTo({ inbounds: [WEB, API, unprobed].map(statusOf), outbounds: [] })
  t.same(inbounds, [
    { ...statusOf(WEB), probe: 'tcp', readiness: { isReady: true, reason: '', sinceMs: NOW_MS } },
    { ...statusOf(API), probe: 'tcp', readiness: null },
    statusOf(unprobed),
  ])
})

t.test('stopped, nothing is asked and nothing told, whatever comes', async t => {
  const { probes, asked, watch, pass, clock, changes, aborted } = probing({ 8081: 'hangs' })
  await watch(WEB, API)
  const told = changes()
  probes.stop()
  t.equal(aborted(), 2)
  await watch({ ...WEB, port: 90 })
  await pass(60_000)
  t.equal(asked.length, 2)
  t.equal(changes(), told)
  t.equal(clock.timers, 0)
})

function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
