/**
 * `vmeshctl apply`: documents → PUT, one line each. All documents are checked before the first is sent: one that does
 * not parse stops all. What the control plane refuses is said with file and line, and the others go on.
 */
import { isDeepStrictEqual } from 'node:util'
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { CodedError } from '#base/errors.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import type { ApiClient } from '../client.ts'
import { type ResourceDocument, readDocuments } from '../documents.ts'
import { misconfigured, type Problem, problemTitle, readProblem, refused } from '../errors.ts'
import { at, list } from '../output.ts'
import { labelOf, segmentsOf } from '../resources.ts'
import { MESH_OPTION, TARGET_OPTIONS, withSession } from '../target.ts'
import type { World } from '../world.ts'

const OPTIONS = {
  ...TARGET_OPTIONS,
  ...MESH_OPTION,
  file: {
    type: 'list',
    value: 'FILE|DIR|-',
    short: 'f',
    doc: 'YAML or JSON of one or many resources; - reads standard input. Repeatable.',
  },
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
    doc: 'Store policies that are to refuse traffic and cannot do so yet.',
  },
  dryRun: { type: 'switch', doc: 'Check the documents and send nothing.' },
} as const

export function applyCommand(world: World): CommandNode {
  return command({
    name: 'apply',
    doc: 'create or update resources from files',
    options: OPTIONS,
    notes: 'All documents are checked first; nothing is sent when one of them is wrong.',
    run: async ({ options }) => {
      if (options.file.length === 0) throw usageError('give a file, a folder or - with -f')
      const variables = variablesOf(options.var)
      return await withSession(options, world, async ({ client, mesh }) => {
        const read = await readDocuments(
          { sources: options.file, variables, unknownFields: options.unknownFields, mesh },
          world,
        )
        if (!read.ok) throw misconfigured(`nothing was sent:\n${read.faults.join('\n')}`)
        if (read.documents.length === 0)
          throw misconfigured(`there is no resource in ${options.file.join(', ')}`)
        const { documents } = read
        for (const document of documents) warn(document, document.warnings, world)
        if (!options.dryRun) return await applyAll(client, documents, options.acceptUnenforced, world)
        for (const { kind, mesh, name } of documents)
          world.out(`${labelOf(kind, mesh, name)} valid (not sent)\n`)
        return EXIT.ok
      })
    },
  })
}

/** `key=value` → map. Throws a usage error. */
export function variablesOf(pairs: readonly string[], flag = '--var'): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {}
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    if (equals < 1) throw usageError(`${flag} ${pair}: expected KEY=VALUE`)
    variables[pair.slice(0, equals)] = pair.slice(equals + 1)
  }
  return variables
}

async function applyAll(
  client: ApiClient,
  documents: readonly ResourceDocument[],
  acceptUnenforced: boolean,
  world: World,
): Promise<number> {
  let refusals = 0
  for (const [index, document] of documents.entries()) {
    const label = labelOf(document.kind, document.mesh, document.name)
    try {
      const { outcome, warnings } = await applyOne(client, document, acceptUnenforced)
      world.out(`${label} ${outcome}\n`)
      // those that the kind has were said before
      const news = warnings.filter(warning => !document.warnings.includes(warning))
      warn(document, news, world)
    } catch (error) {
      if (!(error instanceof Refusal)) {
        const left = documents.length - index - 1
        if (error instanceof CodedError && left > 0) world.err(`vmeshctl: ${left} more were not sent\n`)
        throw error
      }
      refusals++
      world.err(refusalText(label, document, error.problem))
    }
  }
  return refusals > 0 ? EXIT.failed : EXIT.ok
}

function warn(document: ResourceDocument, warnings: readonly string[], world: World): void {
  for (const warning of warnings) world.err(`${document.place('')}: warning: ${warning}\n`)
}

/** The control plane refused this document; others may be fine. */
class Refusal extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problemTitle(problem))
    this.problem = problem
  }
}

/** The resource is read before and after: only so is "unchanged" what it says. */
async function applyOne(
  client: ApiClient,
  document: ResourceDocument,
  acceptUnenforced: boolean,
): Promise<{ readonly outcome: 'created' | 'updated' | 'unchanged'; readonly warnings: readonly string[] }> {
  const segments = segmentsOf(document.kind, document.mesh, document.name)
  const before = await client.jsonIfThere(segments)
  const query = acceptUnenforced ? { acceptUnenforced: 'true' } : {}
  const answer = await client.send('PUT', segments, { body: document.body, query })
  if (answer.status >= 400) {
    const problem = readProblem(answer.status, answer.text)
    // who has no right to one has none to the others
    if (answer.status === 401 || answer.status === 503) throw refused(problem)
    throw new Refusal(problem)
  }
  const warnings = list(at(client.parse(answer), 'warnings')).map(String)
  if (before === null || answer.status === 201) return { outcome: 'created', warnings }
  const after = await client.jsonIfThere(segments)
  const isSame = isDeepStrictEqual(withoutTime(before), withoutTime(after))
  return { outcome: isSame ? 'unchanged' : 'updated', warnings }
}

function withoutTime(resource: unknown): unknown {
  return typeof resource === 'object' && resource !== null
    ? { ...resource, modificationTime: undefined }
    : resource
}

function refusalText(label: string, document: ResourceDocument, problem: Problem): string {
  const lines = [`${document.place('')}: ${label} was refused: ${problemTitle(problem, document.mesh)}`]
  for (const { field, reason } of problem.faults) {
    lines.push(`  ${document.place(field)}: ${field === '' ? reason : `${field}: ${reason}`}`)
  }
  return `${lines.join('\n')}\n`
}
