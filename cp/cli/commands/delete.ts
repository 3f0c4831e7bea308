/** `vmeshctl delete`: removes one resource. */
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { readProblem, refused } from '../errors.ts'
import { kindNamed, segmentsOf } from '../resources.ts'
import { MESH_OPTION, TARGET_OPTIONS, withSession } from '../target.ts'
import type { World } from '../world.ts'
import { missing } from './get.ts'

export function deleteCommand(world: World): CommandNode {
  return command({
    name: 'delete',
    doc: 'delete a resource',
    arguments: {
      kind: { value: 'KIND', doc: 'such as mesh, dataplane, secret' },
      name: { value: 'NAME', doc: 'which' },
    },
    options: { ...TARGET_OPTIONS, ...MESH_OPTION },
    run: async ({ options, args }) => {
      const kind = kindNamed(args.kind)
      return await withSession(options, world, async ({ client, mesh }) => {
        const answer = await client.send('DELETE', segmentsOf(kind, mesh, args.name))
        if (answer.status === 404) throw missing(kind, mesh, args.name, readProblem(404, answer.text))
        if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text))
        world.out(`deleted ${kind.type} ${JSON.stringify(args.name)}\n`)
        return EXIT.ok
      })
    },
  })
}
