/** `inspect services`: each service with how many of its data planes are online. */
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { listAll } from '../../lists.ts'
import { OUTPUT_OPTION, printAs, table, text } from '../../output.ts'
import { MESH_OPTION, TARGET_OPTIONS, withSession } from '../../target.ts'
import type { World } from '../../world.ts'
import { ratio } from './meshes.ts'

export function servicesCommand(world: World): CommandNode {
  return command({
    name: 'services',
    doc: 'services with their data planes',
    options: { ...TARGET_OPTIONS, ...MESH_OPTION, ...OUTPUT_OPTION },
    run: async ({ options }) =>
      await withSession(options, world, async ({ client, mesh }) => {
        const items = await listAll(client, ['meshes', mesh, 'service-insights'])
        const rows = (): string =>
          table(
            ['SERVICE', 'STATUS', 'DATAPLANES'],
            items.map(item => [text(item['name']), statusOf(item['status']), ratio(item['dataplanes'])]),
          )
        await printAs(options.output, { items, next: null, total: items.length }, rows, world)
        return EXIT.ok
      }),
  })
}

const STATUSES: Readonly<Record<string, string>> = {
  online: 'Online',
  offline: 'Offline',
  partially_degraded: 'Partially degraded',
  not_available: 'Not available',
}

/** Left out on the wire where it is the enum's first value. */
function statusOf(status: unknown): string {
  const word = text(status)
  return STATUSES[word] ?? (word || 'Unknown')
}
