/**
 * The tree of vmeshctl's commands, and its run: words in, exit code out. Only what the words name is loaded: a shell
 * waits for each start.
 */
import { type CommandNode, group, runProgram, withVersion } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { COMPLETE, candidates } from './help/completion.ts'
import type { Asked } from './help/names.ts'
import { TOPICS } from './help/topics.ts'
import { TARGET_OPTIONS } from './target.ts'
import type { World } from './world.ts'

/** Words of the command line: what they do not name need not be there. */
type Make = (world: World, words: readonly string[]) => CommandNode | Promise<CommandNode>
type Load = () => Promise<Make>

const COMMANDS: Readonly<Record<string, Load>> = {
  apply: async () => (await import('./commands/apply.ts')).applyCommand,
  diff: async () => (await import('./commands/diff.ts')).diffCommand,
  lint: async () => (await import('./commands/lint.ts')).lintCommand,
  get: async () => (await import('./commands/get.ts')).getCommand,
  delete: async () => (await import('./commands/delete.ts')).deleteCommand,
  explain: async () => (await import('./commands/explain.ts')).explainCommand,
  inspect: async () => (await import('./commands/inspect/inspect.ts')).inspectCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  outbounds: async () => (await import('./commands/outbounds.ts')).outboundsCommand,
  wait: async () => (await import('./commands/wait.ts')).waitCommand,
  history: async () => (await import('./commands/history.ts')).historyCommand,
  rollback: async () => (await import('./commands/rollback.ts')).rollbackCommand,
  export: async () => (await import('./commands/export.ts')).exportCommand,
  generate: async () => (await import('./commands/generate/generate.ts')).generateCommand,
  token: async () => (await import('./commands/token.ts')).tokenCommand,
  config: async () => (await import('./commands/config.ts')).configCommand,
  version: async () => (await import('./commands/program/version.ts')).versionCommand,
  completion: async () => (await import('./commands/program/completion.ts')).completionCommand,
  man: async () => (await import('./commands/program/man.ts')).manCommand(wholeProgram),
  install: async () => (await import('./commands/program/install.ts')).installCommand,
  uninstall: async () => (await import('./commands/program/install.ts')).uninstallCommand,
}

/** @param given without interpreter and script */
export async function vmeshctl(given: readonly string[], world: World): Promise<number> {
  const argv = withVersion(given)
  const topic = argv[0] === 'help' && argv.length === 2 ? TOPICS[argv[1] ?? ''] : undefined
  if (topic !== undefined) {
    world.out(topic)
    return EXIT.ok
  }
  const isQuestion = argv[0] === COMPLETE
  const words = isQuestion ? argv.slice(1) : argv
  const named = words.filter(word => Object.hasOwn(COMMANDS, word))
  // without a command the answer is the list of all, or what the next word may be
  const needed = named.length > 0 || isQuestion ? named : Object.keys(COMMANDS)
  const program = await programOf(needed, world, words)
  if (!isQuestion) {
    const { environment } = world
    return await runProgram(program, argv, world, { environment, errorPrefix: 'Error: ' })
  }
  const namesOf = async (asked: Asked): Promise<readonly string[]> => {
    const { namesFor } = await import('./help/names.ts')
    return await namesFor(asked, vmeshctl, world)
  }
  for (const word of await candidates(program, words, namesOf)) world.out(`${word}\n`)
  return EXIT.ok
}

/** With every command: for manual pages. */
export function wholeProgram(world: World): Promise<CommandNode> {
  return programOf(Object.keys(COMMANDS), world)
}

async function programOf(
  needed: readonly string[],
  world: World,
  words: readonly string[] = [],
): Promise<CommandNode> {
  const commands = Object.entries(COMMANDS).map(async ([name, load]) =>
    needed.includes(name) ? await (await load())(world, words) : group({ name, doc: '', commands: [] }),
  )
  return group({
    name: 'vmeshctl',
    doc: 'Works with the resources of a vmesh control plane over its HTTP API.',
    notes: `On the host of the control plane it needs no configuration.
See also: vmeshctl help ${Object.keys(TOPICS).join(', vmeshctl help ')}`,
    options: TARGET_OPTIONS,
    optionsHelp: 'Global options, such as --context, --address and --quiet: vmeshctl help global',
    commands: await Promise.all(commands),
  })
}
