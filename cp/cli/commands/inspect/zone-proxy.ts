/** `inspect zoneingress NAME`, `zoneegress NAME`: what one proxy of a zone runs. */
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { TARGET_OPTIONS, withSession } from '../../target.ts'
import type { World } from '../../world.ts'
import { printDump } from './dump.ts'

export function zoneIngressCommand(world: World): CommandNode {
  return proxyCommand(world, 'zoneingress', 'zone-ingress', 'zoneingresses')
}

export function zoneEgressCommand(world: World): CommandNode {
  return proxyCommand(world, 'zoneegress', 'zone-egress', 'zoneegresses')
}

/** The paths have no dash, in any version. */
function proxyCommand(world: World, name: string, alias: string, path: string): CommandNode {
  return command({
    name,
    aliases: [alias],
    doc: `what one ${alias} runs`,
    arguments: { name: { value: 'NAME', doc: 'which' } },
    options: {
      ...TARGET_OPTIONS,
      type: {
        type: 'text',
        value: 'TYPE',
        default: 'config-dump',
        choices: ['config-dump', 'stats', 'clusters'],
        doc: 'What of it.',
      },
    },
    run: async ({ options, args }) =>
      await withSession(options, world, async ({ client }) => {
        await printDump(client, [path, args.name], options.type, world)
        return EXIT.ok
      }),
  })
}
