/** One data plane in several threads: real workers, started from the program's own file. */
import { Worker } from 'node:worker_threads'
import { silentLogger } from '#base/log.ts'
import type { RunningStatistics } from '#contract/questions.ts'
import { CELLS_BYTES } from '../../dp/apply/shared-cells.ts'
import type { WorkerData } from '../../dp/apply/workers/messages.ts'
import { Workers } from '../../dp/apply/workers/workers.ts'
import type { Limits } from '../../dp/codec/limits.ts'
import { LOAD_BYTES } from '../../dp/codec/load.ts'

export interface Teardown {
  teardown(end: () => Promise<void> | void): void
}

const MAIN = new URL('../../dp/main.ts', import.meta.url)

/** Drained when the test ends. */
export function startWorkers(t: Teardown, count: number, limits: Partial<Limits> = {}) {
  const threads: Worker[] = []
  const load = new SharedArrayBuffer(LOAD_BYTES)
  const cells = new SharedArrayBuffer(CELLS_BYTES)
  const start = (number: number): Worker => {
    const data: WorkerData = {
      number,
      limits,
      load,
      cells,
      log: { level: 'silent', name: 'test', journal: false, bindings: {} },
    }
    const worker = new Worker(MAIN, { workerData: data })
    threads.push(worker)
    return worker
  }
  const engine = new Workers({ count, start, log: silentLogger() })
  let isDrained = false
  const drain = async (timeoutMs: number): Promise<void> => {
    if (!isDrained) await engine.drain(timeoutMs)
    isDrained = true
  }
  t.teardown(() => drain(0))
  return { engine, drain, threads }
}

/** What one worker alone counts. */
export function statusOf(thread: Worker): Promise<RunningStatistics> {
  return new Promise(resolve => {
    const hear = (message: { id?: number; answer?: RunningStatistics }): void => {
      if (message.id !== -1 || message.answer === undefined) return
      thread.off('message', hear)
      resolve(message.answer)
    }
    thread.on('message', hear)
    thread.postMessage({ id: -1, name: 'status', ask: null })
  })
}
