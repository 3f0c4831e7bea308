/** `vmeshctl diff`: what `apply` would change, as a unified diff, and nothing else; exit code 2 when it would. */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { documentFaultText, lineText, type ResourceDocument, readDocuments } from '../apply/documents.ts'
import { type Put, putDocument, Refusal, requireDryRuns } from '../apply/put.ts'
import { misconfigured, type Problem, problemTitle } from '../errors.ts'
import { EXIT_DIFFERS } from '../help/topics.ts'
import { inOrder } from '../in-order.ts'
import { labelOf } from '../resources.ts'
import { coloured, resourceDiff } from '../show/changes.ts'
import { MESH_OPTION, TARGET_OPTIONS, withSession } from '../target.ts'
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
      const { file: sources, recursive: isRecursive, unknownFields } = options
      if (sources.length === 0) throw usageError('give a file, a folder, an address or - with -f')
      const variables = pairsOf(options.var, '--var')
      return await withSession(options, world, async ({ client, mesh }) => {
        const reading = { sources, isRecursive, variables, unknownFields, mesh }
        const { documents, faults } = await readDocuments(reading, world)
        if (faults.length > 0)
          throw misconfigured(
            `nothing was compared:\n${faults.map(fault => documentFaultText(fault)).join('\n')}`,
          )
        await requireDryRuns(client)
        const ask = async (document: ResourceDocument): Promise<Put | Problem> => {
          try {
            const wanted = { isDryRun: true, acceptUnenforced: true, withDiff: true }
            return await putDocument(client, document, wanted)
          } catch (error) {
            if (error instanceof Refusal) return error.problem
            throw error
          }
        }
        let code: number = EXIT.ok
        await inOrder(documents, IN_FLIGHT, ask, (result, index) => {
          const document = documents[index]
          if (document === undefined) return
          const { kind, mesh: ofMesh, name } = document
          const label = labelOf(kind, ofMesh, name)
          if ('outcome' in result) {
            if (result.outcome === 'Unchanged') return
            const diff = resourceDiff(kind, label, result.before, result.after)
            if (diff !== '' && code === EXIT.ok) code = EXIT_DIFFERS
            return world.out(coloured(diff, world))
          }
          const isNew = documents.some(one => one.kind.type === 'Mesh' && one.name === ofMesh)
          if (result.title === 'Failed to retrieve Mesh' && isNew) {
            if (code === EXIT.ok) code = EXIT_DIFFERS
            return world.out(coloured(resourceDiff(kind, label, null, document.body), world))
          }
          code = EXIT.failed
          world.err(`${lineText(document.place(''))}: ${label}: ${problemTitle(result, ofMesh)}\n`)
          for (const { field, reason } of result.faults)
            world.err(
              `  ${lineText(document.place(field))}: ${field === '' ? reason : `${field}: ${reason}`}\n`,
            )
        })
        return code
      })
    },
  })
}
