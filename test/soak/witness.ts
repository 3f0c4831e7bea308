/** Looks at a process once a second from a thread of its own: memory, descriptors, and how long it takes to answer. */
import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

export interface Sample {
  readonly residentMb: number
  readonly descriptors: number
  /** Until every thread of the daemon had answered; -1: it did not. */
  readonly answeredMs: number
}

interface Watched {
  readonly pid: number
  /** Of the daemon's status. */
  readonly socketPath: string
}

export interface Witness {
  readonly samples: readonly Sample[]
  stop(): Promise<void>
}

const EVERY_MS = 1000
const PATIENCE_MS = 20_000

/** `socketPath`: where the daemon tells its status. */
export function watch(pid: number, socketPath: string): Witness {
  const samples: Sample[] = []
  const watched: Watched = { pid, socketPath }
  const worker = new Worker(new URL(import.meta.url), { workerData: watched })
  worker.on('message', (sample: Sample) => samples.push(sample))
  return {
    samples,
    async stop() {
      await worker.terminate()
    },
  }
}

export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Middle value. */
export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0
}

/** A line for each minute. */
export function shown(name: string, samples: readonly Sample[]): string[] {
  return samples
    .filter((_, at) => at % 60 === 0 || at === samples.length - 1)
    .map(
      ({ residentMb, descriptors }, at) =>
        `${name}, minute ${at}: ${residentMb.toFixed(0)} MB, ${descriptors} descriptors`,
    )
}

function answerTime(socketPath: string): Promise<number> {
  const startMs = performance.now()
  return new Promise(resolve => {
    const asked = request({ socketPath, path: '/status', timeout: PATIENCE_MS }, response => {
      response.resume()
      response.on('end', () => resolve(performance.now() - startMs))
      response.on('error', () => resolve(-1))
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(-1))
    asked.end()
  })
}

async function look({ pid, socketPath }: Watched): Promise<void> {
  for (;;) {
    const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    const sample: Sample = {
      residentMb: Number(resident ?? 0) / 1024,
      descriptors: descriptorsOf(pid),
      answeredMs: await answerTime(socketPath),
    }
    parentPort?.postMessage(sample)
    await pause(EVERY_MS)
  }
}

if (!isMainThread) await look(workerData as Watched)

/** Growth of memory from the middle of a long run to its end that is no leak. */
const MAX_GROWTH = 0.1
const MAX_GROWTH_MB = 8

export function isFlat(fromMb: number, toMb: number): boolean {
  return toMb < fromMb * (1 + MAX_GROWTH) + MAX_GROWTH_MB
}
