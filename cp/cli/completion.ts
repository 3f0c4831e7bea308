/** What the shell may offer next: the words typed so far → candidates, read from the same tree as help. */
import type { CommandNode, OptionSpec } from '#base/command-line.ts'
import { separateWords } from '#base/text/words.ts'
import { kindWords } from './resources.ts'

/** The shell is asked to offer files itself. */
export const FILES = ':files'

/**
 * @param words all after the program's name; the last is the one being typed, maybe empty
 * @returns candidates for the last word, or `[FILES]`
 */
export function candidates(program: CommandNode, words: readonly string[]): readonly string[] {
  const typed = words.at(-1) ?? ''
  const { node, path, position, awaits } = walk(program, words.slice(0, -1))
  const all = path.flatMap(one => Object.entries(one.options))
  if (awaits !== undefined) return begin(valuesOf(awaits), typed)
  const assigned = /^(--[a-z0-9-]+)=(.*)$/.exec(typed)
  if (assigned !== null) {
    const [, flag = '', value = ''] = assigned
    const spec = all.find(([key]) => longOf(key) === flag)?.[1]
    return begin(spec === undefined ? [] : valuesOf(spec), value)
  }
  if (typed.startsWith('-')) {
    const flags = new Set([...all.map(([key]) => longOf(key)), '--help'])
    return begin([...flags].sort(), typed)
  }
  if (node.commands.length > 0)
    return begin(
      node.commands.map(child => child.name),
      typed,
    )
  const argument = Object.values(node.arguments)[position]
  if (argument?.value === 'KIND') return begin(kindWords(), typed)
  return argument?.value === 'SHELL' ? begin(['bash', 'zsh', 'fish'], typed) : []
}

interface Walked {
  readonly node: CommandNode
  readonly path: readonly CommandNode[]
  /** How many arguments the command has got. */
  readonly position: number
  /** The option whose value comes next. */
  readonly awaits: OptionSpec | undefined
}

function walk(program: CommandNode, words: readonly string[]): Walked {
  let node = program
  const path = [program]
  let position = 0
  let awaits: OptionSpec | undefined
  for (const word of words) {
    if (awaits !== undefined) awaits = undefined
    else if (word.startsWith('-')) {
      const found = path
        .flatMap(one => Object.entries(one.options))
        .find(([key, spec]) => longOf(key) === word || `-${spec.short}` === word)?.[1]
      awaits = found?.type === 'switch' ? undefined : found
    } else {
      const child = node.commands.find(one => one.name === word)
      if (child === undefined) position++
      else {
        node = child
        path.push(child)
      }
    }
  }
  return { node, path, position, awaits }
}

function valuesOf(spec: OptionSpec): readonly string[] {
  if (spec.type === 'switch') return []
  if (spec.type === 'text' && spec.choices !== undefined) return spec.choices
  return /FILE|DIR/.test(spec.value) ? [FILES] : []
}

function begin(all: readonly string[], typed: string): readonly string[] {
  return all.filter(word => word === FILES || word.startsWith(typed))
}

function longOf(key: string): string {
  return `--${separateWords(key, '-')}`
}
