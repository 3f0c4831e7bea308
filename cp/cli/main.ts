/** `vmeshctl`: argv → program → exit. The only process.exit of the command line. */
import { text } from 'node:stream/consumers'
import { exitCodeOf } from '#base/process/exit-codes.ts'
import { STDIO, sayBug, watchOutput } from '#base/process/program.ts'
import { surroundings } from './config.ts'
import { vmeshctl } from './program.ts'

watchOutput('vmeshctl', code => process.exit(code))

/** The signal ends the process as it would have: shells look at that to end their loops. */
function atInterrupt(line: string): () => void {
  const say = (): void => {
    process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}vmeshctl: ${line}\n`)
    process.kill(process.pid, 'SIGINT')
  }
  process.once('SIGINT', say)
  return () => void process.off('SIGINT', say)
}

vmeshctl(process.argv.slice(2), {
  ...STDIO,
  readInput: () => text(process.stdin),
  nowMs: Date.now,
  atInterrupt,
  ...surroundings(process.stdout.isTTY),
}).then(
  code => {
    // not exit(): what was written to a pipe has to arrive
    process.exitCode = code
  },
  (error: unknown) => {
    sayBug('vmeshctl', error)
    process.exit(exitCodeOf(error))
  },
)
