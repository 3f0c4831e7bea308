/** `vmeshctl get`: one resource or all of a kind, as a table, YAML that can be applied again, or JSON. */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import type { Kind, Resource } from '../../kinds/kind.ts'
import { unenforcedOf } from '../../kinds/show.ts'
import { readResource } from '../../kinds/validate.ts'
import { failed, isMeshMissing, type Problem, readProblem, refused } from '../errors.ts'
import { json, OUTPUT_OPTION, resourceTable, type Shown, text, yaml } from '../output.ts'
import { kindNamed, labelOf, listAll, listPage, segmentsOf } from '../resources.ts'
import { MESH_OPTION, type Session, TARGET_OPTIONS, withSession } from '../target.ts'
import type { World } from '../world.ts'

const OPTIONS = {
  ...TARGET_OPTIONS,
  ...MESH_OPTION,
  ...OUTPUT_OPTION,
  size: { type: 'text', value: 'N', doc: 'Show one page of this many instead of all.' },
  offset: { type: 'text', value: 'N', doc: 'Where the page begins; with --size.' },
} as const

export function getCommand(world: World): CommandNode {
  return command({
    name: 'get',
    doc: 'show resources',
    arguments: {
      kind: { value: 'KIND', doc: 'such as mesh, dataplane, secret' },
      name: { value: 'NAME', doc: 'one of them; without it all are shown', optional: true },
    },
    options: OPTIONS,
    run: async ({ options, args }) => {
      const kind = kindNamed(args.kind)
      const page = pageOf(options.size, options.offset)
      return await withSession(options, world, async session => {
        if (args.name !== undefined) {
          const item = await one(session, kind, args.name)
          world.out(print(options.output, kind, [item], world, () => item))
          warn(kind, [item], world)
          return EXIT.ok
        }
        const segments = segmentsOf(kind, session.mesh)
        const { items, total, nextOffset } =
          page === null
            ? whole(await listAll(session.client, segments))
            : await listPage(session.client, segments, page)
        const next = nextOffset === null ? null : Number(nextOffset)
        world.out(print(options.output, kind, items, world, () => ({ total, items, next })))
        if (nextOffset !== null && options.output === 'table') {
          world.out(`\nRerun command with --offset=${nextOffset} argument to retrieve more resources\n`)
        }
        warn(kind, items, world)
        return EXIT.ok
      })
    },
  })
}

async function one(session: Session, kind: Kind, name: string): Promise<Shown> {
  const answer = await session.client.send('GET', segmentsOf(kind, session.mesh, name))
  if (answer.status === 404) throw missing(kind, session.mesh, name, readProblem(404, answer.text))
  if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text))
  const body = session.client.parse(answer)
  return typeof body === 'object' && body !== null ? { ...body } : {}
}

/** Says whether it is the resource or its mesh that is not there. */
export function missing(kind: Kind, mesh: string, name: string, problem: Problem): Error {
  if (isMeshMissing(problem) || problem.detail !== 'Not found') return refused(problem, mesh)
  const where = kind.scope === 'Mesh' ? ` in mesh ${JSON.stringify(mesh)}` : ''
  return failed(`there is no ${kind.type} with name ${JSON.stringify(name)}${where}`)
}

function whole(items: readonly Shown[]) {
  return { items, total: items.length, nextOffset: null }
}

function print(
  output: 'table' | 'yaml' | 'json',
  kind: Kind,
  items: readonly Shown[],
  world: World,
  asJson: () => unknown,
): string {
  if (output === 'json') return json(asJson())
  return output === 'yaml' ? yaml(items) : resourceTable(kind, items, world.nowMs())
}

/** What is stored and does nothing yet: nobody shall believe otherwise. */
function warn(kind: Kind, items: readonly Shown[], world: World): void {
  for (const item of items) {
    const read = readResource(kind, item)
    if (!read.ok) continue
    const resource: Pick<Resource, 'spec' | 'labels'> = read.draft
    for (const { field, message } of unenforcedOf(kind, resource)) {
      const label = labelOf(kind, text(item['mesh']), text(item['name']))
      world.err(`${label} is not enforced: ${field}: ${message}\n`)
    }
  }
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
