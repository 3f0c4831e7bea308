/**
 * What a PUT and a GET cost the whole control plane (HTTP, checks, store, snapshots) with 10,000 Dataplanes stored: CPU
 * of its process for JSON and YAML bodies, one after the other and from 50 writers, and for a user whose rights come
 * from 100 roles and whose changes are audited. The load comes from this process,
 * the control plane is another and tells its CPU at /metrics. Goal: under 1.5 ms of CPU a PUT (JSON, one after the other).
 *
 *   node test/bench/api.bench.ts [--dataplanes 10000] [--write]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stringifyYaml } from '../../dp/base/yaml.ts'
import { writeResults } from './results.ts'
import { startControlPlane } from './running-control-plane.ts'

const PUTS = 2_000

const { values } = parseArgs({
  options: {
    dataplanes: { type: 'string', default: '10000' },
    write: { type: 'boolean', default: false },
  },
})
const count = Number(values.dataplanes)
/** Of every PUT: whose it is. */
let caller: Readonly<Record<string, string>> = {}
const figures: Record<string, string> = { 'data planes stored': String(count) }
const dir = await mkdtemp(join(tmpdir(), 'vmesh-api-bench-'))
const controlPlane = await startControlPlane(dir)
try {
  await load('json', count, 200)
  await measure('JSON, one after the other', 'json', 1)
  await measure('YAML, one after the other', 'yaml', 1)
  await measure('JSON, 50 writers', 'json', 50)
  await measure('YAML, 50 writers', 'yaml', 50)
  await measureGets()
  caller = await userOf(100)
  await measure('JSON, one after the other, by a user with 100 roles', 'json', 1)
  await auditAll()
  await measure('JSON, one after the other, by that user, audited', 'json', 1)
  figures['resident'] =
    `${((await controlPlane.metric('process_resident_memory_bytes')) / 1e6).toFixed(0)} MB`
  console.table(figures)
  if (values.write) writeResults('api', `${PUTS} changes of each sort`, figures)
} finally {
  await controlPlane.stop()
  await rm(dir, { recursive: true, force: true })
}

async function measure(what: string, format: string, writers: number): Promise<void> {
  const before = await controlPlane.metric('process_cpu_seconds_total')
  const startedAt = performance.now()
  await load(format, PUTS, writers)
  const seconds = (performance.now() - startedAt) / 1000
  // what a write sets off goes on for a moment
  await new Promise(resolve => setTimeout(resolve, 1000))
  const cpuMs = (((await controlPlane.metric('process_cpu_seconds_total')) - before) * 1000) / PUTS
  figures[`PUT ${what}`] = `${cpuMs.toFixed(2)} ms CPU each, ${(PUTS / seconds).toFixed(0)} a second`
}

async function measureGets(): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const before = await controlPlane.metric('process_cpu_seconds_total')
  const startedAt = performance.now()
  for (let i = 0; i < PUTS; i++) await get(agent, `/meshes/default/dataplanes/dp-${i}`)
  const seconds = (performance.now() - startedAt) / 1000
  agent.destroy()
  const cpuMs = (((await controlPlane.metric('process_cpu_seconds_total')) - before) * 1000) / PUTS
  figures['GET, one after the other'] =
    `${cpuMs.toFixed(2)} ms CPU each, ${(PUTS / seconds).toFixed(0)} a second`
}

function get(agent: Agent, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${controlPlane.url}${path}`, { agent }, response => {
      response.resume()
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
      )
    })
    sent.on('error', reject)
    sent.end()
  })
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

/** A user who has only these roles; the last one lets him write Dataplanes. */
async function userOf(roles: number): Promise<Readonly<Record<string, string>>> {
  const names = Array.from({ length: roles }, (_, i) => `role-${i}`)
  for (const [i, name] of names.entries()) {
    const types = i === roles - 1 ? ['Dataplane'] : ['MeshTimeout', 'MeshRetry']
    const when = i === roles - 1 ? [] : [{ targetRef: { kind: 'MeshService', name: `service-${i}` } }]
    const rule = { types, mesh: 'default', access: ['CREATE', 'UPDATE', 'DELETE'], when }
    await admin('PUT', `/access-roles/${name}`, { type: 'AccessRole', name, rules: [rule] })
  }
  const subjects = [{ type: 'User', name: 'ann' }]
  await admin('PUT', '/access-role-bindings/default', {
    type: 'AccessRoleBinding',
    name: 'default',
    subjects,
    roles: names,
  })
  const token = await admin('POST', '/tokens/user', { name: 'ann', validFor: '1h' })
  return { host: 'cp.example.com', authorization: `Bearer ${token}` }
}

async function auditAll(): Promise<void> {
  await admin('PUT', '/accessaudits/all', { type: 'AccessAudit', name: 'all', rules: [{ accessAll: true }] })
}

async function admin(method: string, path: string, body: unknown): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${controlPlane.url}${path}`, { method, headers, body: JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path}: ${text}`)
  return text
}

/** YAML as curl sends it. */
function put(agent: Agent, format: string, value: ReturnType<typeof aDataplane>): Promise<void> {
  const body = format === 'yaml' ? stringifyYaml(value) : JSON.stringify(value)
  const type = format === 'yaml' ? 'application/x-www-form-urlencoded' : 'application/json'
  const url = `${controlPlane.url}/meshes/default/dataplanes/${value.name}`
  return new Promise((resolve, reject) => {
    const options = { method: 'PUT', agent, headers: { 'content-type': type, ...caller } }
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
