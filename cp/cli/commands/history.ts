/** `vmeshctl history`: who changed a resource when, what it was at a revision, and what differs between two. */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { historyTable } from '../../kinds/table/history.ts'
import { readProblem, refused } from '../errors.ts'
import { isShown, listAll, listPage } from '../lists.ts'
import { inOrderOfKeys, json, OUTPUT_OPTION, printAs, yaml } from '../output.ts'
import { KIND_ARGUMENT, kindNamed, NAME_ARGUMENT, segmentsOf } from '../resources.ts'
import { coloured } from '../show/changes.ts'
import { MESH_OPTION, TARGET_OPTIONS, withSession } from '../target.ts'
import type { World } from '../world.ts'

export function historyCommand(world: World): CommandNode {
  return command({
    name: 'history',
    doc: 'show who changed a resource when, and what',
    arguments: { kind: KIND_ARGUMENT, name: NAME_ARGUMENT },
    options: {
      ...TARGET_OPTIONS,
      ...MESH_OPTION,
      ...OUTPUT_OPTION,
      revision: { type: 'text', value: 'N', doc: 'Show the resource as it was then.' },
      diff: { type: 'text', value: 'N', doc: 'Show what changed since revision N.' },
      to: { type: 'text', value: 'N', default: 'current', doc: 'With --diff: up to this revision.' },
      size: { type: 'text', value: 'N', doc: 'Only this many, the newest.' },
    },
    notes: 'Works after the deletion of the resource too. vmeshctl rollback brings a revision back.',
    run: async ({ options, args }) => {
      const kind = kindNamed(args.kind)
      const { revision, diff, to, output, size } = options
      for (const [flag, value] of Object.entries({ revision, diff, size })) {
        if (value !== undefined && !/^\d+$/.test(value))
          throw usageError(`--${flag} ${value} is not a whole number`)
      }
      return await withSession(options, world, async ({ client, mesh }) => {
        const segments = [...segmentsOf(kind, mesh, args.name), 'history']
        if (diff !== undefined) {
          const asText = output === 'table'
          const answer = await client.send('GET', [...segments, diff, 'diff'], {
            query: { to },
            ...(asText ? { accept: 'text/plain' } : {}),
          })
          if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text), mesh)
          if (asText) world.out(coloured(answer.text, world))
          else world.out(output === 'json' ? json(client.parse(answer)) : await yaml(client.parse(answer)))
          return EXIT.ok
        }
        if (revision !== undefined) {
          const item = await client.json('GET', [...segments, revision])
          const shown = isShown(item) ? inOrderOfKeys(item) : item
          world.out(output === 'json' ? json(shown) : await yaml(shown))
          return EXIT.ok
        }
        const items =
          size === undefined
            ? await listAll(client, segments)
            : (await listPage(client, segments, { size })).items
        const nowMs = world.nowMs()
        await printAs(output, { items, total: items.length }, () => historyTable(items, nowMs), world)
        return EXIT.ok
      })
    },
  })
}
