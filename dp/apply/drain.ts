/** The end of an engine: no new work, what runs may finish, the rest is cut. */
import type { Runtime } from './runtime.ts'

/** After the time is over connections are cut by a sweep: this much later none is left. */
const CUT_MS = 2000

/** Resolves when nothing runs, at the latest a moment after `timeoutMs`. */
export async function drain(runtime: Runtime, timeoutMs: number): Promise<void> {
  for (const { socket } of runtime.listeners.values()) socket.close()
  for (const role of [...runtime.roles]) runtime.retire(role, timeoutMs)
  if (!runtime.isQuiet) await quiet(runtime, timeoutMs + CUT_MS)
  for (const cluster of runtime.clusters.values()) cluster.retire()
}

function quiet(runtime: Runtime, withinMs: number): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, withinMs)
    runtime.onQuiet = () => {
      if (!runtime.isQuiet) return
      clearTimeout(timer)
      resolve()
    }
  })
}
