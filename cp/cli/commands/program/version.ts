/** `vmeshctl version`: of this program, and of the control plane where it answers. */
import { type CommandNode, command } from '#base/command-line.ts'
import { CodedError } from '#base/errors.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { VERSION } from '#base/version.ts'
import { at, json, text } from '../../output.ts'
import { TARGET_OPTIONS, withSession } from '../../target.ts'
import type { World } from '../../world.ts'

export function versionCommand(world: World): CommandNode {
  return command({
    name: 'version',
    doc: 'show the versions of this program and of the control plane',
    options: {
      ...TARGET_OPTIONS,
      detailed: { type: 'switch', short: 'a', doc: 'All that the control plane says of itself.' },
    },
    run: async ({ options }) => {
      world.out(`Client: vmeshctl ${VERSION}\n`)
      try {
        const root = await withSession(options, world, ({ client }) => client.json('GET', ['']))
        const product = text(at(root, 'product')) || text(at(root, 'tagline')) || 'unknown product'
        world.out(
          options.detailed ? `Server:\n${json(root)}` : `Server: ${product} ${text(at(root, 'version'))}\n`,
        )
      } catch (error) {
        // the question was about this program too
        if (!(error instanceof CodedError)) throw error
        world.err(`Server: ${error.message}\n`)
      }
      return EXIT.ok
    },
  })
}
