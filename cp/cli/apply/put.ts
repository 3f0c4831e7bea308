/** One document → one PUT, for real or as a dry run, and what came of it. */
import { isDeepStrictEqual } from 'node:util'
import type { ApiClient, SendOptions } from '../client.ts'
import { failed, type Problem, problemTitle, readProblem, refused } from '../errors.ts'
import { isShown } from '../lists.ts'
import { at, list, type Shown, text } from '../output.ts'
import { segmentsOf } from '../resources.ts'
import { afterChanges } from '../show/changes.ts'
import type { ResourceDocument } from './documents.ts'

export type Outcome = 'Created' | 'Updated' | 'Unchanged'

export interface Put {
  readonly outcome: Outcome
  readonly warnings: readonly string[]
  /** `EPOCH-REVISION` of the write; empty where the control plane does not tell, and of a dry run. */
  readonly version: string
  readonly before: Shown | null
  /** What is stored now, or would be; null where nobody asked. */
  readonly after: Shown | null
  /** Of a dry run: the data planes whose snapshots would change. */
  readonly affected: unknown
}

export interface PutOptions {
  readonly isDryRun: boolean
  readonly acceptUnenforced: boolean
  /** `after` is wanted. */
  readonly withDiff: boolean
}

/** The control plane refused this document; others may be fine. */
export class Refusal extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problemTitle(problem))
    this.problem = problem
  }
}

/** Throws `Refusal`, and `cli.refused` for what would meet all documents alike. */
export async function putDocument(
  client: ApiClient,
  document: ResourceDocument,
  options: PutOptions,
): Promise<Put> {
  const segments = segmentsOf(document.kind, document.mesh, document.name)
  const stored = await readStored(client, segments)
  const query = {
    ...(options.acceptUnenforced ? { acceptUnenforced: 'true' } : {}),
    ...(options.isDryRun ? { dryRun: 'true' } : {}),
  }
  const answer = await send(client, segments, { body: document.body, query })
  const body = client.parse(answer)
  const { item: before } = stored
  const told = { warnings: list(at(body, 'warnings')).map(String), before }
  if (options.isDryRun) {
    if (at(body, 'dryRun') !== true) throw noDryRuns(client)
    const after = afterChanges(before, at(body, 'changes'))
    return {
      ...told,
      outcome: outcomeOf(at(body, 'outcome')),
      version: '',
      after,
      affected: at(body, 'affected'),
    }
  }
  const real = { ...told, version: versionOf(answer.etag), affected: undefined }
  if (before === null || answer.status === 201) {
    const after = options.withDiff ? (await readStored(client, segments)).item : null
    return { ...real, outcome: 'Created', after }
  }
  const knowsVersions = stored.etag !== '' && answer.etag !== ''
  if (knowsVersions && stored.etag === answer.etag) return { ...real, outcome: 'Unchanged', after: before }
  if (knowsVersions && !options.withDiff) return { ...real, outcome: 'Updated', after: null }
  const after = (await readStored(client, segments)).item
  const isSame = isDeepStrictEqual(withoutTime(before), withoutTime(after))
  return { ...real, outcome: isSame ? 'Unchanged' : 'Updated', after }
}

/** Throws `cli.failed` where a dry run would be a write: Kuma's control plane ignores parameters it does not know. */
export async function requireDryRuns(client: ApiClient): Promise<void> {
  const root = await client.json('GET', [''])
  if (!/^vmesh\b/.test(text(at(root, 'implementation')))) throw noDryRuns(client)
}

/** An ETag without its quotes. */
export function versionOf(etag: string): string {
  return etag.replace(/^W\//, '').replaceAll('"', '')
}

async function send(client: ApiClient, segments: readonly string[], options: SendOptions) {
  const answer = await client.send('PUT', segments, options)
  if (answer.status < 400) return answer
  const problem = readProblem(answer.status, answer.text)
  // who has no right to one has none to the others
  if (answer.status === 401 || answer.status === 503) throw refused(problem)
  throw new Refusal(problem)
}

async function readStored(
  client: ApiClient,
  segments: readonly string[],
): Promise<{ readonly item: Shown | null; readonly etag: string }> {
  const answer = await client.send('GET', segments)
  if (answer.status === 404) return { item: null, etag: '' }
  // who may write and not read
  if (answer.status === 403) return { item: null, etag: '' }
  if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text))
  const item = client.parse(answer)
  return { item: isShown(item) ? item : {}, etag: answer.etag }
}

function outcomeOf(word: unknown): Outcome {
  if (word === 'created') return 'Created'
  return word === 'unchanged' ? 'Unchanged' : 'Updated'
}

function noDryRuns(client: ApiClient): Error {
  return failed(
    `the control plane at ${client.address} knows no dry runs; check the files alone with --dry-run=client`,
  )
}

function withoutTime(resource: Shown | null): unknown {
  return resource === null ? null : { ...resource, modificationTime: undefined }
}
