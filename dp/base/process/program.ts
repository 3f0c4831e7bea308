/** What the mains of all daemons share: where they write, their version, what they say when they end by a bug. */
import { type CommandNode, command, type Output } from '../command-line.ts'
import { VERSION } from '../version.ts'
import { EXIT } from './exit-codes.ts'

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

/** For people who report it: errors that reach a main are bugs, so their stack is shown. */
export function sayBug(program: string, error: unknown): void {
  STDIO.err(`${program}: ${error instanceof Error ? error.stack : String(error)}\n`)
}
