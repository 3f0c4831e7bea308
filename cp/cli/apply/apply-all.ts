/**
 * Checked documents → the control plane: first a dry run of all of them, so that what can be known to fail stops all
 * before anything is written; then what changes, in the order in which one needs the other; then what is pruned.
 */
import { CodedError, codeOf, messageOf } from '#base/errors.ts'
import { EXIT, exitCodeOf } from '#base/process/exit-codes.ts'
import type { ApiClient } from '../client.ts'
import { inOrder } from '../in-order.ts'
import { at, text } from '../output.ts'
import { progressOf } from '../progress.ts'
import type { World } from '../world.ts'
import type { ResourceDocument } from './documents.ts'
import { stagesOf, whyLater } from './order.ts'
import { deleteLeftover, leftovers, type Scope } from './prune.ts'
import {
  isRefused,
  knowsDryRuns,
  type Put,
  type Refused,
  readStored,
  requireDryRuns,
  type Stored,
  tryDocument,
  writeDocument,
} from './put.ts'
import type { Report } from './report.ts'
import type { WrittenCommits } from './wait-applied.ts'

export interface Run {
  readonly client: ApiClient
  readonly isDryRun: boolean
  readonly acceptUnenforced: boolean
  readonly wantsAfter: boolean
  readonly scope: Scope | null
  readonly commits: WrittenCommits
  readonly report: Report
}

interface Candidate {
  readonly document: ResourceDocument
  readonly stored: Stored
  /** null: nobody asked, as with one document, or a control plane that cannot be asked. */
  readonly tried: Put | Refused | null
}

/** Requests at once. */
const IN_FLIGHT = 16

/** The exit code. Throws `cli.refused` for what meets all documents alike. */
export async function applyAll(
  run: Run,
  documents: readonly ResourceDocument[],
  world: World,
): Promise<number> {
  if (run.isDryRun) await requireDryRuns(run.client)
  const isTried = run.isDryRun || (documents.length > 1 && (await knowsDryRuns(run.client)))
  const candidates = await examined(run, documents, isTried, world)
  const isStopped = candidates.some(one => isKnownToFail(one, documents))
  if (run.isDryRun || isStopped) tell(run, candidates, documents)
  const isGood = !isStopped && (run.isDryRun || (await write(run, candidates, world)))
  if (isStopped && !run.isDryRun) world.err('vmeshctl: nothing was written\n')
  if (isGood && run.scope !== null) return await prune(run, run.scope, documents, world)
  if (run.scope !== null) world.err('vmeshctl: nothing is pruned, since a document was refused\n')
  return run.report.exitCode
}

async function examined(
  { client, isDryRun, acceptUnenforced }: Run,
  documents: readonly ResourceDocument[],
  isTried: boolean,
  world: World,
): Promise<readonly Candidate[]> {
  const progress = progressOf('checked', documents.length, world)
  const found: Candidate[] = []
  const examine = async (document: ResourceDocument): Promise<Candidate> => {
    const options = { acceptUnenforced, namesAffected: isDryRun }
    const { stored, result: tried } = isTried
      ? await tryDocument(client, document, options)
      : { stored: await readStored(client, document), result: null }
    progress.tick()
    return { document, stored, tried }
  }
  await inOrder(documents, IN_FLIGHT, examine, one => found.push(one)).finally(() => progress.clear())
  return stagesOf(found, hasMesh).flat()
}

/** As far as is known. */
function hasMesh({ tried }: Candidate): boolean {
  return tried !== null && !isRefused(tried)
}

function isKnownToFail({ document, tried }: Candidate, documents: readonly ResourceDocument[]): boolean {
  return tried !== null && isRefused(tried) && whyLater(document, tried.problem, documents) === null
}

/** What the dry runs say; of a write that is stopped only what is wrong. */
function tell(
  { isDryRun, report }: Run,
  candidates: readonly Candidate[],
  documents: readonly ResourceDocument[],
): void {
  for (const { document, stored, tried } of candidates) {
    if (tried === null) continue
    const why = isRefused(tried) ? whyLater(document, tried.problem, documents) : null
    if (isRefused(tried) && why === null) report.refused(document, tried.problem)
    else if (isDryRun) report.put(document, isRefused(tried) ? laterOf(document, stored) : tried, why ?? '')
  }
}

/** What it would be when those before it are written. */
export function laterOf({ body }: ResourceDocument, { item: before }: Stored): Put {
  const outcome = before === null ? 'Created' : 'Updated'
  return { outcome, warnings: [], version: '', before, after: body, preview: null }
}

/** One that is refused does not keep the others. False: one was. */
async function write(run: Run, candidates: readonly Candidate[], world: World): Promise<boolean> {
  const progress = progressOf('applied', candidates.length, world)
  let done = 0
  let isGood = true
  const work = async ({ document, stored, tried }: Candidate): Promise<Put | Refused> => {
    const isThere = tried !== null && !isRefused(tried) && tried.outcome === 'Unchanged'
    const result = isThere ? tried : await writeDocument(run.client, document, stored, run)
    progress.tick()
    return result
  }
  try {
    for (const stage of stagesOf(candidates, hasMesh)) {
      await inOrder(stage, IN_FLIGHT, work, (result, index) => {
        const { document } = stage[index] ?? {}
        if (document === undefined) return
        progress.clear()
        done++
        if (isRefused(result)) {
          isGood = false
          return run.report.refused(document, result.problem)
        }
        const { kind, mesh, name } = document
        run.commits.add(kind.type === 'Mesh' ? name : mesh, result.version)
        run.report.put(document, result)
      })
    }
  } catch (error) {
    const left = candidates.length - done - 1
    if (error instanceof CodedError && left > 0) world.err(`vmeshctl: ${left} more were not sent\n`)
    throw error
  } finally {
    progress.clear()
  }
  return isGood
}

/** One that cannot go does not keep the others. */
async function prune(
  { client, isDryRun, commits, report }: Run,
  scope: Scope,
  documents: readonly ResourceDocument[],
  world: World,
): Promise<number> {
  let code: number = EXIT.ok
  for (const leftover of await leftovers(client, scope, documents, world)) {
    try {
      const answer = await deleteLeftover(client, leftover, isDryRun)
      commits.add(leftover.mesh, text(at(answer, 'applied', 'version')))
      report.deleted(leftover, answer)
    } catch (error) {
      if (codeOf(error) !== 'cli.refused') throw error
      code = exitCodeOf(error)
      report.notDeleted(leftover, messageOf(error))
    }
  }
  return code
}
