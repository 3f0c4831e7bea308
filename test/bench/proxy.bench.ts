/**
 * What the data plane costs: CPU per request of one plain hop and of the mesh path (outbound, mutual TLS, inbound, two
 * processes), beside HAProxy doing the same in the same interleaved run. Load comes from wrk, answers from a raw
 * socket. As in data-plane.md, proxies are held on one processor and load and answers on another. Run:
 * `node test/bench/proxy.bench.ts [rounds] [seconds] [connections,…] [bytes] [--write]`. Not part of scripts/test.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '#base/log.ts'
import type { Identity } from '#contract/identity.ts'
import type { Snapshot } from '#contract/snapshot.ts'
import { createEngine } from '../../dp/apply/applier.ts'
import { makeIdentity, makeMeshCa, type TestCa } from '../support/certificates.ts'
import { freePorts } from '../support/ports.ts'
import { aCluster, anInbound, anOutbound, aSnapshot, LOOPBACK, trustOf } from '../support/snapshots.ts'
import { cpuMsOf, median } from './daemon.ts'
import { writeResults } from './results.ts'

const PROXY_CPU = 0
const LOAD_CPU = 1

const WARM_UP_SECONDS = 4
const WARM_UP_CONNECTIONS = 32

interface Variant {
  readonly name: string
  readonly port: number
  readonly pids: readonly number[]
}

interface Sample {
  readonly rps: number
  readonly cpuUs: number
}

const isWriting = process.argv.includes('--write')
const [role, ...args] = process.argv.slice(2).filter(argument => argument !== '--write')
if (role === 'responder') runResponder(Number(args[0]))
else if (role === 'engine') await runEngine(args[0] ?? '')
else {
  const connections = (args[1] ?? '16').split(',').map(Number)
  await runBench({
    rounds: Number(role ?? 3),
    seconds: Number(args[0] ?? 1),
    connections,
    bytes: Number(args[2] ?? 100),
  })
}

interface Plan {
  readonly rounds: number
  readonly seconds: number
  readonly connections: readonly number[]
  /** Of an answer's body. */
  readonly bytes: number
}

/** Answers every request with so many bytes; requests of wrk have no body. */
function runResponder(bytes: number): void {
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\ncontent-type: text/plain\r\n\r\n`
  const response = head + 'x'.repeat(bytes)
  const server = createServer({ noDelay: true }, socket => {
    let tail = ''
    socket.setEncoding('latin1')
    socket.on('error', () => socket.destroy())
    socket.on('data', text => {
      const parts = (tail + String(text)).split('\r\n\r\n')
      tail = parts.pop() ?? ''
      if (parts.length > 0) socket.write(response.repeat(parts.length), 'latin1')
    })
  })
  server.listen(0, LOOPBACK, () => process.send?.((server.address() as AddressInfo).port))
}

/** Runs a snapshot from a file; tells when it is applied. */
async function runEngine(file: string): Promise<void> {
  const input: { listeners: []; clusters: []; trust: []; identity: Identity } = JSON.parse(
    readFileSync(file, 'utf8'),
  )
  const engine = createEngine({ log: silentLogger() })
  engine.setIdentity(input.identity)
  const snapshot: Snapshot = aSnapshot(input)
  process.send?.(await engine.apply(snapshot))
}

async function runBench({ rounds, seconds, connections, bytes }: Plan): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vmesh-bench-'))
  const children: ChildProcess[] = []
  const figures: Record<string, string> = {}
  try {
    const variants = await startAll(folder, children, bytes)
    for (const variant of variants) for (const pid of variant.pids) hold(pid, PROXY_CPU)
    // What is measured is a daemon that has served for a while: its hot code is compiled.
    for (const variant of variants) measure(variant, WARM_UP_SECONDS, WARM_UP_CONNECTIONS)
    for (const count of connections) {
      const samples = new Map(variants.map(variant => [variant.name, [] as Sample[]]))
      for (const variant of variants) measure(variant, 1, count)
      for (let round = 0; round < rounds; round++) {
        for (const variant of variants) samples.get(variant.name)?.push(measure(variant, seconds, count))
      }
      report(samples, `${count} connections, ${bytes} B`, figures)
    }
  } finally {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
  const name = bytes === 100 ? 'proxy' : `proxy, ${bytes} B`
  if (isWriting) writeResults(name, `medians of ${rounds} interleaved runs`, figures)
}

/** Keeps all threads of a process on one processor. */
function hold(pid: number, cpu: number): void {
  spawnSync('taskset', ['-apc', String(cpu), String(pid)])
}

async function startAll(folder: string, children: ChildProcess[], bytes: number): Promise<Variant[]> {
  const [plain = 0, inbound = 0, outbound = 0, haPlain = 0, haIn = 0, haOut = 0] = await freePorts(6)
  const responder = start(children, ['responder', String(bytes)])
  hold(responder.pid ?? 0, LOAD_CPU)
  const app = Number(await firstMessage(responder))
  const ca = await makeMeshCa()
  const files = { folder, children, ca }
  const hop = await startEngine(files, 'hop', {
    listeners: [anOutbound(plain, 'app')],
    clusters: [aCluster('app', [app], { tls: null })],
  })
  const server = await startEngine(files, 'inbound', { listeners: [anInbound(inbound, app)] })
  const client = await startEngine(files, 'outbound', {
    listeners: [anOutbound(outbound, 'backend')],
    clusters: [aCluster('backend', [inbound])],
  })
  const variants = [
    { name: 'vmesh plain', port: plain, pids: [hop] },
    { name: 'vmesh mesh', port: outbound, pids: [client, server] },
  ]
  if (spawnSync('haproxy', ['-v']).error !== undefined) return variants
  const identity = await makeIdentity(ca, { service: 'backend' })
  const pem = join(folder, 'identity.pem')
  writeFileSync(pem, identity.chainPem + identity.privateKeyPem)
  const roots = join(folder, 'ca.pem')
  writeFileSync(roots, ca.rootPem)
  const tls = `crt ${pem} ca-file ${roots} verify required`
  const proxies = [
    await startHaproxy(files, 'plain', `bind ${LOOPBACK}:${haPlain}`, `${LOOPBACK}:${app}`),
    await startHaproxy(files, 'in', `bind ${LOOPBACK}:${haIn} ssl ${tls}`, `${LOOPBACK}:${app}`),
    await startHaproxy(files, 'out', `bind ${LOOPBACK}:${haOut}`, `${LOOPBACK}:${haIn} ssl ${tls}`),
  ] as const
  return [
    ...variants,
    { name: 'haproxy plain', port: haPlain, pids: [proxies[0]] },
    { name: 'haproxy mesh', port: haOut, pids: [proxies[1], proxies[2]] },
  ]
}

interface Files {
  readonly folder: string
  readonly children: ChildProcess[]
  readonly ca: TestCa
}

async function startEngine({ folder, children, ca }: Files, name: string, parts: object): Promise<number> {
  const file = join(folder, `${name}.json`)
  const identity = await makeIdentity(ca, { service: name === 'inbound' ? 'backend' : 'web' })
  writeFileSync(file, JSON.stringify({ ...parts, trust: [trustOf(ca)], identity }))
  const child = start(children, ['engine', file])
  const result = await firstMessage(child)
  if (JSON.stringify(result) !== '{"ok":true}') throw new Error(`${name}: ${JSON.stringify(result)}`)
  return child.pid ?? 0
}

async function startHaproxy(
  { folder, children }: Files,
  name: string,
  bind: string,
  server: string,
): Promise<number> {
  const file = join(folder, `haproxy-${name}.cfg`)
  const lines = [
    'global\n  nbthread 1\n  maxconn 4000\n ssl-server-verify required',
    'defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n  http-reuse always',
    `frontend in\n  ${bind}\n  unique-id-format %[uuid()]\n  unique-id-header x-request-id\n  default_backend out`,
    `backend out\n  server one ${server}`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const child = spawn('haproxy', ['-f', file, '-db'], { stdio: ['ignore', 'ignore', 'inherit'] })
  children.push(child)
  const port = Number(/:(\d+)/.exec(bind)?.[1])
  await reachable(port)
  return child.pid ?? 0
}

function start(children: ChildProcess[], argv: string[]): ChildProcess {
  const child = spawn(process.execPath, [import.meta.filename, ...argv], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  children.push(child)
  return child
}

function firstMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', code => reject(new Error(`a child ended with ${code}`)))
  })
}

/** Waits until somebody listens. */
async function reachable(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const isOpen = await new Promise<boolean>(resolve => {
      const socket = connect(port, LOOPBACK)
      socket.once('connect', () => socket.destroy())
      socket.once('error', () => resolve(false))
      socket.once('close', hadError => resolve(!hadError))
    })
    if (isOpen) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`nobody listens on ${port}`)
}

function measure(variant: Variant, seconds: number, connections: number): Sample {
  const before = cpuUs(variant.pids)
  const argv = [
    '-c',
    String(LOAD_CPU),
    'wrk',
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    `http://${LOOPBACK}:${variant.port}/some/path`,
  ]
  const run = spawnSync('taskset', argv, { encoding: 'utf8' })
  const requests = Number(/(\d+) requests in/.exec(run.stdout)?.[1] ?? 0)
  const rps = Number(/Requests\/sec:\s+([\d.]+)/.exec(run.stdout)?.[1] ?? 0)
  if (/Non-2xx|Socket errors/.test(run.stdout)) process.stdout.write(`${variant.name}: ${run.stdout}\n`)
  return { rps, cpuUs: (cpuUs(variant.pids) - before) / requests }
}

function cpuUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMsOf(pid) * 1000, 0)
}

function report(
  samples: ReadonlyMap<string, readonly Sample[]>,
  title: string,
  figures: Record<string, string>,
): void {
  process.stdout.write(`${title}; medians\n`)
  for (const [name, list] of samples) {
    const base = samples.get(`haproxy ${name.split(' ')[1]}`)
    const ratios = list.map((sample, index) => sample.cpuUs / (base?.[index]?.cpuUs ?? Number.NaN))
    const cpu = list.map(sample => sample.cpuUs)
    const line = [
      name.padEnd(14),
      `${median(list.map(sample => sample.rps)).toFixed(0)} requests/s`.padStart(18),
      `${median(cpu).toFixed(1)} us CPU/request [min ${Math.min(...cpu).toFixed(1)}]`.padStart(36),
      `${median(ratios).toFixed(2)}x HAProxy`.padStart(16),
    ]
    process.stdout.write(`${line.join('')}\n`)
    figures[`${title}: ${name}`] = line
      .slice(1)
      .map(cell => cell.trim())
      .join(', ')
  }
}
