/**
 * Whether a program exits with 0. It is run without a shell in a process group of its own, which ends with it or with the
 * time of the probe, whatever it has started.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { faultOf } from './asked.ts'

export async function askExec(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  const [program, ...args] = command
  if (program === undefined) return 'the probe names no program'
  return new Promise(resolve => {
    const child = spawn(program, args, { env: environment, cwd: '/', detached: true, stdio: 'ignore' })
    child.once('error', error => resolve(`cannot run ${program}: ${wordsOf(error)}`))
    child.once('exit', (code, signalName) => {
      endGroup(child)
      if (code === null) resolve(`${program} was ended by ${signalName}`)
      else resolve(code === 0 ? '' : `${program} exited with ${code}`)
    })
    signal.addEventListener('abort', () => endGroup(child), { once: true })
  })
}

function wordsOf(error: Error): string {
  const words = faultOf(error)
  if (words.endsWith('ENOENT')) return 'there is no such program'
  return words.endsWith('EACCES') ? 'it may not be run' : words
}

/** All that it has started and that did not leave its group. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // nothing of it is left
  }
}
