/**
 * The two daemons as measured ones: from the source tree or as the bundles of scripts/build.ts, with the flags of
 * scripts/vmesh-cp and scripts/vmesh-dp, and what the kernel tells of their processes.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

export type Daemon = 'vmesh-cp' | 'vmesh-dp'
export type Form = 'source' | 'bundle'

const ROOT = new URL('../../', import.meta.url).pathname
const SOURCES: Readonly<Record<Daemon, string>> = { 'vmesh-cp': 'cp/main.ts', 'vmesh-dp': 'dp/main.ts' }

/** Makes .build/ anew. */
export function buildBundles(): void {
  execFileSync(process.execPath, [`${ROOT}scripts/build.ts`], { stdio: 'inherit' })
}

/** Node's arguments up to the program's own. */
export function programOf(daemon: Daemon, form: Form): string[] {
  const script = readFileSync(`${ROOT}scripts/${daemon}`, 'utf8')
  const flags = (/^exec "\$node" \$node_flags (.*)"\$here\/.*$/m.exec(script)?.[1] ?? '').trim()
  const program = form === 'source' ? SOURCES[daemon] : `.build/${daemon}.mjs`
  return [...flags.split(' ').filter(Boolean), `${ROOT}${program}`]
}

/** From the source tree as its scripts do it: what was compiled once is kept. */
export function environmentOf(form: Form): Readonly<Record<string, string>> {
  return form === 'source' ? { NODE_COMPILE_CACHE: `${ROOT}node_modules/.cache/compile` } : {}
}

export interface Memory {
  /** Resident, as `ps` shows it: with the pages of the runtime's file that all its processes share. */
  readonly rssMb: number
  /** Shared pages divided among those who share them. */
  readonly pssMb: number
  /** Pages of this process alone. */
  readonly ownMb: number
}

export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const mb = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]) / 1024
  return { rssMb: mb('Rss'), pssMb: mb('Pss'), ownMb: mb('Private_Dirty') + mb('Private_Clean') }
}

/** Run time of all threads so far, as the scheduler counts it; not of threads that have ended. */
export function cpuMsOf(pid: number): number {
  let ns = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
  }
  return ns / 1e6
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
