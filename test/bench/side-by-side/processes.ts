/**
 * Processes of the comparison: proxies on one processor, load and backends on another, as data-plane.md tells, so that
 * they do not take time from each other. All are gone when the run ends.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { cpuMsOf, memoryOf } from '../daemon.ts'
import { HOST } from './peer.ts'

export const PROXY_CPU = 0
export const LOAD_CPU = 1

const PATIENCE_MS = 10_000
const children: ChildProcess[] = []

/** Starts a proxy or backend; what it says goes to standard error. Resolves when it listens on `port`. */
export async function startOn(cpu: number, argv: readonly string[], port: number): Promise<number> {
  const child = spawn('taskset', ['-c', String(cpu), ...argv], { stdio: ['ignore', 'ignore', 'inherit'] })
  children.push(child)
  await listening(port, child, argv[0] ?? '')
  return child.pid ?? 0
}

/** Keeps all threads of a process, and those that they start, on one processor. */
export function hold(pid: number, cpu: number): void {
  spawnSync('taskset', ['-apc', String(cpu), String(pid)])
}

/** With their workers. */
export function stopAll(): void {
  for (const { pid = 0 } of children) for (const one of withChildren(pid)) kill(one)
}

export function isInstalled(program: string): boolean {
  return spawnSync(program, ['-v']).error === undefined
}

/** CPU time of processes and of their children so far. */
export function cpuMsOfAll(pids: readonly number[]): number {
  return pids.flatMap(withChildren).reduce((sum, pid) => sum + cpuMsOf(pid), 0)
}

/** Resident memory of a process and its children. */
export function residentMb(pid: number): number {
  return withChildren(pid).reduce((sum, one) => sum + memoryOf(one).rssMb, 0)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended
  }
}

function withChildren(pid: number): number[] {
  const found = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).stdout
  return [pid, ...found.split('\n').filter(Boolean).map(Number)]
}

async function listening(port: number, child: ChildProcess, name: string): Promise<void> {
  const until = Date.now() + PATIENCE_MS
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`)
    const isOpen = await new Promise<boolean>(resolve => {
      const socket = connect(port, HOST)
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (isOpen) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`${name} does not listen on ${port}`)
}
