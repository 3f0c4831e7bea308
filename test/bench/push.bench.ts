/**
 * How fast a new endpoint reaches those that need it, what a connected data plane costs, and that nothing is computed
 * while nothing changes. Starts a real control plane and simulated data planes in this process:
 *
 *   node test/bench/push.bench.ts [--proxies 1000] [--services 50] [--rounds 20] [--write]
 *
 * `--write` puts the figures into test/bench/results.md. Kuma 2.14.3 by the same load on this kind of machine: 2.7 s
 * for the last, 0.48 MB a data plane, one core.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePorts } from '../support/ports.ts'
import { SimulatedProxy } from '../support/simulated-proxy.ts'
import { cpuMsOf, median, memoryOf } from './daemon.ts'
import { writeResults } from './results.ts'

const { values } = parseArgs({
  options: {
    proxies: { type: 'string', default: '1000' },
    services: { type: 'string', default: '50' },
    rounds: { type: 'string', default: '20' },
    write: { type: 'boolean', default: false },
  },
})
const proxyCount = Number(values.proxies)
const serviceCount = Number(values.services)
const rounds = Number(values.rounds)
const OUTBOUNDS = 3
const POLICY_ROUNDS = 5
const STATUS_WRITTEN_MS = 35_000

const dir = mkdtempSync(join(tmpdir(), 'vmesh-bench-'))
const [api = 0, https = 0, dp = 0, diagnostics = 0] = await freePorts(4)
const cp = spawn('scripts/vmesh-cp', ['run', '--data-dir', dir], {
  env: {
    ...process.env,
    VMESH_API_SERVER_HTTP_PORT: String(api),
    VMESH_API_SERVER_HTTPS_PORT: String(https),
    VMESH_DP_SERVER_PORT: String(dp),
    VMESH_DIAGNOSTICS_SERVER_PORT: String(diagnostics),
    VMESH_LOG_LEVEL: 'warn',
  },
  stdio: ['ignore', 'inherit', 'inherit'],
})
const pid = cp.pid ?? 0
try {
  await reachable(`http://127.0.0.1:${diagnostics}/ready`)
  const token = await post('/tokens/dataplane', { mesh: 'default' })
  const ca = readFileSync(join(dir, 'tls/ca.crt'), 'utf8')
  const emptyMb = memoryOf(pid).rssMb

  const proxies = Array.from({ length: proxyCount }, (_, i) => simulated(i, token, ca))
  const startedAt = performance.now()
  // as a fleet comes: 50 at a time
  for (let i = 0; i < proxies.length; i += 50)
    await Promise.all(proxies.slice(i, i + 50).map(proxy => proxy.connect()))
  const connectedS = (performance.now() - startedAt) / 1000
  await quiet(proxies)

  // the status of data planes is written 30 s after they came: that is a change
  await after(STATUS_WRITTEN_MS)
  const idlePercent = await cpuPercent(20_000)
  for (const proxy of proxies) proxy.holdPings()
  // shorter than the lease, also for who pinged 5 s ago
  const silentPercent = await cpuPercent(8_000)
  for (const proxy of proxies) proxy.ping()
  const fullMb = memoryOf(pid).rssMb

  const firsts: number[] = []
  const medians: number[] = []
  const lasts: number[] = []
  for (let round = 0; round < rounds; round++) {
    const service = `service-${round % serviceCount}`
    const callers = proxies.filter(proxy => proxy.calls(service))
    const cluster = `cluster/${service}`
    const arrivals = callers.map(proxy => proxy.nextChange(cluster))
    const from = performance.now()
    await put(
      `/meshes/default/dataplanes/extra-${round}`,
      dataplane(`extra-${round}`, service, 20_000 + round, []),
    )
    const took = (await Promise.all(arrivals)).map(at => at - from).sort((a, b) => a - b)
    firsts.push(took[0] ?? 0)
    medians.push(took[Math.floor(took.length / 2)] ?? 0)
    lasts.push(took.at(-1) ?? 0)
  }
  const policyLasts: number[] = []
  for (let round = 0; round < POLICY_ROUNDS; round++) {
    const arrivals = proxies.map((proxy, i) => proxy.nextChange(`cluster/${calledBy(i, 0)}`))
    const from = performance.now()
    await put('/meshes/default/meshloadbalancingstrategies/all', balancing(round))
    policyLasts.push(Math.max(...(await Promise.all(arrivals))) - from)
  }
  const figures = {
    'data planes': String(proxyCount),
    'all connected after': `${connectedS.toFixed(1)} s`,
    'new endpoint acknowledged by the first': `${median(firsts).toFixed(1)} ms`,
    'by half': `${median(medians).toFixed(1)} ms`,
    'by the last (median of rounds)': `${median(lasts).toFixed(1)} ms`,
    'by the last (worst round)': `${Math.max(...lasts).toFixed(1)} ms`,
    'a policy for everybody, acknowledged by the last (median)': `${median(policyLasts).toFixed(0)} ms`,
    'the same, worst round': `${Math.max(...policyLasts).toFixed(0)} ms`,
    'memory of an empty control plane': `${emptyMb.toFixed(0)} MB`,
    'memory a data plane': `${((fullMb - emptyMb) / proxyCount).toFixed(3)} MB`,
    'CPU while nothing changes': `${idlePercent.toFixed(1)} % of a core`,
    'without the pings (a fifth of the data planes each second)': `${silentPercent.toFixed(2)} % of a core`,
  }
  console.table(figures)
  if (values.write) writeResults('push', `${rounds} endpoints added, one after the other`, figures)
  for (const proxy of proxies) proxy.close()
} finally {
  cp.kill('SIGTERM')
  await new Promise(resolve => cp.once('exit', resolve))
  rmSync(dir, { recursive: true, force: true })
}
process.exitCode = 0

function calledBy(i: number, k: number): string {
  return `service-${(i + 1 + k * 7) % serviceCount}`
}

/** Another one each round: every cluster of every data plane changes. */
function balancing(round: number): object {
  const loadBalancer = { type: round % 2 === 0 ? 'Random' : 'LeastRequest' }
  const to = [{ targetRef: { kind: 'Mesh' }, default: { loadBalancer } }]
  return {
    type: 'MeshLoadBalancingStrategy',
    mesh: 'default',
    name: 'all',
    spec: { targetRef: { kind: 'Mesh' }, to },
  }
}

function simulated(i: number, token: string, ca: string): SimulatedProxy {
  const name = `proxy-${i}`
  const calls = Array.from({ length: OUTBOUNDS }, (_, k) => calledBy(i, k))
  return new SimulatedProxy({
    port: dp,
    ca,
    token,
    name,
    calls,
    dataplane: dataplane(name, `service-${i % serviceCount}`, 10_000 + i, calls),
  })
}

function dataplane(name: string, service: string, port: number, calls: readonly string[]): object {
  return {
    type: 'Dataplane',
    mesh: 'default',
    name,
    networking: {
      address: '127.0.0.1',
      inbound: [{ port, servicePort: 9, tags: { 'kuma.io/service': service, 'kuma.io/protocol': 'http' } }],
      outbound: calls.map((called, k) => ({ port: 30_000 + k, tags: { 'kuma.io/service': called } })),
    },
  }
}

async function post(path: string, body: object): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${api}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response.text()
}

async function put(path: string, body: object): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${api}${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
}

async function reachable(url: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const ok = await fetch(url).then(
      response => response.ok,
      () => false,
    )
    if (ok) return
    await after(50)
  }
  throw new Error(`${url} does not answer`)
}

/** Until no snapshot has come for half a second. */
async function quiet(proxies: readonly SimulatedProxy[]): Promise<void> {
  for (;;) {
    const before = proxies.reduce((sum, proxy) => sum + proxy.received, 0)
    await after(500)
    if (proxies.reduce((sum, proxy) => sum + proxy.received, 0) === before) return
  }
}

/** The pinned node is the script's last exec, so the child's pid is the control plane's. */
async function cpuPercent(ms: number): Promise<number> {
  const before = cpuMsOf(pid)
  await after(ms)
  return ((cpuMsOf(pid) - before) / ms) * 100
}
