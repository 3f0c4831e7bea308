/** `vmeshctl man`: manual pages made of the same tree as help. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { makeFolder } from '#base/files.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { didYouMean } from '#base/text/nearest.ts'
import { manualPage } from '../../help/manual.ts'
import { TARGET_OPTIONS } from '../../target.ts'
import type { World } from '../../world.ts'

const PUBLIC_FOLDER = 0o755

export function manCommand(wholeProgram: (world: World) => Promise<CommandNode>) {
  return (world: World): CommandNode =>
    command({
      name: 'man',
      doc: 'print a manual page, or write all of them',
      arguments: { words: { value: 'COMMAND', doc: 'of which command', optional: true, isRepeated: true } },
      options: {
        ...TARGET_OPTIONS,
        dir: { type: 'text', value: 'DIR', doc: 'Write the pages of all commands there: vmeshctl-apply.1 …' },
      },
      notes: 'To read one: vmeshctl man apply | man -l -',
      run: async ({ options, args }) => {
        const program = await wholeProgram(world)
        if (options.dir === undefined) {
          world.out(manualPage(pathOf(program, args.words)))
          return EXIT.ok
        }
        await makeFolder(options.dir, PUBLIC_FOLDER)
        for (const path of pathsIn([program])) {
          const name = `${path.map(node => node.name).join('-')}.1`
          await writeFile(join(options.dir, name), manualPage(path))
        }
        return EXIT.ok
      },
    })
}

function pathOf(program: CommandNode, words: readonly string[]): readonly CommandNode[] {
  const path = [program]
  let node = program
  for (const word of words) {
    const names = node.commands.map(child => child.name)
    const child = node.commands.find(one => one.name === word || one.aliases.includes(word))
    if (child === undefined) throw usageError(`there is no command ${word}${didYouMean(word, names)}`)
    node = child
    path.push(child)
  }
  return path
}

function pathsIn(path: readonly CommandNode[]): readonly (readonly CommandNode[])[] {
  return [path, ...(path.at(-1)?.commands ?? []).flatMap(child => pathsIn([...path, child]))]
}
