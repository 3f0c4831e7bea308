/** `inspect meshgateway NAME`: the data planes of a gateway, one a line. */
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { at, list, text } from '../../output.ts'
import { MESH_OPTION, TARGET_OPTIONS, withSession } from '../../target.ts'
import type { World } from '../../world.ts'

export function meshGatewayCommand(world: World): CommandNode {
  return command({
    name: 'meshgateway',
    doc: 'data planes of a gateway',
    arguments: { name: { value: 'NAME', doc: 'which' } },
    options: { ...TARGET_OPTIONS, ...MESH_OPTION },
    run: async ({ options, args }) =>
      await withSession(options, world, async ({ client, mesh }) => {
        const body = await client.json('GET', ['meshes', mesh, 'meshgateways', args.name, 'dataplanes'])
        for (const item of list(at(body, 'items'))) world.out(`${text(at(item, 'dataplane', 'name'))}\n`)
        return EXIT.ok
      }),
  })
}
