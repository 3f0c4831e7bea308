/** `vmeshctl version`: of this program, and of the control plane where it answers. */
import { type CommandNode, command } from '#base/command-line.ts'
import { CodedError } from '#base/errors.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { VERSION } from '#base/version.ts'
import { at, json, TEXT_OUTPUT_OPTION, text } from '../../output.ts'
import { TARGET_OPTIONS, withSession } from '../../target.ts'
import type { World } from '../../world.ts'

export function versionCommand(world: World): CommandNode {
  return command({
    name: 'version',
    doc: 'show the versions of this program and of the control plane',
    options: {
      ...TARGET_OPTIONS,
      ...TEXT_OUTPUT_OPTION,
      detailed: { type: 'switch', short: 'a', doc: 'All that the control plane says of itself.' },
    },
    run: async ({ options }) => {
      const isJson = options.output === 'json'
      if (!isJson) world.out(`Client: vmeshctl ${VERSION}\n`)
      let server: unknown = null
      try {
        server = await withSession(options, world, ({ client }) => client.json('GET', ['']))
      } catch (error) {
        // the question was about this program too
        if (!(error instanceof CodedError)) throw error
        world.err(`Server: ${error.message}\n`)
      }
      if (isJson) world.out(json({ client: { product: 'vmeshctl', version: VERSION }, server }))
      else if (server !== null) world.out(options.detailed ? `Server:\n${json(server)}` : lineOf(server))
      return EXIT.ok
    },
  })
}

function lineOf(server: unknown): string {
  const product = text(at(server, 'product')) || text(at(server, 'tagline')) || 'unknown product'
  return `Server: ${product} ${text(at(server, 'version'))}\n`
}
