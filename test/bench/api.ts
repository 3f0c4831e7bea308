/**
 * What a PUT costs through HTTP with 10,000 Dataplanes in the JSON store: CPU of the control plane's process, for
 * JSON and YAML bodies, one after the other and from 50 writers. Run: node test/bench/api.ts [dataplanes]. The load
 * comes from a process of its own, so that its CPU is not counted.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openJsonStore } from '../../cp/store/json-store.ts'
import { silentLogger } from '../../dp/base/log.ts'
import { stringifyYaml } from '../../dp/base/yaml.ts'
import { startApi } from '../support/api.ts'

const PUTS = 2_000

if (process.argv[2] === 'client') await client(process.argv.slice(3))
else await server(Number(process.argv[2] ?? 10_000))

async function server(count: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'vmesh-api-bench-'))
  const store = await openJsonStore({ dir: join(folder, 'store'), log: silentLogger() })
  const run = await startApi({ folder, store })
  try {
    console.log(
      `${cpus()[0]?.model ?? ''}, ${cpus().length} CPUs, Node ${process.version}, ${count} Dataplanes`,
    )
    await load(run.http, ['json', '0', String(count), '200'])
    for (const [what, format, writers] of [
      ['JSON, one after the other', 'json', 1],
      ['YAML, one after the other', 'yaml', 1],
      ['JSON, 50 writers', 'json', 50],
      ['YAML, 50 writers', 'yaml', 50],
    ] as const) {
      const before = process.cpuUsage()
      const startedAt = performance.now()
      await load(run.http, [format, String(startedAt), String(PUTS), String(writers)])
      const { user, system } = process.cpuUsage(before)
      const cpuMs = (user + system) / 1000 / PUTS
      const perSecond = PUTS / ((performance.now() - startedAt) / 1000)
      console.log(`PUT ${what.padEnd(30)} ${cpuMs.toFixed(3)} ms CPU each, ${perSecond.toFixed(0)} a second`)
    }
    const { length } = await store.list('Dataplane')
    console.log(`${length} Dataplanes stored, resident ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`)
  } finally {
    await run.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function load(url: string, args: readonly string[]): Promise<void> {
  const child = fork(import.meta.filename, ['client', url, ...args], { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`the client ended with ${code}`)
}

/** @param args URL, format, seed of what is written, puts, writers */
async function client([
  url = '',
  format = '',
  seed = '',
  puts = '',
  writers = '',
]: readonly string[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: Number(writers) })
  let next = 0
  const writer = async (): Promise<void> => {
    while (next < Number(puts)) await put(agent, url, format, next++, Math.floor(Number(seed)))
  }
  await Promise.all(Array.from({ length: Number(writers) }, writer))
  agent.destroy()
}

function put(agent: Agent, url: string, format: string, index: number, seed: number): Promise<void> {
  const value = aDataplane(index, seed)
  const body = format === 'yaml' ? stringifyYaml(value) : JSON.stringify(value)
  const headers = {
    'content-type': format === 'yaml' ? 'application/x-www-form-urlencoded' : 'application/json',
  }
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/meshes/default/dataplanes/${value.name}`,
      { method: 'PUT', agent, headers },
      response => {
        response.resume()
        response.on('end', () => {
          const { statusCode = 0 } = response
          if (statusCode === 200 || statusCode === 201) resolve()
          else reject(new Error(`status ${statusCode}`))
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** As one of a mesh of 50 services: one inbound, three outbounds; the seed makes each round a change. */
function aDataplane(index: number, seed: number) {
  const tags = { 'kuma.io/service': `service-${index % 50}`, 'kuma.io/protocol': 'http', version: `v${seed}` }
  const outbound = [1, 2, 3].map(step => ({
    port: 10_000 + step,
    tags: { 'kuma.io/service': `service-${(index + step) % 50}` },
  }))
  const networking = {
    address: `10.0.${index >> 8}.${index & 255}`,
    inbound: [{ port: 8080, tags }],
    outbound,
  }
  return { type: 'Dataplane', mesh: 'default', name: `dp-${index}`, networking }
}
