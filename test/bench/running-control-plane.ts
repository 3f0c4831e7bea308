/** A control plane as a process of its own, for benchmarks that measure it from outside by what it tells at /metrics. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { variableOf } from '../../dp/base/settings.ts'
import { freePorts } from '../support/ports.ts'
import { environmentOf, programOf } from './daemon.ts'

export interface RunningControlPlane {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  /** One value of /metrics. */
  metric(name: string): Promise<number>
  stop(): Promise<void>
}

/** Resolves when it is ready. */
export async function startControlPlane(dataDir: string): Promise<RunningControlPlane> {
  const [http = 0, https = 0, proxies = 0, diagnostics = 0] = await freePorts(4)
  const settings = {
    'apiServer.http.port': http,
    'apiServer.https.port': https,
    'dpServer.port': proxies,
    'diagnostics.serverPort': diagnostics,
    logLevel: 'warn',
    dataDir,
  }
  const ours = Object.entries(settings).map(([name, value]) => [variableOf(name), String(value)])
  const child = spawn(process.execPath, [...programOf('vmesh-cp', 'source'), 'run'], {
    env: { ...process.env, ...environmentOf('source'), ...Object.fromEntries(ours) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  createInterface(child.stdout).on('line', line => console.log(line))
  await ready(child, diagnostics)
  return {
    url: `http://127.0.0.1:${http}`,
    async metric(name) {
      const page = await (await fetch(`http://127.0.0.1:${diagnostics}/metrics`)).text()
      return Number(new RegExp(`^${name} (.*)$`, 'm').exec(page)?.[1])
    },
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function ready(child: ChildProcess, diagnostics: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${diagnostics}/ready`).catch(() => null)
    if (answer?.status === 200) return
    if (child.exitCode !== null) throw new Error('the control plane did not start')
  }
}
