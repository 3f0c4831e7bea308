/**
 * `vmeshctl status`: of data planes, whether they are connected, healthy, on the wanted version and certified; of a
 * policy, which data planes have it; of a mesh, also what is stored and not enforced.
 */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import type { KindName } from '../../kinds/names/kind-name.ts'
import { kindNames, nameByType } from '../../kinds/names/kind-names.ts'
import type { ApiClient } from '../client.ts'
import { failed } from '../errors.ts'
import { isShown, listAll } from '../lists.ts'
import { OUTPUT_OPTION, printAs, type Shown, text } from '../output.ts'
import { getOne, kindNamed, labelOf, segmentsOf } from '../resources.ts'
import { paintedStatusTable, statusText, unenforcedText } from '../show/status.ts'
import { MESH_OPTION, type Session, TARGET_OPTIONS, withSession } from '../target.ts'
import type { World } from '../world.ts'

export function statusCommand(world: World): CommandNode {
  return command({
    name: 'status',
    doc: 'show how data planes are, and who has applied what',
    arguments: {
      kind: {
        value: 'KIND',
        doc: 'dataplane, mesh, or a policy; without it all data planes',
        optional: true,
      },
      name: { value: 'NAME', doc: 'which', optional: true },
    },
    options: {
      ...TARGET_OPTIONS,
      ...MESH_OPTION,
      ...OUTPUT_OPTION,
      allMeshes: { type: 'switch', short: 'A', doc: 'Data planes of all meshes.' },
    },
    notes:
      'CONNECTION is that of the daemon to the control plane. HEALTH counts inbounds that are in service: ready where the probes of an inbound (serviceProbe) or its Dataplane (health.ready) say so, not probed where neither says anything. A data plane that is out of rotation has none.',
    run: async ({ options, args }) => {
      const kind = args.kind === undefined ? null : kindNamed(args.kind)
      return await withSession(options, world, async session => {
        const { client, mesh } = session
        const print = async (items: readonly Shown[], also: object = {}): Promise<void> => {
          const nowMs = world.nowMs()
          const value = { items, total: items.length, ...also }
          const asTable = () => paintedStatusTable(items, nowMs, world)
          await printAs(options.output, value, asTable, world)
          // of a mesh, all of it follows
          if (options.output === 'table' && !('notEnforced' in also)) world.out(unenforcedText(items))
        }
        if (kind === null) {
          const base = options.allMeshes ? [] : ['meshes', mesh]
          await print(await listAll(client, [...base, 'dataplanes', '_status']))
        } else if (kind.type === 'Mesh') {
          const name = args.name ?? mesh
          const items = await listAll(client, ['meshes', name, 'dataplanes', '_status'])
          const found = await unenforcedIn(client, name)
          await print(items, { notEnforced: found })
          if (options.output === 'table') world.out(notEnforcedText(found))
        } else if (kind.type === 'Dataplane' && args.name !== undefined) {
          await getOne(client, kind, mesh, args.name)
          const item = await client.json('GET', [...segmentsOf(kind, mesh, args.name), '_status'])
          const shown = isShown(item) ? item : {}
          await printAs(options.output, shown, () => statusText(shown, world.nowMs()), world)
        } else if (kind.type === 'Dataplane') {
          await print(await listAll(client, ['meshes', mesh, 'dataplanes', '_status']))
        } else if (args.name === undefined) throw usageError(`say which ${kind.singular}`)
        else await print(await dataplanesOf(session, kind, args.name))
        return EXIT.ok
      })
    },
  })
}

/** The data planes that a policy is for. */
async function dataplanesOf(
  { client, mesh }: Session,
  kind: KindName,
  name: string,
): Promise<readonly Shown[]> {
  if (kind.scope !== 'Mesh')
    throw failed(`a ${kind.type} has no data planes; ask for a policy, a data plane or a mesh`)
  await getOne(client, kind, mesh, name)
  const segments = [...segmentsOf(kind, mesh, name), '_resources', 'dataplanes']
  const affected = new Set((await listAll(client, segments)).map(item => text(item['name'])))
  const all = await listAll(client, ['meshes', mesh, 'dataplanes', '_status'])
  return all.filter(item => affected.has(text(item['name'])))
}

interface NotEnforced {
  readonly type: string
  readonly resource: string
  readonly field: string
  readonly message: string
}

/** Of the mesh itself and all that is in it. What the caller may not read is left out. */
async function unenforcedIn(client: ApiClient, mesh: string): Promise<readonly NotEnforced[]> {
  const { unenforcedFinder } = await import('../show/unenforced.ts')
  const found: NotEnforced[] = []
  for (const kind of kindNames.filter(one => !one.readOnly && !one.adminOnly)) {
    if (kind.scope !== 'Mesh' && kind.type !== 'Mesh') continue
    const items =
      kind.type === 'Mesh'
        ? [(await getOne(client, kind, mesh, mesh)).item]
        : await listAll(client, segmentsOf(kind, mesh))
    const find = await unenforcedFinder(kind)
    const { type } = kind
    for (const item of items) {
      const resource = labelOf(kind, text(item['mesh']), text(item['name']))
      found.push(...find(item).map(({ field, message }) => ({ type, resource, field, message })))
    }
  }
  return found
}

interface Group {
  readonly sentence: string
  readonly plural: string
  readonly resources: Set<string>
}

/** One line a kind, and of a field. */
function notEnforcedText(found: readonly NotEnforced[]): string {
  if (found.length === 0) return '\nEverything that is stored is enforced.\n'
  const groups = new Map<string, Group>()
  for (const { type, resource, field, message } of found) {
    // one of a list is like the others
    const sentence = `${field === '' ? '' : `${field.replace(/\[\d+\]/g, '[]')}: `}${message}`
    const plural = nameByType(type)?.plural ?? type
    const group = groups.get(`${plural} ${sentence}`) ?? { sentence, plural, resources: new Set<string>() }
    group.resources.add(resource)
    groups.set(`${plural} ${sentence}`, group)
  }
  const lines = [...groups.values()].map(({ sentence, plural, resources }) => {
    const [first] = resources
    return `  ${resources.size === 1 ? first : `${resources.size} ${plural}`}: ${sentence}\n`
  })
  return `\nStored and not enforced (each by itself with -o json):\n${lines.join('')}`
}
