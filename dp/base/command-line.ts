/**
 * Command lines: programs as trees of commands with typed options and arguments, described as data (help and shell
 * completion read the same tree). A wrong command line is one sentence and exit code 64. The only import of
 * commander.
 */
import { Argument, Command, CommanderError, Option } from 'commander'
import { CodedError } from './errors.ts'
import { EXIT, exitCodeOf } from './process/exit-codes.ts'
import { separateWords } from './text/words.ts'

export type OptionSpec =
  | {
      readonly type: 'switch'
      readonly doc: string
      readonly short?: string
      /** Environment variable that sets it where the flag is not given; `1` and `true` switch on. */
      readonly variable?: string
    }
  | {
      readonly type: 'text'
      /** How help calls the value: `FILE`. */
      readonly value: string
      readonly doc: string
      /** One letter. */
      readonly short?: string
      readonly default?: string
      readonly required?: true
      readonly choices?: readonly string[]
      /** The value of the bare flag; others are given as `--flag=VALUE` only. */
      readonly implied?: string
      /** Environment variable that gives the value where the flag does not. */
      readonly variable?: string
    }
  /** May be given again and again. */
  | { readonly type: 'list'; readonly value: string; readonly doc: string; readonly short?: string }

/** The key is the flag in camelCase, dots count as dashes: `caCertFile` is `--ca-cert-file`. */
export type OptionTable = Readonly<Record<string, OptionSpec>>

export interface ArgumentSpec {
  /** How help calls it: `KIND`. */
  readonly value: string
  readonly doc: string
  readonly optional?: true
  /** The last one only: takes all words that are left. */
  readonly isRepeated?: true
}

/** In the order of the command line; optional ones last. */
export type ArgumentTable = Readonly<Record<string, ArgumentSpec>>

type OptionValue<S extends OptionSpec> = S extends { type: 'switch' }
  ? boolean
  : S extends { type: 'list' }
    ? readonly string[]
    :
        | (S extends { choices: readonly (infer Choice)[] } ? Choice : string)
        | (S extends { default: string } | { required: true } ? never : undefined)

export type OptionValues<T extends OptionTable> = { readonly [Name in keyof T]: OptionValue<T[Name]> }
export type ArgumentValues<T extends ArgumentTable> = {
  readonly [Name in keyof T]: T[Name] extends { isRepeated: true }
    ? readonly string[]
    : T[Name] extends { optional: true }
      ? string | undefined
      : string
}

export interface CommandSpec<O extends OptionTable, A extends ArgumentTable> {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly doc: string
  readonly arguments?: A
  readonly options?: O
  /** Printed below the help. */
  readonly notes?: string
  /** Answers the exit code, or nothing for 0. */
  run(input: { options: OptionValues<O>; args: ArgumentValues<A> }): Promise<number | undefined>
}

/** One command as the tree holds it. */
export interface CommandNode {
  readonly name: string
  /** Further names, not shown in lists. */
  readonly aliases: readonly string[]
  readonly doc: string
  readonly notes: string
  readonly options: OptionTable
  readonly arguments: ArgumentTable
  readonly commands: readonly CommandNode[]
  /** Absent for a group of commands. */
  readonly invoke?: (
    options: Record<string, unknown>,
    args: Record<string, unknown>,
  ) => Promise<number | undefined>
}

export interface Output {
  out(text: string): void
  err(text: string): void
}

export function command<
  const O extends OptionTable = Record<never, never>,
  const A extends ArgumentTable = Record<never, never>,
>(spec: CommandSpec<O, A>): CommandNode {
  return {
    name: spec.name,
    aliases: spec.aliases ?? [],
    doc: spec.doc,
    notes: spec.notes ?? '',
    options: spec.options ?? {},
    arguments: spec.arguments ?? {},
    commands: [],
    // runProgram makes both from these tables
    invoke: (options, args) =>
      spec.run({ options: options as OptionValues<O>, args: args as ArgumentValues<A> }),
  }
}

/**
 * A program, or a command that only holds others. Options of a group are accepted before and after its commands'
 * names; a command reads them by listing the same table (`options: { ...COMMON, … }`).
 */
export function group(spec: {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly doc: string
  readonly options?: OptionTable
  readonly notes?: string
  readonly commands: readonly CommandNode[]
}): CommandNode {
  return { aliases: [], notes: '', options: {}, arguments: {}, ...spec }
}

/** For what a command finds wrong in its own arguments: exit code 64. */
export function usageError(message: string): CodedError {
  return new CodedError('command-line.usage', message, { details: { exitCode: EXIT.usage } })
}

export interface RunOptions {
  /** Where options with a `variable` look. */
  readonly environment?: Environment
  /** Before every message on `err`; default `PROGRAM: `. */
  readonly errorPrefix?: string
}

/**
 * Runs the command that `argv` (without interpreter and script) names and answers the exit code; never exits. Help
 * goes to `out`, code 0. Usage errors and coded errors become one message on `err`; other errors are bugs and thrown.
 */
export async function runProgram(
  program: CommandNode,
  argv: readonly string[],
  output: Output,
  { environment = {}, errorPrefix = `${program.name}: ` }: RunOptions = {},
): Promise<number> {
  const state: State = { code: EXIT.ok, at: null, environment }
  const root = build(program, [], output, state)
  try {
    await root.parseAsync(withImplied(program, argv), { from: 'user' })
    return state.code
  } catch (error) {
    if (error instanceof CommanderError)
      return afterCommander(error, state.at ?? root, text => output.err(`${errorPrefix}${text}\n`))
    if (!(error instanceof CodedError)) throw error
    output.err(`${errorPrefix}${error.message}\n`)
    return exitCodeOf(error)
  }
}

type Environment = Readonly<Record<string, string | undefined>>
type State = { code: number; at: Command | null; readonly environment: Environment }

/** A bare flag whose value may be left out is written out: a word after it is never taken for its value. */
function withImplied(program: CommandNode, argv: readonly string[]): readonly string[] {
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

/** `caCertFile` → `--ca-cert-file`. */
export function flagOf(key: string): string {
  return `--${separateWords(key, '-')}`
}

type Inherited = readonly (readonly [spec: OptionSpec, option: Option, owner: Command])[]

function build(node: CommandNode, inherited: Inherited, output: Output, state: State): Command {
  const made = new Command(node.name)
    .aliases(node.aliases)
    .description(node.doc)
    .helpOption('-h, --help', 'show this help')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: text => output.out(text),
      writeErr: text => output.err(text),
      outputError: () => {},
    })
    .exitOverride(error => {
      state.at = made
      throw error
    })
  if (node.commands.length > 0) made.helpCommand('help [COMMAND]', 'show the help of a command')
  if (node.notes !== '') made.addHelpText('after', `\n${node.notes}`)
  const readers = new Map<string, () => unknown>()
  const own: [OptionSpec, Option, Command][] = []
  for (const [key, spec] of Object.entries(node.options)) {
    const known = inherited.find(([other]) => other === spec)
    const option = known?.[1] ?? optionOf(key, spec)
    const owner = known?.[2] ?? made
    if (known === undefined) {
      made.addOption(option)
      own.push([spec, option, made])
    }
    readers.set(key, () => {
      const name = option.attributeName()
      const isGiven = owner.getOptionValueSource(name) === 'cli'
      const fallback = isGiven ? undefined : fromVariable(spec, state.environment)
      const value: unknown = owner.getOptionValue(name)
      // commander keeps `--no-x` as the opposite of x
      return fallback ?? (option.negate ? value === false : value) ?? absent(spec)
    })
  }
  const argumentKeys = Object.keys(node.arguments)
  for (const { value, doc, optional, isRepeated } of Object.values(node.arguments)) {
    const name = isRepeated === true ? `${value}...` : value
    made.addArgument(new Argument(optional === true ? `[${name}]` : `<${name}>`, doc))
  }
  for (const child of node.commands) made.addCommand(build(child, [...inherited, ...own], output, state))
  const { invoke } = node
  if (invoke !== undefined) {
    made.action(async () => {
      const options = Object.fromEntries([...readers].map(([key, read]) => [key, read()]))
      const args = Object.fromEntries(argumentKeys.map((key, index) => [key, made.processedArgs[index]]))
      state.code = (await invoke(options, args)) ?? EXIT.ok
    })
  }
  return made
}

function optionOf(key: string, spec: OptionSpec): Option {
  const short = spec.short === undefined ? '' : `-${spec.short}, `
  const hasImplied = spec.type === 'text' && spec.implied !== undefined
  const value = spec.type === 'switch' ? '' : hasImplied ? ` [${spec.value}]` : ` <${spec.value}>`
  const variable = spec.type === 'list' || spec.variable === undefined ? '' : ` (${spec.variable})`
  const option = new Option(`${short}${flagOf(key)}${value}`, `${spec.doc}${variable}`)
  if (spec.type === 'switch') return option
  if (spec.type === 'list') {
    return option.argParser<readonly string[] | undefined>((item, before) => [...(before ?? []), item])
  }
  if (spec.choices !== undefined) option.choices(spec.choices)
  if (spec.default !== undefined) option.default(spec.default)
  if (spec.required === true) option.makeOptionMandatory()
  return option
}

/** undefined where there is none, or it is empty. Throws a usage error for a value that the option does not take. */
function fromVariable(spec: OptionSpec, environment: Environment): string | boolean | undefined {
  if (spec.type === 'list' || spec.variable === undefined) return undefined
  const value = environment[spec.variable] ?? ''
  if (value === '') return undefined
  if (spec.type === 'switch') return /^(1|true|yes|on)$/i.test(value)
  if (spec.choices === undefined || spec.choices.includes(value)) return value
  throw usageError(`${spec.variable}=${value}: allowed are ${spec.choices.join(', ')}`)
}

/** Not as commander's defaults, which help would show. */
function absent(spec: OptionSpec): unknown {
  if (spec.type === 'switch') return false
  return spec.type === 'list' ? [] : undefined
}

/** commander has printed help already; its errors are made one sentence that leads to the help. */
function afterCommander(error: CommanderError, at: Command, say: (text: string) => void): number {
  if (error.exitCode === 0) return EXIT.ok
  if (error.code === 'commander.help') return EXIT.usage
  const names: string[] = []
  for (let one: Command | null = at; one !== null; one = one.parent) names.unshift(one.name())
  const sentence = error.message
    .replace(/^error: /, '')
    .replace(/\.$/, '')
    .replace(/^required option '(?:-\w, )?--([\w-]+).*' not specified$/, 'required flag(s) "$1" not set')
    .replace(/\s*\(Did you mean (.*?)\?\)$/s, '; did you mean $1?')
  say(`${sentence}${sentence.endsWith('?') ? ' See' : '; see'} ${names.join(' ')} --help`)
  return EXIT.usage
}
