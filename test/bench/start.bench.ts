/**
 * How long a data plane takes from exec to serving from its state folder, with the control plane down: the time until
 * the last of its outbounds accepts a connection, and until it says that it is ready.
 *
 *   node test/bench/start.bench.ts [--rounds 10] [--write]
 *
 * Goal: under a second.
 */
import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import { dataplane, Lab } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'
import { buildBundles, environmentOf, type Form, median, programOf } from './daemon.ts'
import { writeResults } from './results.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, write: { type: 'boolean', default: false } },
})
const rounds = Number(values.rounds)

buildBundles()
const lab = new Lab()
try {
  await lab.startControlPlane()
  const [port = 0, ...outbounds] = await freePorts(4)
  const calls = Object.fromEntries(outbounds.map((outbound, k) => [outbound, `service-${k}`]))
  const definition = dataplane({ name: 'web-1', service: 'web', port, servicePort: 9, outbounds: calls })
  const daemon = await lab.startDataPlane(definition)
  await daemon.said(/snapshot applied|serving/)
  const [, ...args] = await lab.dataPlaneArguments(definition)
  await daemon.stop('SIGKILL')
  await lab.controlPlane?.stop('SIGKILL')

  const figures: Record<string, string> = {}
  const ports = [port, ...outbounds]
  for (const form of ['bundle', 'source'] as const) {
    // the first one fills the compile cache
    await start(form, args, ports)
    const samples = []
    for (let round = 0; round < rounds; round++) samples.push(await start(form, args, ports))
    const listening = samples.map(sample => sample.listeningMs)
    figures[`from the ${form}: all listeners accept (goal 1,000 ms)`] =
      `${median(listening).toFixed(0)} ms, worst ${Math.max(...listening).toFixed(0)} ms`
    figures[`from the ${form}: says that it is ready`] =
      `${median(samples.map(sample => sample.readyMs)).toFixed(0)} ms`
  }
  console.table(figures)
  if (values.write) writeResults('start', `medians of ${rounds} runs`, figures)
} finally {
  await lab.close()
}

async function start(
  form: Form,
  args: readonly string[],
  ports: readonly number[],
): Promise<{ listeningMs: number; readyMs: number }> {
  const from = performance.now()
  const daemon = lab.run([...programOf('vmesh-dp', form), ...args], environmentOf(form))
  const ready = daemon.said(/data plane is ready/).then(() => performance.now() - from)
  for (const port of ports) await untilAccepted(port)
  const listeningMs = performance.now() - from
  const readyMs = await ready
  await daemon.stop('SIGKILL')
  return { listeningMs, readyMs }
}

async function untilAccepted(port: number): Promise<void> {
  const until = performance.now() + 20_000
  while (!(await accepts(port))) {
    if (performance.now() > until) throw new Error(`nobody listens on ${port}`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
