/** `vmeshctl apply`: files → checked documents → the control plane, and what is waited for. */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { applyAll } from '../apply/apply-all.ts'
import { documentFaultText, inOrderOfLines, type ReadDocuments, readDocuments } from '../apply/documents.ts'
import { labelled, type Scope, scopeOf } from '../apply/prune.ts'
import { Report } from '../apply/report.ts'
import { WAIT_OPTION, WrittenCommits, waitApplied } from '../apply/wait-applied.ts'
import { failed } from '../errors.ts'
import { TEXT_OUTPUT_OPTION } from '../output.ts'
import { durationOf, MESH_OPTION, meshOf, TARGET_OPTIONS, withSession } from '../target.ts'
import { Warnings } from '../warnings.ts'
import { pairsOf } from '../words.ts'
import type { World } from '../world.ts'

/** Of all commands that read files, beside -f: what a shell makes of `-f p/*.yaml` are arguments from the second on. */
export const FILE_ARGUMENTS = {
  files: { value: 'FILE', doc: 'as -f: files, folders, addresses, or -', optional: true, isRepeated: true },
} as const

/** Files in the order of the command line, those of -f first. Throws a usage error where there are none. */
export function sourcesOf(given: readonly string[], files: readonly string[]): readonly string[] {
  const sources = [...given, ...files]
  if (sources.length > 0) return sources
  throw usageError('give files, folders, addresses or -, each by itself or with -f')
}

/** Of all commands that read files. */
export const FILE_OPTIONS = {
  file: {
    type: 'list',
    value: 'FILE|DIR|URL|-',
    short: 'f',
    doc: 'YAML or JSON of one or many resources; - reads standard input. Repeatable.',
  },
  recursive: { type: 'switch', short: 'R', doc: 'Also the folders in a folder.' },
  var: { type: 'list', value: 'KEY=VALUE', short: 'v', doc: 'Fills {{ KEY }} in the files. Repeatable.' },
  unknownFields: {
    type: 'text',
    value: 'HOW',
    choices: ['error', 'warn'],
    default: 'error',
    doc: 'What a field that no kind has is: an error, or a warning and left out.',
  },
  acceptUnenforced: {
    type: 'switch',
    doc: 'Take policies that are to refuse traffic and cannot do so yet.',
  },
} as const

const OPTIONS = {
  ...TARGET_OPTIONS,
  ...MESH_OPTION,
  ...FILE_OPTIONS,
  dryRun: {
    type: 'text',
    value: 'WHERE',
    choices: ['server', 'client'],
    implied: 'server',
    doc: 'Write nothing. server (the bare flag): the control plane checks, and names the data planes that would change; client: only the files are checked.',
  },
  ...TEXT_OUTPUT_OPTION,
  diff: { type: 'switch', doc: 'Show what changes in each resource.' },
  ...WAIT_OPTION,
  prune: {
    type: 'text',
    value: 'KEY=VALUE',
    doc: 'Label every resource of the files so, and delete what carries the label and is not in them.',
  },
} as const

export function applyCommand(world: World): CommandNode {
  return command({
    name: 'apply',
    doc: 'create or update resources from files',
    arguments: FILE_ARGUMENTS,
    options: OPTIONS,
    notes: [
      'All documents are checked first, by themselves and then by the control plane; nothing is written when one of them is wrong. Meshes go first. A resource whose document says nothing of labels keeps those it has; "labels: {}" takes them away.',
      'With --prune nothing is deleted but what an earlier apply with the same --prune wrote, and nothing when a document was refused; --dry-run shows what would go.',
    ].join('\n'),
    run: async ({ options, args }) => {
      const sources = sourcesOf(options.file, args.files)
      const scope = options.prune === undefined ? null : scopeOf(options.prune)
      const waitMs = options.wait === undefined ? null : durationOf(options.wait, '--wait')
      const variables = pairsOf(options.var, '--var')
      const isDryRun = options.dryRun !== undefined
      const style = options.output === 'json' ? 'json' : options.diff ? 'lines and differences' : 'lines'
      const report = new Report({ isDryRun, style }, new Warnings(), world)
      try {
        const { recursive: isRecursive, unknownFields, acceptUnenforced } = options
        const mesh = await meshOf(options, world)
        const reading = { sources, isRecursive, variables, unknownFields, acceptUnenforced, mesh }
        const { documents, faults } = scoped(await readDocuments(reading, world), scope)
        report.faults(faults)
        if (faults.length > 0)
          throw failed(`nothing was sent:\n${faults.map(fault => documentFaultText(fault)).join('\n')}`)
        if (options.dryRun === 'client') {
          for (const document of documents) report.valid(document)
          return EXIT.ok
        }
        return await withSession(options, world, async ({ client }) => {
          const commits = new WrittenCommits()
          const run = { client, isDryRun, acceptUnenforced, wantsAfter: options.diff, scope, commits, report }
          const code = await applyAll(run, documents, world)
          if (waitMs === null || isDryRun) return code
          const tell = report.applied.bind(report)
          return (await waitApplied(client, commits, waitMs, tell, world)) || code
        })
      } finally {
        report.end(options.quiet)
      }
    },
  })
}

function scoped(read: ReadDocuments, scope: Scope | null): ReadDocuments {
  if (scope === null) return read
  const { documents, faults } = labelled(read.documents, scope)
  return { ...read, documents, faults: inOrderOfLines([...read.faults, ...faults], read.files) }
}
