/**
 * Command lines: programs as trees of commands with typed options and arguments, described as data (help and shell
 * completion read the same tree). A wrong command line is one sentence and exit code 64. The only import of
 * commander.
 */
import { Argument, Command, CommanderError, Help, Option } from 'commander'
import { withoutForeignFlags } from './command-line/foreign-flags.ts'
import { withImplied, withVersion } from './command-line/implied.ts'
import type {
  ArgumentTable,
  ArgumentValues,
  CommandNode,
  CommandSpec,
  OptionSpec,
  OptionTable,
  OptionValues,
} from './command-line/spec.ts'
import { type Environment, flagOf, OptionFault, optionValues } from './command-line/values.ts'
import { CodedError } from './errors.ts'
import { EXIT, exitCodeOf } from './process/exit-codes.ts'
import type { ForeignName } from './settings/foreign.ts'

export { withVersion } from './command-line/implied.ts'
export type {
  ArgumentTable,
  CommandNode,
  OptionSpec,
  OptionTable,
  OptionValues,
} from './command-line/spec.ts'
export { flagOf } from './command-line/values.ts'

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
  /** A line that the help of its commands has in place of these options: where they are told. */
  readonly optionsHelp?: string
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
  /** Flags of another program, which do not stop this one where nothing is lost without them. */
  readonly foreignFlags?: readonly ForeignName[]
}

/**
 * Runs the command that `argv` (without interpreter and script) names and answers the exit code; never exits. Help
 * goes to `out`, code 0. Usage errors and coded errors become one message on `err`; other errors are bugs and thrown.
 */
export async function runProgram(
  program: CommandNode,
  argv: readonly string[],
  output: Output,
  { environment = {}, errorPrefix = `${program.name}: `, foreignFlags = [] }: RunOptions = {},
): Promise<number> {
  const state: State = { code: EXIT.ok, at: null, environment }
  const root = build(program, [], program.optionsHelp, output, state)
  try {
    const foreign = withoutForeignFlags(argv, foreignFlags)
    for (const remark of foreign.remarks) output.err(`${errorPrefix}${remark}\n`)
    if (foreign.fault !== null) throw usageError(foreign.fault)
    await root.parseAsync(withImplied(program, withVersion(foreign.argv)), { from: 'user' })
    return state.code
  } catch (error) {
    if (error instanceof CommanderError)
      return afterCommander(error, state.at ?? root, text => output.err(`${errorPrefix}${text}\n`))
    if (!(error instanceof CodedError)) throw error
    output.err(`${errorPrefix}${error.message}\n`)
    return exitCodeOf(error)
  }
}

type State = { code: number; at: Command | null; readonly environment: Environment }

type Inherited = readonly (readonly [spec: OptionSpec, option: Option, owner: Command])[]

function build(
  node: CommandNode,
  inherited: Inherited,
  inheritedHelp: string | undefined,
  output: Output,
  state: State,
): Command {
  const made = new Command(node.name)
    .aliases(node.aliases)
    .description(node.doc)
    .helpOption('-h, --help', 'show this help')
    .configureHelp({
      showGlobalOptions: inheritedHelp === undefined,
      formatHelp: (one, help) => {
        const below = [inherited.length > 0 ? (inheritedHelp ?? '') : '', node.notes]
        const wrapped = below.filter(text => text !== '').map(text => `\n${wrap(text, help)}\n`)
        return `${Help.prototype.formatHelp.call(help, one, help)}${wrapped.join('')}`
      },
    })
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
      if (owner.getOptionValueSource(name) !== 'cli') return undefined
      const value: unknown = owner.getOptionValue(name)
      // commander keeps `--no-x` as the opposite of x
      return option.negate ? value === false : value
    })
  }
  const argumentKeys = Object.keys(node.arguments)
  for (const { value, doc, optional, isRepeated } of Object.values(node.arguments)) {
    const name = isRepeated === true ? `${value}...` : value
    made.addArgument(new Argument(optional === true ? `[${name}]` : `<${name}>`, doc))
  }
  for (const child of node.commands) {
    const help = node.optionsHelp ?? inheritedHelp
    made.addCommand(build(child, [...inherited, ...own], help, output, state))
  }
  const { invoke } = node
  if (invoke !== undefined) {
    made.action(async () => {
      const options = valuesOf(node.options, readers, state.environment)
      const args = Object.fromEntries(argumentKeys.map((key, index) => [key, made.processedArgs[index]]))
      state.code = (await invoke(options, args)) ?? EXIT.ok
    })
  }
  return made
}

/** To the width of the terminal; a line keeps its indentation. */
function wrap(text: string, help: Help): string {
  const lines = text.replace(/\n+$/, '').split('\n')
  return lines
    .map(line => {
      const indent = /^ */.exec(line)?.[0] ?? ''
      const width = (help.helpWidth ?? 80) - indent.length
      return help.boxWrap(line.slice(indent.length), width).replace(/^(?=.)/gm, indent)
    })
    .join('\n')
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

function valuesOf(
  options: OptionTable,
  readers: ReadonlyMap<string, () => unknown>,
  environment: Environment,
): Record<string, unknown> {
  const given = [...readers].map(([key, read]) => [key, read()] as const)
  try {
    return optionValues(
      options,
      Object.fromEntries(given.filter(([, value]) => value !== undefined)),
      environment,
    )
  } catch (error) {
    throw error instanceof OptionFault ? usageError(error.message) : error
  }
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
