/** Names that a shell may offer for an argument: asked of the control plane as `get` would, and soon given up. */
import type { CommandNode } from '#base/command-line.ts'
import { at, list, text } from '../output.ts'
import type { World } from '../world.ts'

/** Flags that say which control plane and mesh are meant; those with a value may have it in the next word. */
const MEANT = /^(--(address|context|config-file|no-config|token-file|ca-cert-file|skip-verify|mesh)|-m)(=|$)/
const WITHOUT_VALUE = /^--(no-config|skip-verify)$/

export interface Asked {
  /** The command whose argument is typed. */
  readonly node: CommandNode
  /** Which of its arguments. */
  readonly position: number
  /** All words before. */
  readonly words: readonly string[]
  /** Those that are arguments of the command. */
  readonly given: readonly string[]
}

/** Runs vmeshctl with these words. */
export type Run = (argv: readonly string[], world: World) => Promise<number>

/** Empty where nobody answers, or the argument is no name. */
export async function namesFor(asked: Asked, run: Run, world: World): Promise<readonly string[]> {
  const kind = kindOf(asked)
  if (kind === undefined) return []
  let printed = ''
  const quiet: World = {
    ...world,
    err: () => {},
    out: chunk => {
      printed += chunk
    },
  }
  const argv = ['get', kind, '-o', 'json', '--size=1000', '--api-timeout=2s', ...meantBy(asked.words)]
  if ((await run(argv, quiet)) !== 0) return []
  return list(at(JSON.parse(printed), 'items')).map(item => text(at(item, 'name')))
}

function kindOf({ node, position, given }: Asked): string | undefined {
  const values = Object.values(node.arguments).map(({ value }) => value)
  if (values[position] === 'DATAPLANE') return 'dataplane'
  if (values[position] !== 'NAME') return undefined
  // `get KIND NAME`, and `inspect KIND NAME`, where the command is the kind
  return values[0] === 'KIND' ? given[0] : node.name
}

function meantBy(words: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    if (!MEANT.test(word)) return []
    const next = words[index + 1]
    return word.includes('=') || WITHOUT_VALUE.test(word) || next === undefined ? [word] : [word, next]
  })
}
