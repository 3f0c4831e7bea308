/** What the mains of all daemons share: where they write, their version, what they say when they end by a bug. */
import { type CommandNode, command, type Output } from '../command-line.ts'
import { codeOf, messageOf } from '../errors.ts'
import { VERSION } from '../version.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

/** Standard output and standard error. */
export const STDIO: Output = {
  out: text => void process.stdout.write(text),
  err: text => void process.stderr.write(text),
}

export function versionCommand(program: string): CommandNode {
  return command({
    name: 'version',
    doc: 'print the version',
    run: async () => {
      STDIO.out(`${program} ${VERSION} (Node ${process.version})\n`)
      return EXIT.ok
    },
  })
}

/**
 * Calls `exit` when standard output cannot be written: with 0 where the reader has gone, as `… | head` does, else saying
 * why. What standard error does not take is lost. Errors come after the write: end no sooner than in the next turn.
 */
export function watchOutput(program: string, exit: (code: ExitCode) => void): void {
  process.stdout.on('error', error => {
    if (codeOf(error) === 'EPIPE') return exit(EXIT.ok)
    STDIO.err(`${program}: cannot write to standard output: ${messageOf(error)}\n`)
    exit(EXIT.failed)
  })
  process.stderr.on('error', () => {})
}

/** For people who report it: errors that reach a main are bugs, so their stack is shown. */
export function sayBug(program: string, error: unknown): void {
  STDIO.err(`${program}: ${error instanceof Error ? error.stack : String(error)}\n`)
}
