/**
 * `vmeshctl apply`: documents → PUT, one line each. All documents are checked before the first is sent: one that does
 * not parse stops all. What the control plane refuses is said with file and line, and the others go on.
 */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { CodedError, codeOf, messageOf } from '#base/errors.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { affectedText } from '../apply/affected.ts'
import { documentFaultText, lineText, type ResourceDocument, readDocuments } from '../apply/documents.ts'
import { requireMeshes } from '../apply/meshes.ts'
import { deleteLeftover, labelled, leftovers, type Scope, scopeOf } from '../apply/prune.ts'
import { type Put, putDocument, Refusal, requireDryRuns } from '../apply/put.ts'
import { WrittenCommits, waitApplied } from '../apply/wait-applied.ts'
import type { ApiClient } from '../client.ts'
import { failed, type Problem, problemTitle } from '../errors.ts'
import { inOrder } from '../in-order.ts'
import { at } from '../output.ts'
import { progressOf } from '../progress.ts'
import { formalLabelOf, labelOf } from '../resources.ts'
import { coloured, resourceDiff } from '../show/changes.ts'
import { durationOf, MESH_OPTION, meshOf, TARGET_OPTIONS, withSession } from '../target.ts'
import { Warnings } from '../warnings.ts'
import { pairsOf } from '../words.ts'
import type { World } from '../world.ts'

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
  diff: { type: 'switch', doc: 'Show what changes in each resource.' },
  wait: {
    type: 'text',
    value: 'TIME',
    implied: '30s',
    doc: 'Wait until every data plane that it touches runs it, also those that are not connected just now; those that do not in time are named, with exit code 75, or 1 where one refuses it. The bare flag: 30s.',
  },
  prune: {
    type: 'text',
    value: 'KEY=VALUE',
    doc: 'Label every resource of the files so, and delete what carries the label and is not in them.',
  },
} as const

interface Run {
  readonly client: ApiClient
  readonly isDryRun: boolean
  readonly acceptUnenforced: boolean
  readonly withDiff: boolean
  readonly scope: Scope | null
  readonly commits: WrittenCommits
  readonly warnings: Warnings
}

export function applyCommand(world: World): CommandNode {
  return command({
    name: 'apply',
    doc: 'create or update resources from files',
    options: OPTIONS,
    notes: `All documents are checked first; nothing is sent when one of them is wrong. Meshes go first.
With --prune nothing is deleted but what an earlier apply with the same --prune wrote, and nothing when a document was
refused; --dry-run shows what would go.`,
    run: async ({ options }) => {
      if (options.file.length === 0) throw usageError('give a file, a folder, an address or - with -f')
      const scope = options.prune === undefined ? null : scopeOf(options.prune)
      const waitMs = options.wait === undefined ? null : durationOf(options.wait, '--wait')
      const warnings = new Warnings()
      const documents = await checked(options, await meshOf(options, world), scope, world)
      if (options.dryRun === 'client') {
        for (const { kind, mesh, name } of documents)
          world.out(`${formalLabelOf(kind, mesh, name)} valid (not sent)\n`)
        for (const document of documents) warn(warnings, document, document.warnings)
        warnings.say(world, options.quiet)
        return EXIT.ok
      }
      const isDryRun = options.dryRun === 'server'
      return await withSession(options, world, async ({ client }) => {
        if (isDryRun) await requireDryRuns(client)
        const run: Run = {
          client,
          isDryRun,
          acceptUnenforced: options.acceptUnenforced,
          withDiff: options.diff,
          scope,
          commits: new WrittenCommits(),
          warnings,
        }
        await requireMeshes(client, documents)
        const code = await applyAll(run, documents, world).finally(() => warnings.say(world, options.quiet))
        if (waitMs === null || isDryRun) return code
        return (await waitApplied(client, run.commits, waitMs, world)) || code
      })
    },
  })
}

type ReadingOptions = {
  readonly file: readonly string[]
  readonly recursive: boolean
  readonly var: readonly string[]
  readonly unknownFields: 'error' | 'warn'
  readonly acceptUnenforced: boolean
}

/** All documents without a fault. Throws `cli.failed` with all faults. */
async function checked(
  options: ReadingOptions,
  mesh: string,
  scope: Scope | null,
  world: World,
): Promise<readonly ResourceDocument[]> {
  const variables = pairsOf(options.var, '--var')
  const { file, recursive, unknownFields, acceptUnenforced } = options
  const read = await readDocuments(
    { sources: file, isRecursive: recursive, variables, unknownFields, acceptUnenforced, mesh },
    world,
  )
  const { documents, faults } =
    scope === null ? { documents: read.documents, faults: [] } : labelled(read.documents, scope)
  const lines = [...read.faults, ...faults].map(fault => documentFaultText(fault))
  if (lines.length > 0) throw failed(`nothing was sent:\n${lines.join('\n')}`)
  if (documents.length === 0) throw failed(`there is no resource in ${file.join(', ')}`)
  return documents
}

/** Requests at once. */
const IN_FLIGHT = 16

/** Meshes first: what is in a mesh needs it. */
async function applyAll(run: Run, documents: readonly ResourceDocument[], world: World): Promise<number> {
  const progress = progressOf(run.isDryRun ? 'checked' : 'applied', documents.length, world)
  const newMeshes = new Set<string>()
  let refusals = 0
  let done = 0
  const work = async (document: ResourceDocument): Promise<Put | Problem> => {
    try {
      const put = await putDocument(run.client, document, run)
      if (document.kind.type === 'Mesh' && put.outcome === 'Created') newMeshes.add(document.name)
      return put
    } catch (error) {
      if (error instanceof Refusal) return error.problem
      throw error
    } finally {
      progress.tick()
    }
  }
  const tellOf = (part: readonly ResourceDocument[]) => (result: Put | Problem, index: number) => {
    const document = part[index]
    if (document === undefined) return
    progress.clear()
    done++
    if ('outcome' in result) told(run, document, result, world)
    else if (run.isDryRun && newMeshes.has(document.mesh)) {
      const label = formalLabelOf(document.kind, document.mesh, document.name)
      world.out(`${label} Created (dry run; its mesh is not there yet)\n`)
    } else {
      refusals++
      world.err(refusalText(document, result))
    }
  }
  const meshes = documents.filter(({ kind }) => kind.type === 'Mesh')
  const others = documents.filter(({ kind }) => kind.type !== 'Mesh')
  try {
    for (const part of [meshes, others]) await inOrder(part, IN_FLIGHT, work, tellOf(part))
  } catch (error) {
    progress.clear()
    const left = documents.length - done - 1
    if (error instanceof CodedError && left > 0) world.err(`vmeshctl: ${left} more were not sent\n`)
    throw error
  }
  progress.clear()
  if (run.scope === null) return refusals > 0 ? EXIT.failed : EXIT.ok
  if (refusals > 0) {
    world.err('vmeshctl: nothing is pruned, since a document was refused\n')
    return EXIT.failed
  }
  return await prune(run, run.scope, documents, world)
}

function told(run: Run, document: ResourceDocument, put: Put, world: World): void {
  const { kind, mesh, name } = document
  world.out(`${formalLabelOf(kind, mesh, name)} ${put.outcome}${run.isDryRun ? ' (dry run)' : ''}\n`)
  run.commits.add(kind.type === 'Mesh' ? name : mesh, put.version, put.outcome === 'Unchanged')
  if (run.withDiff && put.outcome !== 'Unchanged')
    world.out(coloured(resourceDiff(kind, labelOf(kind, mesh, name), put.before, put.after), world))
  if (run.isDryRun && put.outcome !== 'Unchanged') world.out(affectedText(put.affected))
  const all = [...document.warnings, ...put.warnings, ...lostLabels(document, put)]
  // what is stored already was said when it was stored, but what is left out is left out every time
  warn(run.warnings, document, put.outcome === 'Unchanged' ? all.filter(isLoss) : all)
}

/** One that cannot go does not keep the others. */
async function prune(
  { client, isDryRun }: Run,
  scope: Scope,
  documents: readonly ResourceDocument[],
  world: World,
): Promise<number> {
  let code: number = EXIT.ok
  for (const leftover of await leftovers(client, scope, documents, world)) {
    const { kind, mesh, name } = leftover
    const label = formalLabelOf(kind, mesh, name)
    try {
      const affected = await deleteLeftover(client, leftover, isDryRun)
      world.out(`${label} Deleted${isDryRun ? ' (dry run)' : ''}\n`)
      if (isDryRun && affected !== undefined) world.out(affectedText(affected))
    } catch (error) {
      if (codeOf(error) !== 'cli.refused') throw error
      code = EXIT.failed
      world.err(`${label} cannot be deleted: ${messageOf(error)}\n`)
    }
  }
  return code
}

function warn(warnings: Warnings, document: ResourceDocument, sentences: readonly string[]): void {
  for (const sentence of sentences) warnings.add(lineText(document.place('')), sentence)
}

/** Labels that are stored and not in the file go, as everything does; without them --prune finds a resource no more. */
function lostLabels({ body }: ResourceDocument, { before, outcome }: Put): readonly string[] {
  if (outcome !== 'Updated') return []
  const labels = Object.entries(at(before, 'labels') ?? {})
  const lost = labels.filter(([key]) => !isOfMesh(key) && at(body, 'labels', key) === undefined)
  return lost.map(
    ([key, value]) => `label ${key}=${String(value)} is stored and not in the file: it is taken away`,
  )
}

/** Labels that the control plane sets. */
function isOfMesh(key: string): boolean {
  return /^(kuma|vmesh)\.io\/|^k8s\.kuma\.io\//.test(key)
}

function isLoss(warning: string): boolean {
  return warning.startsWith('unknown field')
}

function refusalText(document: ResourceDocument, problem: Problem): string {
  const { kind, mesh, name } = document
  const lines = [
    `${lineText(document.place(''))}: ${formalLabelOf(kind, mesh, name)}: failed server side: ${problemTitle(problem, mesh)}`,
  ]
  for (const { field, reason } of problem.faults) {
    lines.push(`  ${lineText(document.place(field))}: ${field === '' ? reason : `${field}: ${reason}`}`)
  }
  return `${lines.join('\n')}\n`
}
