/**
 * What a PUT costs the whole control plane (HTTP, checks, store, snapshots) with 10,000 Dataplanes stored: CPU of its
 * process for JSON and YAML bodies, one after the other and from 50 writers. The load comes from this process, the
 * control plane is another and tells its CPU at /metrics. Goal: under 2 ms of CPU a PUT.
 *
 *   node test/bench/api.bench.ts [--dataplanes 10000] [--write]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { variableOf } from '../../dp/base/settings.ts'
import { stringifyYaml } from '../../dp/base/yaml.ts'
import { freePorts } from '../support/ports.ts'
import { programOf } from './daemon.ts'
import { writeResults } from './results.ts'

const PUTS = 2_000

const { values } = parseArgs({
  options: {
    dataplanes: { type: 'string', default: '10000' },
    write: { type: 'boolean', default: false },
  },
})
const count = Number(values.dataplanes)
const figures: Record<string, string> = { 'data planes stored': String(count) }
const dir = await mkdtemp(join(tmpdir(), 'vmesh-api-bench-'))
const [http = 0, https = 0, proxies = 0, diagnostics = 0] = await freePorts(4)
const controlPlane = await start()
try {
  await load('json', count, 200)
  await measure('JSON, one after the other', 'json', 1)
  await measure('YAML, one after the other', 'yaml', 1)
  await measure('JSON, 50 writers', 'json', 50)
  await measure('YAML, 50 writers', 'yaml', 50)
  figures['resident'] = `${((await metric('process_resident_memory_bytes')) / 1e6).toFixed(0)} MB`
  console.table(figures)
  if (values.write) writeResults('api', `${PUTS} changes of each sort`, figures)
} finally {
  controlPlane.kill('SIGTERM')
  await once(controlPlane, 'exit')
  await rm(dir, { recursive: true, force: true })
}

async function start(): Promise<ChildProcess> {
  const settings = {
    'apiServer.http.port': http,
    'apiServer.https.port': https,
    'dpServer.port': proxies,
    'diagnostics.serverPort': diagnostics,
    logLevel: 'warn',
    dataDir: dir,
  }
  const ours = Object.entries(settings).map(([name, value]) => [variableOf(name), String(value)])
  const env = { ...process.env, ...Object.fromEntries(ours) }
  const child = spawn(process.execPath, [...programOf('vmesh-cp', 'source'), 'run'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  createInterface(child.stdout).on('line', line => console.log(line))
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${diagnostics}/ready`).catch(() => null)
    if (answer?.status === 200) return child
    if (child.exitCode !== null) throw new Error('the control plane did not start')
  }
}

async function measure(what: string, format: string, writers: number): Promise<void> {
  const before = await metric('process_cpu_seconds_total')
  const startedAt = performance.now()
  await load(format, PUTS, writers)
  const seconds = (performance.now() - startedAt) / 1000
  // what a write sets off goes on for a moment
  await new Promise(resolve => setTimeout(resolve, 1000))
  const cpuMs = (((await metric('process_cpu_seconds_total')) - before) * 1000) / PUTS
  figures[`PUT ${what}`] = `${cpuMs.toFixed(2)} ms CPU each, ${(PUTS / seconds).toFixed(0)} a second`
}

async function metric(name: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${diagnostics}/metrics`)).text()
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(page)?.[1])
}

async function load(format: string, puts: number, writers: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: writers })
  const seed = Math.floor(performance.now())
  let next = 0
  const writer = async (): Promise<void> => {
    while (next < puts) await put(agent, format, aDataplane(next++, seed))
  }
  await Promise.all(Array.from({ length: writers }, writer))
  agent.destroy()
}

/** YAML as curl sends it. */
function put(agent: Agent, format: string, value: ReturnType<typeof aDataplane>): Promise<void> {
  const body = format === 'yaml' ? stringifyYaml(value) : JSON.stringify(value)
  const type = format === 'yaml' ? 'application/x-www-form-urlencoded' : 'application/json'
  const url = `http://127.0.0.1:${http}/meshes/default/dataplanes/${value.name}`
  return new Promise((resolve, reject) => {
    const options = { method: 'PUT', agent, headers: { 'content-type': type } }
    const sent = request(url, options, response => {
      response.resume()
      response.on('end', () => {
        const { statusCode = 0 } = response
        if (statusCode === 200 || statusCode === 201) resolve()
        else reject(new Error(`status ${statusCode}`))
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** As one of a mesh of 50 services: one inbound, three outbounds; the seed makes each round a change. */
function aDataplane(index: number, seed: number) {
  const tags = {
    'kuma.io/service': `service-${index % 50}`,
    'kuma.io/protocol': 'http',
    version: `v${seed}`,
  }
  const outbound = [1, 2, 3].map(step => ({
    port: 10_000 + step,
    tags: { 'kuma.io/service': `service-${(index + step) % 50}` },
  }))
  const address = `10.0.${index >> 8}.${index & 255}`
  const networking = { address, inbound: [{ port: 8080, tags }], outbound }
  return { type: 'Dataplane', mesh: 'default', name: `dp-${index}`, networking }
}
