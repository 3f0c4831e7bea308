/**
 * `vmeshctl apply` of a file with 1,000 documents, as people run it: time of the command and CPU of the control plane, when
 * all are new, when nothing changed, and as a dry run.
 *
 *   node test/bench/apply.bench.ts [--documents 1000] [--write]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stringifyYaml } from '../../dp/base/yaml.ts'
import { writeResults } from './results.ts'
import { startControlPlane } from './running-control-plane.ts'

const { values } = parseArgs({
  options: { documents: { type: 'string', default: '1000' }, write: { type: 'boolean', default: false } },
})
const count = Number(values.documents)
const figures: Record<string, string> = { documents: String(count) }
const dir = await mkdtemp(join(tmpdir(), 'vmesh-apply-bench-'))
const file = join(dir, 'all.yaml')
await writeFile(file, Array.from({ length: count }, (_, i) => stringifyYaml(document(i))).join('---\n'))
const controlPlane = await startControlPlane(join(dir, 'data'))
try {
  await measure('all of them new', [])
  await measure('nothing changed', [])
  await measure('dry run', ['--dry-run'])
  await measure('checked locally only', ['--dry-run=client'])
  console.table(figures)
  if (values.write) writeResults('apply', 'one run each, with the start of the command', figures)
} finally {
  await controlPlane.stop()
  await rm(dir, { recursive: true, force: true })
}

async function measure(what: string, options: readonly string[]): Promise<void> {
  const before = await controlPlane.metric('process_cpu_seconds_total')
  const startedAt = performance.now()
  const child = spawn(
    process.execPath,
    ['cp/cli/main.ts', 'apply', '-f', file, '--address', controlPlane.url, ...options],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${what}: exit code ${code}`)
  const seconds = (performance.now() - startedAt) / 1000
  const cpu = (await controlPlane.metric('process_cpu_seconds_total')) - before
  figures[what] = `${seconds.toFixed(2)} s; control plane ${cpu.toFixed(2)} s CPU`
}

/** Nine data planes, then a policy. */
function document(index: number): object {
  if (index % 10 === 9) {
    const from = [
      { targetRef: { kind: 'MeshService', name: `service-${index % 50}` }, default: { action: 'Allow' } },
    ]
    const targetRef = { kind: 'Dataplane', labels: { app: `app-${index % 50}` } }
    return {
      type: 'MeshTrafficPermission',
      mesh: 'default',
      name: `allow-${index}`,
      spec: { targetRef, from },
    }
  }
  const inbound = [
    { port: 8080, tags: { 'kuma.io/service': `service-${index % 50}`, 'kuma.io/protocol': 'http' } },
  ]
  const outbound = [{ port: 10_000, tags: { 'kuma.io/service': `service-${(index + 1) % 50}` } }]
  const networking = { address: `10.0.${index >> 8}.${index & 255}`, inbound, outbound }
  return { type: 'Dataplane', mesh: 'default', name: `dp-${index}`, networking }
}
