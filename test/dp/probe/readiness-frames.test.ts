/** What the control plane is told of probed applications, over a real link. */
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import t from 'tap'
import { silentLogger } from '#base/log.ts'
import type { ServiceProbe } from '#contract/resilience/service-probe.ts'
import { createEngine } from '../../../dp/apply/applier.ts'
import { DataPlane } from '../../../dp/data-plane.ts'
import { FakeControlPlane } from '../../support/fake-control-plane.ts'
import { freePorts } from '../../support/ports.ts'
import { LOOPBACK } from '../../support/snapshots.ts'

const [inbound = 0, other = 0, application = 0] = await freePorts(3)
const KEY = `${LOOPBACK}:${inbound}`
const TCP: ServiceProbe = {
  type: 'tcp',
  intervalMs: 1,
  timeoutMs: 10_000,
  unhealthyThreshold: 1,
  healthyThreshold: 1,
}

t.test('tells what it found, again when it changes, and all of it to a new connection', async t => {
  const { cp } = await started(t)
  const first = await cp.peer()
  await first.welcomes()
  first.offers({ revision: 1, sections: sectionsOf(TCP) })
  t.same((await first.hears('readiness')).inbounds, {}, 'probed, and nothing known yet')
  t.match((await first.hears('readiness')).inbounds, {
    [KEY]: { isReady: false, reason: 'connection refused', sinceMs: Number },
  })
  const app = createServer(socket => socket.destroy()).listen(application, LOOPBACK)
  const { inbounds } = await first.hears('readiness')
  t.match(inbounds, { [KEY]: { isReady: true, reason: '', sinceMs: Number } })
  first.socket.terminate()
  const second = await cp.peer()
  await second.welcomes()
  t.same((await second.hears('readiness')).inbounds, inbounds)
  app.close()
  t.match((await second.hears('readiness')).inbounds, { [KEY]: { isReady: false } })
})

t.test('an inbound that is probed no more leaves the report', async t => {
  const { cp } = await started(t)
  const peer = await cp.peer()
  await peer.welcomes()
  peer.offers({ revision: 1, sections: sectionsOf(TCP) })
  await peer.hears('readiness')
  t.ok((await peer.hears('readiness')).inbounds[KEY])
  peer.offers({ revision: 2, over: 1, sections: sectionsOf(undefined) })
  t.same((await peer.hears('readiness')).inbounds, {})
})

t.test('where nothing is probed nothing is told', async t => {
  const { cp } = await started(t)
  const peer = await cp.peer()
  await peer.welcomes()
  peer.offers({ revision: 1, sections: sectionsOf(undefined) })
  await peer.hears('ack')
  peer.offers({ revision: 2, over: 1, sections: sectionsOf(TCP) })
  await peer.hears('ack')
  t.same((await peer.hears('readiness')).inbounds, {}, 'the first one is of the second snapshot')
})

t.test('its status and the answer to a question carry what the probes say', async t => {
  const { cp, plane } = await started(t)
  const peer = await cp.peer()
  await peer.welcomes()
  peer.offers({ revision: 1, sections: sectionsOf(TCP) })
  await peer.hears('readiness')
  await peer.hears('readiness')
  const inbounds = [
    { port: inbound, probe: 'tcp', readiness: { isReady: false, reason: 'connection refused' } },
    { port: other, probe: undefined, readiness: undefined },
  ]
  t.match((await plane.status()).engine, { inbounds })
  peer.says({ type: 'question', id: 1, topic: 'statistics' })
  t.match((await peer.hears('answer')).value, {
    inbounds: [{ probe: 'tcp', readiness: { isReady: false } }, {}],
  })
})

t.test('who leaves asks nobody any more', async t => {
  let asked = 0
  const app = createServer(socket => {
    asked++
    socket.destroy()
  }).listen(application, LOOPBACK)
  t.teardown(() => app.close())
  const { cp, plane } = await started(t)
  const peer = await cp.peer()
  await peer.welcomes()
  peer.offers({ revision: 1, sections: sectionsOf(TCP) })
  await once(app, 'connection')
  const stopped = plane.stop()
  await peer.hears('leave')
  // connections are taken in their order
  await heardFrom(app)
  const before = asked
  peer.says({ type: 'left' })
  await stopped
  await heardFrom(app)
  t.equal(asked, before + 1, 'only this test called')
})

async function heardFrom(app: Server): Promise<void> {
  const taken = once(app, 'connection')
  const socket = connect(application, LOOPBACK).on('error', () => {})
  await Promise.all([taken, once(socket, 'close')])
}

function sectionsOf(probe: ServiceProbe | undefined): Record<string, object> {
  const listener = (port: number, more: object): Record<string, object> => ({
    [`listener/${LOOPBACK}:${port}`]: {
      direction: 'inbound',
      address: LOOPBACK,
      port,
      protocol: 'tcp',
      service: 'web',
      upstream: { address: LOOPBACK, port: application },
      tls: null,
      ...more,
    },
  })
  return { ...listener(inbound, probe === undefined ? {} : { probe }), ...listener(other, {}) }
}

async function started(t: import('tap').Test) {
  const cp = await FakeControlPlane.start()
  const log = silentLogger()
  const plane = new DataPlane({
    address: cp.url,
    mesh: 'default',
    name: 'web-1',
    definition: null,
    ca: cp.caPem,
    caPin: null,
    readToken: async () => 'token',
    stateDir: t.testdir(),
    drainTimeMs: 0,
    log,
    engine: createEngine({ log }),
    probeMeans: { allowsExec: false, environment: {}, systemctl: 'systemctl' },
    onState: () => {},
  })
  plane.start().catch(() => {})
  t.teardown(async () => {
    // first: nobody is there to say goodbye to
    await cp.close()
    await plane.stop()
  })
  return { cp, plane }
}
