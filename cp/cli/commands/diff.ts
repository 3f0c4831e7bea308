/** `vmeshctl diff`: what `apply` would change, as a unified diff, and nothing else; exit code 2 when it would. */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { documentFaultText, lineText, type ResourceDocument, readDocuments } from '../apply/documents.ts'
import { type Put, putDocument, Refusal, requireDryRuns } from '../apply/put.ts'
import type { ApiClient } from '../client.ts'
import { failed, isMeshMissing, type Problem, problemTitle } from '../errors.ts'
import { EXIT_DIFFERS } from '../help/topics.ts'
import { inOrder } from '../in-order.ts'
import { labelOf } from '../resources.ts'
import { coloured, resourceDiff } from '../show/changes.ts'
import { MESH_OPTION, meshOf, TARGET_OPTIONS, withSession } from '../target.ts'
import { pairsOf } from '../words.ts'
import type { World } from '../world.ts'
import { FILE_OPTIONS } from './apply.ts'

/** Requests at once. */
const IN_FLIGHT = 16

export function diffCommand(world: World): CommandNode {
  return command({
    name: 'diff',
    doc: 'show what apply would change',
    options: { ...TARGET_OPTIONS, ...MESH_OPTION, ...FILE_OPTIONS },
    notes: `Exit code 0: nothing would change, ${EXIT_DIFFERS}: something would.`,
    run: async ({ options }) => {
      const { file: sources, recursive: isRecursive, unknownFields, acceptUnenforced } = options
      if (sources.length === 0) throw usageError('give a file, a folder, an address or - with -f')
      const variables = pairsOf(options.var, '--var')
      const mesh = await meshOf(options, world)
      const reading = { sources, isRecursive, variables, unknownFields, acceptUnenforced, mesh }
      const { documents, faults } = await readDocuments(reading, world)
      const lines = faults.map(fault => documentFaultText(fault))
      if (lines.length > 0) throw failed(`nothing was compared:\n${lines.join('\n')}`)
      return await withSession(options, world, ({ client }) => compareAll(client, documents, world))
    },
  })
}

async function compareAll(
  client: ApiClient,
  documents: readonly ResourceDocument[],
  world: World,
): Promise<number> {
  await requireDryRuns(client)
  const newMeshes = new Set(documents.filter(({ kind }) => kind.type === 'Mesh').map(({ name }) => name))
  let differs = false
  let isRefused = false
  await inOrder(
    documents,
    IN_FLIGHT,
    document => ask(client, document),
    (result, index) => {
      const document = documents[index]
      if (document === undefined) return
      const diff = diffOf(document, result, newMeshes)
      if (diff !== null) {
        differs ||= diff !== ''
        return world.out(coloured(diff, world))
      }
      isRefused = true
      if ('title' in result) world.err(refusalText(document, result))
    },
  )
  if (isRefused) return EXIT.failed
  return differs ? EXIT_DIFFERS : EXIT.ok
}

async function ask(client: ApiClient, document: ResourceDocument): Promise<Put | Problem> {
  try {
    // whether it may be stored was seen when the files were read
    return await putDocument(client, document, { isDryRun: true, acceptUnenforced: true, withDiff: true })
  } catch (error) {
    if (error instanceof Refusal) return error.problem
    throw error
  }
}

/** Empty: nothing would change; null: it was refused. What is in a mesh of the same files is new with it. */
function diffOf(
  { kind, mesh, name, body }: ResourceDocument,
  result: Put | Problem,
  newMeshes: ReadonlySet<string>,
): string | null {
  const label = labelOf(kind, mesh, name)
  if ('outcome' in result)
    return result.outcome === 'Unchanged' ? '' : resourceDiff(kind, label, result.before, result.after)
  return isMeshMissing(result) && newMeshes.has(mesh) ? resourceDiff(kind, label, null, body) : null
}

function refusalText({ kind, mesh, name, place }: ResourceDocument, problem: Problem): string {
  const head = `${lineText(place(''))}: ${labelOf(kind, mesh, name)}: ${problemTitle(problem, mesh)}\n`
  const faults = problem.faults.map(
    ({ field, reason }) => `  ${lineText(place(field))}: ${field === '' ? reason : `${field}: ${reason}`}\n`,
  )
  return `${head}${faults.join('')}`
}
