/** A misbehaving upstream in a process of its own, told what to do over its control port. See misbehaving.ts. */
import { fileURLToPath } from 'node:url'
import { call, Running } from './lab.ts'
import type { Behaviour, Seen } from './misbehaving.ts'

interface Teardown {
  teardown(end: () => Promise<void> | void): void
}

export interface MisbehavingProcess {
  readonly port: number
  /** To kill it, or stop and continue it (SIGSTOP: the kernel accepts and nobody reads, the true half-open). */
  readonly running: Running
  tell(behaviour: Behaviour, path?: string): Promise<void>
  seen(): Promise<Seen>
  forget(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('misbehaving-program.ts', import.meta.url))

/** `port` 0: a free one. Killed when the test ends. */
export async function startMisbehavingProcess(
  t: Teardown,
  options: { readonly name?: string; readonly port?: number; readonly protocol?: 'http' | 'tcp' } = {},
): Promise<MisbehavingProcess> {
  const { name = 'app', port = 0, protocol = 'http' } = options
  const running = new Running([PROGRAM, `--name=${name}`, `--port=${port}`, `--protocol=${protocol}`])
  t.teardown(async () => {
    await running.stop('SIGKILL')
  })
  await running.said(/serving \d+, control \d+\n/)
  const [, serving, control] = /serving (\d+), control (\d+)/.exec(running.output) ?? []
  const ask = async (method: string, path: string, body?: object): Promise<string> => {
    const answer = await call(Number(control), path, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    if (answer.status !== 200) throw new Error(answer.body)
    return answer.body
  }
  return {
    port: Number(serving),
    running,
    async tell(behaviour, path) {
      const query = path === undefined ? '' : `?path=${encodeURIComponent(path)}`
      await ask('PUT', `/behaviour${query}`, behaviour)
    },
    async seen() {
      return JSON.parse(await ask('GET', '/seen')) as Seen
    },
    async forget() {
      await ask('DELETE', '/seen')
    },
  }
}
