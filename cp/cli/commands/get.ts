/** `vmeshctl get`: one resource or all of a kind, as a table, YAML that can be applied again, or JSON. */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import type { Kind, Resource } from '../../kinds/kind.ts'
import { unenforcedOf } from '../../kinds/show.ts'
import { resourceTable } from '../../kinds/table/columns.ts'
import { readResource } from '../../kinds/validate.ts'
import { versionOf } from '../apply/put.ts'
import { listAll, listPage } from '../lists.ts'
import { inOrderOfKeys, OUTPUT_OPTION, printAs, type Shown, text } from '../output.ts'
import { getOne, KIND_ARGUMENT, kindNamed, labelOf, segmentsOf } from '../resources.ts'
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
        if (args.name !== undefined) {
          const { item, etag } = await getOne(client, kind, mesh, args.name)
          const version = options.withVersion ? { version: versionOf(etag) } : {}
          const shown = inOrderOfKeys({ ...item, ...version })
          await printAs(options.output, shown, () => resourceTable(kind, [item], nowMs), world)
          warn(kind, [item], world, options.quiet)
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
        warn(kind, items, world, options.quiet)
        return EXIT.ok
      })
    },
  })
}

function whole(items: readonly Shown[]) {
  return { items, total: items.length, nextOffset: null }
}

/** What is stored and does nothing yet: nobody shall believe otherwise. */
function warn(kind: Kind, items: readonly Shown[], world: World, isQuiet: boolean): void {
  const warnings = new Warnings()
  for (const item of items) {
    const read = readResource(kind, item)
    if (!read.ok) continue
    const resource: Pick<Resource, 'spec' | 'labels'> = read.draft
    for (const { field, message } of unenforcedOf(kind, resource)) {
      const label = labelOf(kind, text(item['mesh']), text(item['name']))
      warnings.add(label, `${field === '' ? 'it' : field} is not enforced yet: ${message}`)
    }
  }
  warnings.say(world, isQuiet)
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
