/** Promises about what an outbound tells of the endpoints behind it. */
import t from 'tap'
import type { EndpointStatus, RunningStatistics } from '#contract/questions.ts'
import { sumOf } from '../../../dp/apply/workers/sum.ts'
import { anEngine, mustApply } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { rawClient } from '../../support/raw-sockets.ts'
import { aCluster, anOutbound } from '../../support/snapshots.ts'

t.test('the endpoints of every cluster to which it leads are told, with what is against them', async t => {
  const [port = 0, own = 0, dead = 0] = await freePorts(3)
  const engine = anEngine(t)
  const backends = [{ cluster: 'canary', weight: 1 }]
  await mustApply(engine, {
    listeners: [anOutbound(port, 'app', { protocol: 'tcp', backends })],
    clusters: [aCluster('app', [own], { tls: null }), aCluster('canary', [dead], { tls: null })],
  })
  const client = await rawClient(port)
  client.socket.on('error', () => {})
  await client.ended.catch(() => 'reset')
  const [outbound] = engine.status().outbounds
  t.match(outbound?.endpoints, [{ port: own, healthy: true }], 'nobody has called it')
  t.match(outbound?.others, [
    { cluster: 'canary', endpoints: [{ port: dead, healthy: false, marks: [{ cause: 'unreachable' }] }] },
  ])
})

t.test('several workers tell them together', async t => {
  const statistics = (endpoint: Partial<EndpointStatus>): RunningStatistics => {
    const common = { address: '127.0.0.1', port: 1, protocol: 'http', connections: 0, counters: {} }
    const whole = { address: '192.168.0.4', port: 80, healthy: true, reason: '', active: 1, ...endpoint }
    const others = [{ cluster: 'canary', endpoints: [whole] }]
    return { inbounds: [], outbounds: [{ ...common, cluster: 'app', endpoints: [], others }] }
  }
  const sum = sumOf([statistics({}), statistics({ healthy: false, reason: 'ejected', active: 2 })])
  t.match(sum.outbounds[0]?.others, [
    { cluster: 'canary', endpoints: [{ healthy: false, reason: 'ejected', active: 3 }] },
  ])
})
