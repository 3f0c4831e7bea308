/** Words that stand for others: flags whose value may be left out, and --version. */
import type { CommandNode, OptionTable } from './spec.ts'
import { flagOf } from './values.ts'

/** A bare flag whose value may be left out is written out: a word after it is never its value. */
export function withImplied(program: CommandNode, argv: readonly string[]): readonly string[] {
  const implied = new Map(
    optionsOf(program).flatMap(options =>
      Object.entries(options).flatMap(([key, spec]) =>
        spec.type === 'text' && spec.implied !== undefined ? [[flagOf(key), spec.implied] as const] : [],
      ),
    ),
  )
  const end = argv.indexOf('--')
  return argv.map((word, index) => {
    const value = end < 0 || index < end ? implied.get(word) : undefined
    return value === undefined ? word : `${word}=${value}`
  })
}

function optionsOf(node: CommandNode): readonly OptionTable[] {
  return [node.options, ...node.commands.flatMap(optionsOf)]
}

/** `--version` and `-v`, as people type them everywhere, are the command `version`. */
export function withVersion(argv: readonly string[]): readonly string[] {
  return argv[0] === '--version' || argv[0] === '-v' ? ['version', ...argv.slice(1)] : argv
}
