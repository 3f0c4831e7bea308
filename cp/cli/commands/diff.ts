/**
 * `vmeshctl diff`: what `apply` would change, as a unified diff, and nothing else; exit code 2 when it would. What apply
 * refuses, it refuses.
 */
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { laterOf } from '../apply/apply-all.ts'
import { documentFaultText, type ResourceDocument, readDocuments } from '../apply/documents.ts'
import { whyLater } from '../apply/order.ts'
import { isRefused, requireDryRuns, type Tried, tryDocument } from '../apply/put.ts'
import { Report } from '../apply/report.ts'
import type { ApiClient } from '../client.ts'
import { failed } from '../errors.ts'
import { EXIT_DIFFERS } from '../help/topics.ts'
import { inOrder } from '../in-order.ts'
import { TEXT_OUTPUT_OPTION } from '../output.ts'
import { MESH_OPTION, meshOf, TARGET_OPTIONS, withSession } from '../target.ts'
import { Warnings } from '../warnings.ts'
import { pairsOf } from '../words.ts'
import type { World } from '../world.ts'
import { FILE_ARGUMENTS, FILE_OPTIONS, sourcesOf } from './apply.ts'

/** Requests at once. */
const IN_FLIGHT = 16

export function diffCommand(world: World): CommandNode {
  return command({
    name: 'diff',
    doc: 'show what apply would change',
    arguments: FILE_ARGUMENTS,
    options: { ...TARGET_OPTIONS, ...MESH_OPTION, ...FILE_OPTIONS, ...TEXT_OUTPUT_OPTION },
    notes: `Exit code 0: nothing would change, ${EXIT_DIFFERS}: something would.`,
    run: async ({ options, args }) => {
      const sources = sourcesOf(options.file, args.files)
      const { recursive: isRecursive, unknownFields, acceptUnenforced } = options
      const variables = pairsOf(options.var, '--var')
      const mesh = await meshOf(options, world)
      const reading = { sources, isRecursive, variables, unknownFields, acceptUnenforced, mesh }
      const { documents, faults } = await readDocuments(reading, world)
      const style = options.output === 'json' ? 'json' : 'differences'
      const report = new Report({ isDryRun: true, style }, new Warnings(), world)
      report.faults(faults)
      try {
        if (faults.length > 0)
          throw failed(`nothing was compared:\n${faults.map(fault => documentFaultText(fault)).join('\n')}`)
        return await withSession(options, world, ({ client }) =>
          compareAll(client, documents, acceptUnenforced, report),
        )
      } finally {
        report.end(options.quiet)
      }
    },
  })
}

async function compareAll(
  client: ApiClient,
  documents: readonly ResourceDocument[],
  acceptUnenforced: boolean,
  report: Report,
): Promise<number> {
  await requireDryRuns(client)
  let differs = false
  const options = { acceptUnenforced, namesAffected: false }
  const ask = (document: ResourceDocument): Promise<Tried> => tryDocument(client, document, options)
  await inOrder(documents, IN_FLIGHT, ask, ({ result, stored }, index) => {
    const document = documents[index]
    if (document === undefined) return
    const why = isRefused(result) ? whyLater(document, result.problem, documents) : ''
    if (isRefused(result) && why === null) return report.refused(document, result.problem)
    const put = isRefused(result) ? laterOf(document, stored) : result
    differs ||= put.outcome !== 'Unchanged'
    report.put(document, put, why ?? '')
  })
  return report.exitCode || (differs ? EXIT_DIFFERS : EXIT.ok)
}
