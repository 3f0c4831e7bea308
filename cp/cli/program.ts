/** The tree of vmeshctl's commands, and its run: words in, exit code out. */
import { type CommandNode, group, runProgram } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { applyCommand } from './commands/apply.ts'
import { COMPLETE, completionCommand } from './commands/completion.ts'
import { configCommand } from './commands/config.ts'
import { deleteCommand } from './commands/delete.ts'
import { generateCommand } from './commands/generate.ts'
import { getCommand } from './commands/get.ts'
import { versionCommand } from './commands/version.ts'
import { candidates } from './completion.ts'
import { TARGET_OPTIONS } from './target.ts'
import type { World } from './world.ts'

/** @param argv without interpreter and script */
export async function vmeshctl(argv: readonly string[], world: World): Promise<number> {
  const program = programOf(world)
  if (argv[0] !== COMPLETE) return await runProgram(program, argv, world)
  for (const word of candidates(program, argv.slice(1))) world.out(`${word}\n`)
  return EXIT.ok
}

function programOf(world: World): CommandNode {
  return group({
    name: 'vmeshctl',
    doc: 'Works with the resources of a vmesh control plane over its HTTP API.',
    notes: 'On the host of the control plane it needs no configuration.',
    options: TARGET_OPTIONS,
    commands: [
      applyCommand(world),
      getCommand(world),
      deleteCommand(world),
      generateCommand(world),
      configCommand(world),
      versionCommand(world),
      completionCommand(world),
    ],
  })
}
