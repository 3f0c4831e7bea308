/** What a command may touch besides files and the control plane; tests give their own. */
import type { Output } from '#base/command-line.ts'

export interface World extends Output {
  /** All of standard input. */
  readInput(): Promise<string>
  nowMs(): number
  /** From now on Ctrl-C says `line` before it ends the process as ever; returns the function that takes it back. */
  atInterrupt(line: string): () => void
  /** Used where `--config-file` is not given. */
  readonly configFile: string
  /** Variables that options may come from. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Somebody watches standard output: long work says on `err` how far it is. */
  readonly isTerminal: boolean
  /** Output may be coloured. */
  readonly hasColours: boolean
}
