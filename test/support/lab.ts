/**
 * A mesh of real processes on this machine: one control plane, data planes and applications, each on free ports, in a
 * temporary folder. Everything it started is gone when the test ends.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringifyYaml } from '#base/yaml.ts'
import { freePorts } from './ports.ts'

const NODE = process.execPath
const FLAGS = ['--disable-warning=ExperimentalWarning']
const PATIENCE_MS = 20_000

export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** A process with what it has printed. */
export class Running {
  readonly child: ChildProcess
  #output = ''
  readonly #watchers = new Set<() => void>()
  readonly exited: Promise<number | null>

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(NODE, [...FLAGS, ...args], {
      env: { ...cleanEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk
        for (const look of this.#watchers) look()
      })
    }
    this.exited = once(this.child, 'close').then(([code]) => code as number | null)
    void this.exited.then(() => {
      for (const look of this.#watchers) look()
    })
  }

  get output(): string {
    return this.#output
  }

  /** Resolves when the output matches; rejects when the process ends first or after 20 s. */
  said(pattern: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearTimeout(timer)
        this.#watchers.delete(look)
        if (error === undefined) resolve()
        else reject(error)
      }
      const look = (): void => {
        if (pattern.test(this.#output)) return finish()
        if (this.child.exitCode !== null || this.child.signalCode !== null) {
          finish(new Error(`ended (${this.child.exitCode}) before it said ${pattern}:\n${this.#output}`))
        }
      }
      const timer = setTimeout(
        () => finish(new Error(`did not say ${pattern}:\n${this.#output}`)),
        PATIENCE_MS,
      )
      this.#watchers.add(look)
      look()
    })
  }

  /** Resolves with the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal)
    return this.exited
  }
}

export class Lab {
  readonly dir = mkdtempSync(join(tmpdir(), 'vmesh-lab-'))
  readonly #running: Running[] = []
  ports = { api: 0, https: 0, dp: 0, diagnostics: 0 }
  controlPlane: Running | null = null

  /** With the ports of the first start; `env`: further settings. */
  async startControlPlane(env: Readonly<Record<string, string>> = {}): Promise<Running> {
    if (this.ports.api === 0) {
      const [api = 0, https = 0, dp = 0, diagnostics = 0] = await freePorts(4)
      this.ports = { api, https, dp, diagnostics }
    }
    const running = this.run(['cp/main.ts', 'run', '--data-dir', join(this.dir, 'cp')], {
      VMESH_API_SERVER_HTTP_PORT: String(this.ports.api),
      VMESH_API_SERVER_HTTPS_PORT: String(this.ports.https),
      VMESH_API_SERVER_HTTPS_INTERFACE: '127.0.0.1',
      VMESH_DP_SERVER_PORT: String(this.ports.dp),
      VMESH_DP_SERVER_INTERFACE: '127.0.0.1',
      VMESH_DIAGNOSTICS_SERVER_PORT: String(this.ports.diagnostics),
      ...env,
    })
    this.controlPlane = running
    await running.said(/control plane is ready/)
    return running
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const running = new Running(args, env)
    this.#running.push(running)
    return running
  }

  /** Arguments of `vmesh-dp run` for a Dataplane given as a value, with a token of its own. */
  async dataPlaneArguments(dataplane: { readonly name: string; readonly mesh?: string }): Promise<string[]> {
    const file = join(this.dir, `${dataplane.name}.yaml`)
    writeFileSync(file, stringifyYaml({ type: 'Dataplane', mesh: 'default', ...dataplane }))
    const token = join(this.dir, `${dataplane.name}.token`)
    writeFileSync(token, await this.token(dataplane))
    return [
      'dp/main.ts',
      'run',
      `--cp-address=https://127.0.0.1:${this.ports.dp}`,
      `--dataplane-file=${file}`,
      `--dataplane-token-file=${token}`,
      `--ca-cert-file=${join(this.dir, 'cp/tls/ca.crt')}`,
      `--state-dir=${join(this.dir, `state-${dataplane.name}`)}`,
      '--drain-time=5s',
    ]
  }

  /** Resolves when the data plane serves. */
  async startDataPlane(dataplane: {
    readonly name: string
    readonly mesh?: string
    readonly networking: object
  }): Promise<Running> {
    const running = this.run(await this.dataPlaneArguments(dataplane))
    await running.said(/data plane is ready/)
    return running
  }

  async token(claims: { readonly name: string; readonly mesh?: string }): Promise<string> {
    const answer = await this.api('POST', '/tokens/dataplane', {
      name: claims.name,
      mesh: claims.mesh ?? 'default',
    })
    if (answer.status !== 200) throw new Error(`token: ${answer.status} ${answer.body}`)
    return answer.body
  }

  get ca(): string {
    return readFileSync(join(this.dir, 'cp/tls/ca.crt'), 'utf8')
  }

  api(method: string, path: string, body?: unknown): Promise<Answer> {
    return call(this.ports.api, path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  }

  /** PUT that must succeed. */
  async put(path: string, body: object): Promise<void> {
    const answer = await this.api('PUT', path, body)
    if (answer.status > 201) throw new Error(`PUT ${path}: ${answer.status} ${answer.body}`)
  }

  permission(name: string, service: string, client: string, action: 'Allow' | 'Deny'): Promise<void> {
    return this.put(`/meshes/default/meshtrafficpermissions/${name}`, {
      type: 'MeshTrafficPermission',
      mesh: 'default',
      name,
      spec: {
        targetRef: { kind: 'MeshService', name: service },
        from: [{ targetRef: { kind: 'MeshService', name: client }, default: { action } }],
      },
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map(running => running.stop('SIGKILL')))
    rmSync(this.dir, { recursive: true, force: true })
  }
}

export function call(
  port: number,
  path: string,
  options: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string | undefined
    readonly host?: string
  } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, host = '127.0.0.1' } = options
    const asked = request(
      { host, port, path, method, headers, agent: false, timeout: PATIENCE_MS },
      response => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          body += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
        )
        response.on('error', reject)
      },
    )
    asked.on('timeout', () => asked.destroy(new Error('no answer')))
    asked.on('error', reject)
    asked.end(options.body)
  })
}

/** Asks again until the answer is as wanted; the last one is in the error. */
export async function eventually<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  const until = Date.now() + PATIENCE_MS
  let last: unknown
  while (Date.now() < until) {
    try {
      const answer = await ask()
      if (isWanted(answer)) return answer
      last = answer
    } catch (error) {
      last = error
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`never as wanted; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`)
}

/** One inbound for `service` on `port`, the application on `servicePort`; outbounds by port. */
export function dataplane(options: {
  readonly name: string
  readonly service: string
  readonly port: number
  readonly servicePort: number
  readonly protocol?: 'http' | 'tcp'
  readonly outbounds?: Readonly<Record<number, string>>
}): { name: string; networking: object } {
  const { name, service, port, servicePort, protocol = 'http', outbounds = {} } = options
  return {
    name,
    networking: {
      address: '127.0.0.1',
      inbound: [{ port, servicePort, tags: { 'kuma.io/service': service, 'kuma.io/protocol': protocol } }],
      outbound: Object.entries(outbounds).map(([outbound, called]) => ({
        port: Number(outbound),
        tags: { 'kuma.io/service': called },
      })),
    },
  }
}

function cleanEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('VMESH_'))
  return Object.fromEntries(kept.map(([name, value]) => [name, value ?? '']))
}
