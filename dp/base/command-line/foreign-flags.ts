/**
 * Flags of another program, whose unit files people bring along: those that mean nothing here are taken out of the
 * command line with a word, those that cannot be left out stop it.
 */
import { type ForeignName, foreignFault, foreignOf } from '../settings/foreign.ts'

export interface ForeignFlags {
  readonly argv: readonly string[]
  /** `--binary-path is left out: …` */
  readonly remarks: readonly string[]
  /** null: none that stops it. */
  readonly fault: string | null
}

/** Words after `--`, and values of flags in words of their own, are left alone. */
export function withoutForeignFlags(argv: readonly string[], rows: readonly ForeignName[]): ForeignFlags {
  const kept: string[] = []
  const remarks: string[] = []
  let fault: string | null = null
  const end = argv.indexOf('--')
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    const [flag = '', value] = split(word)
    const isFlag = word.startsWith('--') && (end < 0 || index < end)
    const row = isFlag ? foreignOf(rows, flag) : undefined
    if (row === undefined || row.fate === 'taken') {
      kept.push(word)
      continue
    }
    const given = value ?? (row.isSwitch === true ? 'true' : (argv[++index] ?? ''))
    const wrong = foreignFault(row, given)
    if (wrong !== null) fault ??= `--${flag}: ${wrong}`
    else if (row.fate === 'idle') remarks.push(`--${flag} is left out: ${row.why}`)
  }
  return { argv: kept, remarks, fault }
}

function split(word: string): readonly string[] {
  const equals = word.indexOf('=')
  return equals < 0 ? [word.slice(2)] : [word.slice(2, equals), word.slice(equals + 1)]
}
