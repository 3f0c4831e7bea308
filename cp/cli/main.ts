/** `vmeshctl`: argv → program → exit. The only process.exit of the command line. */
import { text } from 'node:stream/consumers'
import { exitCodeOf } from '#base/process/exit-codes.ts'
import { surroundings } from './config.ts'
import { vmeshctl } from './program.ts'

// `vmeshctl get … | head` is no failure
process.stdout.on('error', error => process.exit('code' in error && error.code === 'EPIPE' ? 0 : 1))

vmeshctl(process.argv.slice(2), {
  out: chunk => void process.stdout.write(chunk),
  err: chunk => void process.stderr.write(chunk),
  readInput: () => text(process.stdin),
  nowMs: Date.now,
  ...surroundings(process.stdout.isTTY),
}).then(
  code => {
    // not exit(): what was written to a pipe has to arrive
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`vmeshctl: ${error instanceof Error ? error.stack : String(error)}\n`)
    process.exit(exitCodeOf(error))
  },
)
