/** Promises of `vmesh-dp status`: it finds what runs here, and says what to do when it cannot choose. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { InboundStatus } from '#contract/questions.ts'
import type { InboundReadiness } from '#contract/resilience/service-probe.ts'
import { findStatus } from '../../../dp/admin/find.ts'
import { serveStatus } from '../../../dp/admin/server.ts'
import { type DataPlaneStatus, formatStatus } from '../../../dp/admin/status.ts'

t.test('the only data plane of a machine needs no name', async t => {
  const folder = t.testdir()
  await runs(t, join(folder, 'web-1'), status('web-1'))
  t.equal((await findStatus([folder], { name: undefined, mesh: undefined })).name, 'web-1')
})

t.test('of several the name chooses, and without one they are named', async t => {
  const folder = t.testdir()
  await runs(t, join(folder, 'default', 'web-1'), status('web-1'))
  await runs(t, join(folder, 'default', 'api-1'), status('api-1'))
  await runs(t, join(folder, 'other', 'api-1'), status('api-1', 'other'))
  t.equal((await findStatus([folder], { name: 'web-1', mesh: undefined })).name, 'web-1')
  t.equal((await findStatus([folder], { name: 'api-1', mesh: 'other' })).mesh, 'other')
  await t.rejects(findStatus([folder], { name: undefined, mesh: undefined }), {
    code: 'admin.several',
    message: /default\/api-1.*choose one with --name/,
  })
})

t.test('a socket that a killed daemon left is not a data plane', async t => {
  const folder = t.testdir({ 'web-1': {} })
  writeFileSync(join(folder, 'web-1', 'status.sock'), '')
  await t.rejects(findStatus([folder], { name: 'web-1', mesh: undefined }), {
    code: 'admin.not-running',
    message: /no data plane web-1 runs with its state in .*give its --state-dir/,
  })
})

t.test('the words: what is healthy, what is not and why, when the certificate ends', async t => {
  const text = formatStatus(status('web-1'), 1_000_000_000)
  t.match(text, /outbound 127\.0\.0\.1:10001 {2}http {2}api {2}1\/3 healthy/)
  t.match(text, /192\.168\.0\.3:8080 {2}not healthy: connection refused/)
  t.match(text, /192\.168\.0\.4:8080 {2}ejected for 5s: 3 failures in a row; unreachable for 0s: gone/)
  t.match(text, /\n {2}canary\n {4}192\.168\.0\.5:8080 {2}healthy {2}2 active/)
  t.match(text, /spiffe:\/\/default\/web {2}ends in 2h/)
  const { certificate } = status('web-1')
  t.match(formatStatus(status('web-1'), (certificate?.notAfterMs ?? 0) + 1), /EXPIRED at/)
})

t.test('what probes say of the application behind an inbound', async t => {
  const nowMs = 1_000_000_000
  const text = (readiness: InboundReadiness | null | undefined): string => {
    const inbound: InboundStatus = {
      address: '192.168.0.1',
      port: 80,
      protocol: 'http',
      service: 'web',
      connections: 0,
      counters: {},
      endpoints: [{ address: '127.0.0.1', port: 8080, healthy: true, reason: '', active: 0 }],
      ...(readiness !== undefined && { readiness, probe: 'tcp' }),
    }
    const shown = { ...status('web-1'), engine: { inbounds: [inbound], outbounds: [] } }
    return formatStatus(shown, nowMs).split('inbound')[1]?.split('\n').slice(1).join('') ?? ''
  }
  const sinceMs = nowMs - 180_000
  const application = '  application 127.0.0.1:8080  '
  t.equal(text({ isReady: true, reason: '', sinceMs }), `${application}ready for 3m (tcp probe)`)
  t.equal(
    text({ isReady: false, reason: 'tcp probe: connection refused', sinceMs: nowMs - 12_000 }),
    `${application}not ready for 12s: tcp probe: connection refused`,
  )
  t.equal(text(null), `${application}not probed yet (tcp probe)`)
  t.equal(text(undefined), '', 'without a probe there is nothing to say')
})

async function runs(t: Tap, folder: string, answer: DataPlaneStatus): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const server = await serveStatus(join(folder, 'status.sock'), async () => answer)
  t.teardown(() => server.close())
}

type Tap = { teardown(callback: () => unknown): void }

function status(name: string, mesh = 'default'): DataPlaneStatus {
  const counters = { requests: 3 }
  return {
    mesh,
    name,
    version: '1',
    pid: 1,
    startedAtMs: 0,
    controlPlane: { address: 'https://cp:5678', isConnected: true, lastFault: '' },
    snapshot: { version: '1.2', appliedAtMs: 0 },
    certificate: { uris: ['spiffe://default/web'], notBeforeMs: 0, notAfterMs: 1_000_000_000 + 7_200_000 },
    engine: {
      inbounds: [],
      outbounds: [
        {
          address: '127.0.0.1',
          port: 10_001,
          cluster: 'api',
          protocol: 'http',
          connections: 0,
          endpoints: [
            { address: '192.168.0.2', port: 8080, healthy: true, reason: '', active: 0 },
            { address: '192.168.0.3', port: 8080, healthy: false, reason: 'connection refused', active: 0 },
            {
              address: '192.168.0.4',
              port: 8080,
              healthy: false,
              reason: '3 failures in a row; gone',
              marks: [
                { cause: 'ejected', reason: '3 failures in a row', sinceMs: 1_000_000_000 - 5000 },
                { cause: 'unreachable', reason: 'gone', sinceMs: 1_000_000_000 },
              ],
              active: 0,
            },
          ],
          others: [
            {
              cluster: 'canary',
              endpoints: [{ address: '192.168.0.5', port: 8080, healthy: true, reason: '', active: 2 }],
            },
          ],
          counters,
        },
      ],
    },
  }
}
