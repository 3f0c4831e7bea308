/** `inspect POLICY NAME`: the data planes that a policy is for, and where it acts on them. */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import type { KindName } from '../../../kinds/names/kind-name.ts'
import { kindNames } from '../../../kinds/names/kind-names.ts'
import type { ApiClient } from '../../client.ts'
import { readProblem, refused } from '../../errors.ts'
import { listPage } from '../../lists.ts'
import { at, list, text } from '../../output.ts'
import { getOne, segmentsOf } from '../../resources.ts'
import { MESH_OPTION, type Session, TARGET_OPTIONS, withSession } from '../../target.ts'
import type { World } from '../../world.ts'
import { attachmentText } from './dataplane.ts'

export function policyCommands(world: World): readonly CommandNode[] {
  return kindNames
    .filter(kind => kind.isPolicy && kind.type !== 'MeshGateway')
    .map(kind => policyCommand(kind, world))
}

function policyCommand(kind: KindName, world: World): CommandNode {
  return command({
    name: kind.singular,
    doc: `data planes of a ${kind.type}`,
    arguments: { name: { value: 'NAME', doc: 'which' } },
    options: {
      ...TARGET_OPTIONS,
      ...MESH_OPTION,
      newApi: { type: 'switch', doc: 'The names alone, page by page.' },
      size: { type: 'text', value: 'N', doc: 'With --new-api: names of a page.' },
      offset: { type: 'text', value: 'N', doc: 'With --new-api: where the page begins.' },
    },
    run: async ({ options, args }) => {
      const { size, offset } = options
      if ((size !== undefined || offset !== undefined) && !options.newApi)
        throw usageError('--size and --offset go with --new-api')
      return await withSession(options, world, async session => {
        if (options.newApi) await printNames(session, kind, args.name, { size, offset }, world)
        else await printAttachments(session, kind, args.name, world)
        const { notEnforced } = await kind.load()
        if (notEnforced !== null && !options.quiet)
          world.err(`warning: ${kind.type} is not enforced yet: ${notEnforced.message}\n`)
        return EXIT.ok
      })
    },
  })
}

const HEADING = 'Affected data plane proxies:\n\n'

async function printAttachments(session: Session, kind: KindName, name: string, world: World): Promise<void> {
  const { client, mesh } = session
  const answer = await client.send('GET', [...segmentsOf(kind, mesh, name), 'dataplanes'])
  // newer policies have no such route
  if (answer.status === 404 && !answer.text.startsWith('{'))
    return await printNames(session, kind, name, {}, world)
  if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text), mesh)
  const lines = list(at(client.parse(answer), 'items')).map(item => {
    const dataplane = text(at(item, 'dataplane', 'name'))
    const attachments = list(at(item, 'attachments')).filter(one => at(one, 'type') !== 'dataplane')
    if (attachments.length === 0) return `  ${dataplane}\n`
    return `  ${dataplane}:\n${attachments.map(one => `    ${attachmentText(one)}\n`).join('')}`
  })
  if (lines.length === 0) await requireThere(client, kind, mesh, name)
  world.out(`${HEADING}${lines.join('')}`)
}

/** The list of a policy that is not there is empty, as that of one that is for nobody. */
async function requireThere(client: ApiClient, kind: KindName, mesh: string, name: string): Promise<void> {
  await getOne(client, kind, mesh, name)
}

async function printNames(
  { client, mesh }: Session,
  kind: KindName,
  name: string,
  page: { readonly size?: string | undefined; readonly offset?: string | undefined },
  world: World,
): Promise<void> {
  const { size = '1000', offset = '0' } = page
  const segments = [...segmentsOf(kind, mesh, name), '_resources', 'dataplanes']
  const { items, nextOffset } = await listPage(client, segments, { size, offset })
  if (items.length === 0) await requireThere(client, kind, mesh, name)
  world.out(`${HEADING}${items.map(item => `  ${text(item['name'])}\n`).join('')}`)
  if (nextOffset !== null)
    world.out(`\nRerun command with --offset=${nextOffset} argument to retrieve more resources\n`)
}
