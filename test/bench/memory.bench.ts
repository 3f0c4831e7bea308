/**
 * What a data plane occupies that is connected and has nothing to do: a real control plane, one `vmesh-dp run` with an
 * identity, one inbound and three outbounds whose services have two endpoints each.
 *
 *   node test/bench/memory.bench.ts [--rounds 3] [--idle 20] [--write]
 *
 * `--idle`: seconds between ready and measuring. Goal: under 75 MB resident from the bundle (kuma-dp with Envoy: 149).
 */
import { parseArgs } from 'node:util'
import { dataplane, Lab, type Running } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'
import {
  buildBundles,
  cpuMsOf,
  environmentOf,
  type Form,
  type Memory,
  median,
  memoryOf,
  programOf,
} from './daemon.ts'
import { writeResults } from './results.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    idle: { type: 'string', default: '20' },
    write: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const idleMs = Number(values.idle) * 1000
const SERVICES = ['one', 'two', 'three']

interface Sample extends Memory {
  /** CPU time of each second without work. */
  readonly cpuMs: number
}

buildBundles()
const lab = new Lab()
try {
  await lab.startControlPlane()
  for (const service of SERVICES) {
    for (const n of [1, 2]) await putEndpoint(`${service}-${n}`, service, 20_000 + n)
  }
  const bundle: Sample[] = []
  const source: Sample[] = []
  for (let round = 0; round < rounds; round++) {
    bundle.push(await measured('bundle', `bundle-${round}`))
    source.push(await measured('source', `source-${round}`))
  }
  const rows: Record<string, string> = {}
  for (const [form, samples] of Object.entries({ bundle, source })) {
    const figure = (pick: (sample: Sample) => number, digits = 1): string =>
      median(samples.map(pick)).toFixed(digits)
    rows[`from the ${form}: resident${form === 'bundle' ? ' (goal 75 MB)' : ''}`] =
      `${figure(sample => sample.rssMb)} MB, most ${Math.max(...samples.map(sample => sample.rssMb)).toFixed(1)} MB`
    rows[`from the ${form}: its share of pages (PSS), its own pages`] =
      `${figure(sample => sample.pssMb)} MB, ${figure(sample => sample.ownMb)} MB`
    rows[`from the ${form}: CPU while nothing happens`] = `${figure(sample => sample.cpuMs, 2)} ms a second`
  }
  console.table(rows)
  if (values.write)
    writeResults('memory', `medians of ${rounds} runs, ${idleMs / 1000} s after the start`, rows)
} finally {
  await lab.close()
}

async function measured(form: Form, name: string): Promise<Sample> {
  const daemon = await started(form, name)
  const pid = daemon.child.pid ?? 0
  await new Promise(resolve => setTimeout(resolve, idleMs / 2))
  const before = cpuMsOf(pid)
  await new Promise(resolve => setTimeout(resolve, idleMs / 2))
  const cpuMs = (cpuMsOf(pid) - before) / (idleMs / 2000)
  const memory = memoryOf(pid)
  await daemon.stop()
  return { ...memory, cpuMs }
}

async function started(form: Form, name: string): Promise<Running> {
  const [port = 0, ...outbounds] = await freePorts(1 + SERVICES.length)
  const calls = Object.fromEntries(outbounds.map((outbound, k) => [outbound, SERVICES[k] ?? '']))
  const definition = dataplane({ name, service: 'web', port, servicePort: 9, outbounds: calls })
  const [, ...args] = await lab.dataPlaneArguments(definition)
  const daemon = lab.run([...programOf('vmesh-dp', form), ...args], environmentOf(form))
  await daemon.said(/data plane is ready/)
  await daemon.said(/connected to the control plane/)
  return daemon
}

function putEndpoint(name: string, service: string, port: number): Promise<void> {
  const definition = dataplane({ name, service, port, servicePort: 9 })
  return lab.put(`/meshes/default/dataplanes/${name}`, { type: 'Dataplane', mesh: 'default', ...definition })
}
