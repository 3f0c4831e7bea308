/** What the shell may offer next: the words typed so far → candidates, read from the same tree as help. */
import { type CommandNode, flagOf, type OptionSpec } from '#base/command-line.ts'
import type { Asked } from './names.ts'

/** First word of the question that the scripts ask. */
export const COMPLETE = '__complete'
/** The shell is asked to offer files itself. */
export const FILES = ':files'

/**
 * @param words all after the program's name; the last is the one being typed, maybe empty
 * @param namesOf for arguments that are names of resources
 * @returns candidates for the last word, or `[FILES]`
 */
export async function candidates(
  program: CommandNode,
  words: readonly string[],
  namesOf: (asked: Asked) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const typed = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const { node, path, given, awaits } = walk(program, before)
  const position = given.length
  const all = path.flatMap(one => Object.entries(one.options))
  if (awaits !== undefined) return begin(valuesOf(awaits), typed)
  const assigned = /^(--[a-z0-9-]+)=(.*)$/.exec(typed)
  if (assigned !== null) {
    const [, flag = '', value = ''] = assigned
    const spec = all.find(([key]) => flagOf(key) === flag)?.[1]
    return begin(spec === undefined ? [] : valuesOf(spec), value)
  }
  if (typed.startsWith('-')) {
    const flags = new Set([...all.map(([key]) => flagOf(key)), '--help'])
    return begin([...flags].sort(), typed)
  }
  const names = node.commands.map(child => child.name)
  if (names.length > 0) return begin(names, typed)
  const specs = Object.values(node.arguments)
  const argument = specs[position] ?? (specs.at(-1)?.isRepeated === true ? specs.at(-1) : undefined)
  const known = await wordsFor(argument?.value)
  return begin(known ?? (await namesOf({ node, position, words: before, given })), typed)
}

/** By what help calls an argument; null: it may be a name. */
async function wordsFor(value: string | undefined): Promise<readonly string[] | null> {
  switch (value) {
    case 'KIND':
    case 'KIND[.FIELD]':
      return (await import('../resources.ts')).kindWords()
    case 'SHELL':
      return ['bash', 'zsh', 'fish']
    case 'FILE':
      return [FILES]
    default:
      return value === undefined ? [] : null
  }
}

interface Walked {
  readonly node: CommandNode
  readonly path: readonly CommandNode[]
  /** The arguments that the command has got. */
  readonly given: readonly string[]
  /** The option whose value comes next. */
  readonly awaits: OptionSpec | undefined
}

function walk(program: CommandNode, words: readonly string[]): Walked {
  let node = program
  const path = [program]
  let given: string[] = []
  let awaits: OptionSpec | undefined
  for (const word of words) {
    if (awaits !== undefined) awaits = undefined
    else if (word.startsWith('-')) {
      const found = path
        .flatMap(one => Object.entries(one.options))
        .find(([key, spec]) => flagOf(key) === word || `-${spec.short}` === word)?.[1]
      awaits = found !== undefined && takesNextWord(found) ? found : undefined
    } else {
      const child = node.commands.find(one => one.name === word || one.aliases.includes(word))
      if (child === undefined) given.push(word)
      else {
        node = child
        given = []
        path.push(child)
      }
    }
  }
  return { node, path, given, awaits }
}

function takesNextWord(spec: OptionSpec): boolean {
  return spec.type === 'list' || (spec.type === 'text' && spec.implied === undefined)
}

function valuesOf(spec: OptionSpec): readonly string[] {
  if (spec.type === 'switch') return []
  if (spec.type === 'text' && spec.choices !== undefined) return spec.choices
  return /FILE|DIR|KEY$/.test(spec.value) ? [FILES] : []
}

function begin(all: readonly string[], typed: string): readonly string[] {
  return all.filter(word => word === FILES || word.startsWith(typed))
}
