/** Probes of the daemon as it is run: what its settings allow, and that nothing of them outlives it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { ServiceProbe } from '#contract/resilience/service-probe.ts'
import { watched } from '../../support/asked.ts'
import { FakeControlPlane, type FakePeer } from '../../support/fake-control-plane.ts'
import { Running } from '../../support/lab.ts'
import { freePorts } from '../../support/ports.ts'
import { LOOPBACK } from '../../support/snapshots.ts'

const TIMES = { intervalMs: 10, timeoutMs: 60_000, unhealthyThreshold: 1, healthyThreshold: 1 }
const TOKEN = 'a-token-that-nobody-sees'

t.test('programs are run where the daemon is told so, without its token', async t => {
  const seesToken = `process.exit(JSON.stringify(process.env).includes("${TOKEN}") ? 1 : 0)`
  const { finding } = await started(t, ['--allow-exec-probes=true'], seesToken)
  t.match(await finding(), { isReady: true })
})

t.test('else the inbound is not ready, and says what to do', async t => {
  const { finding, daemon } = await started(t, [], 'process.exit(0)')
  t.match(await finding(), { isReady: false, reason: /start vmesh-dp with --allow-exec-probes=true/ })
  await daemon.said(/inbound is not ready/)
})

t.test('a daemon with several workers probes once, and ends with the program that it runs', async t => {
  const home = await watched(t)
  const hanging = `require("net").connect(${home.port}, "${LOOPBACK}").resume()`
  const { peer, daemon } = await started(t, ['--allow-exec-probes=true', '--concurrency=2'], hanging)
  await home.came(1)
  daemon.child.kill('SIGTERM')
  await home.gone()
  await peer.hears('leave')
  peer.says({ type: 'left' })
  t.equal(await daemon.exited, 0)
  t.equal(home.count(), 1)
})

async function started(t: import('tap').Test, flags: readonly string[], script: string) {
  const cp = await FakeControlPlane.start()
  const dir = t.testdir()
  writeFileSync(join(dir, 'ca.crt'), cp.caPem)
  const args = [
    'dp/main.ts',
    'run',
    `--cp-address=${cp.url.origin}`,
    '--name=web-1',
    `--ca-cert-file=${join(dir, 'ca.crt')}`,
    `--state-dir=${join(dir, 'state')}`,
    '--drain-time=0s',
  ]
  const daemon = new Running([...args, ...flags], { VMESH_DATAPLANE_TOKEN: TOKEN })
  t.teardown(async () => {
    await daemon.stop('SIGKILL')
    await cp.close()
  })
  const peer = await cp.peer()
  await peer.welcomes()
  const [port = 0, application = 0] = await freePorts(2)
  const key = `${LOOPBACK}:${port}`
  const probe: ServiceProbe = { ...TIMES, type: 'exec', command: [process.execPath, '-e', script] }
  peer.offers({
    revision: 1,
    sections: {
      [`listener/${key}`]: {
        direction: 'inbound',
        address: LOOPBACK,
        port,
        protocol: 'http',
        service: 'web',
        upstream: { address: LOOPBACK, port: application },
        tls: null,
        probe,
      },
    },
  })
  await daemon.said(/data plane is ready/)
  return { peer, daemon, finding: () => firstOf(peer, key) }
}

async function firstOf(peer: FakePeer, key: string) {
  for (;;) {
    const found = (await peer.hears('readiness')).inbounds[key]
    if (found !== undefined) return found
  }
}
