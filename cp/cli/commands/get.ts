/** `vmeshctl get`: one resource or all of a kind, as a table, YAML that can be applied again, or JSON. */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import type { KindName } from '../../kinds/names/kind-name.ts'
import { resourceTable } from '../../kinds/table/columns.ts'
import { versionOf } from '../client.ts'
import { listAll, listPage } from '../lists.ts'
import { inOrderOfKeys, OUTPUT_OPTION, printAs, type Shown, text } from '../output.ts'
import { getOne, KIND_ARGUMENT, kindNamed, labelOf, segmentsOf } from '../resources.ts'
import type { Finder } from '../show/unenforced.ts'
import { MESH_OPTION, TARGET_OPTIONS, withSession } from '../target.ts'
import { Warnings } from '../warnings.ts'
import type { World } from '../world.ts'

const OPTIONS = {
  ...TARGET_OPTIONS,
  ...MESH_OPTION,
  ...OUTPUT_OPTION,
  size: { type: 'text', value: 'N', doc: 'Show one page of this many instead of all.' },
  offset: { type: 'text', value: 'N', doc: 'Where the page begins; with --size.' },
  withVersion: {
    type: 'switch',
    doc: 'With NAME and -o yaml or json: write down the version that was read. apply of that overwrites no later one.',
  },
} as const

export function getCommand(world: World): CommandNode {
  return command({
    name: 'get',
    doc: 'show resources',
    arguments: {
      kind: KIND_ARGUMENT,
      name: { value: 'NAME', doc: 'one of them; without it all are shown', optional: true },
    },
    options: OPTIONS,
    run: async ({ options, args }) => {
      const kind = kindNamed(args.kind)
      if (options.withVersion && (args.name === undefined || options.output === 'table'))
        throw usageError('--with-version is for one resource as yaml or json: give its NAME and -o')
      const page = pageOf(options.size, options.offset)
      return await withSession(options, world, async ({ client, mesh }) => {
        const nowMs = world.nowMs()
        // while the control plane answers
        const finding = options.quiet ? null : finderOf(kind)
        if (args.name !== undefined) {
          const { item, etag } = await getOne(client, kind, mesh, args.name)
          const version = options.withVersion ? { version: versionOf(etag) } : {}
          const shown = inOrderOfKeys({ ...item, ...version })
          await printAs(options.output, shown, () => resourceTable(kind, [item], nowMs), world)
          if (finding !== null) warn(kind, [item], await finding, world)
          return EXIT.ok
        }
        const segments = segmentsOf(kind, mesh)
        const { items, total, nextOffset } =
          page === null ? whole(await listAll(client, segments)) : await listPage(client, segments, page)
        const next = nextOffset === null ? null : Number(nextOffset)
        const shown = { items: items.map(inOrderOfKeys), next, total }
        await printAs(options.output, shown, () => resourceTable(kind, items, nowMs), world)
        if (nextOffset !== null && options.output === 'table') {
          world.out(`\nRerun command with --offset=${nextOffset} argument to retrieve more resources\n`)
        }
        if (finding !== null) warn(kind, items, await finding, world)
        return EXIT.ok
      })
    },
  })
}

function whole(items: readonly Shown[]) {
  return { items, total: items.length, nextOffset: null }
}

async function finderOf(kind: KindName): Promise<Finder> {
  return (await import('../show/unenforced.ts')).unenforcedFinder(kind)
}

/** What is stored and does nothing yet: nobody shall believe otherwise. */
function warn(kind: KindName, items: readonly Shown[], find: Finder, world: World): void {
  const warnings = new Warnings()
  for (const item of items) {
    for (const { field, message } of find(item)) {
      const label = labelOf(kind, text(item['mesh']), text(item['name']))
      warnings.add(label, `${field === '' ? 'it' : field} is not enforced yet: ${message}`)
    }
  }
  warnings.say(world, false)
}

function pageOf(
  size: string | undefined,
  offset: string | undefined,
): Readonly<Record<string, string>> | null {
  if (size === undefined && offset === undefined) return null
  for (const [flag, value] of [
    ['--size', size],
    ['--offset', offset],
  ] as const) {
    if (value !== undefined && !/^\d+$/.test(value))
      throw usageError(`${flag} ${value} is not a whole number`)
  }
  return { ...(size === undefined ? {} : { size }), ...(offset === undefined ? {} : { offset }) }
}
