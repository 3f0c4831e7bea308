/** One document → what is stored in its place, a dry run, a PUT, and what came of it. */
import { isDeepStrictEqual } from 'node:util'
import { type ApiClient, type SendOptions, versionOf } from '../client.ts'
import { failed, isMeshMissing, type Problem, readProblem, refused } from '../errors.ts'
import { isShown } from '../lists.ts'
import { at, list, type Shown, text } from '../output.ts'
import { segmentsOf } from '../resources.ts'
import { afterChanges } from '../show/changes.ts'
import { asSent } from './as-sent.ts'
import type { ResourceDocument } from './documents.ts'

export type Outcome = 'Created' | 'Updated' | 'Unchanged'

export interface Stored {
  /** null: there is none, the caller may write and not read, or nobody had to know. */
  readonly item: Shown | null
  /** Empty where the control plane does not tell. */
  readonly etag: string
}

export interface Put {
  readonly outcome: Outcome
  readonly warnings: readonly string[]
  /** `EPOCH-REVISION` of what is stored; empty where the control plane does not tell, and where nothing was written. */
  readonly version: string
  /** null: there was none, or it is the same. */
  readonly before: Shown | null
  /** What is stored now, or would be; null where nobody asked. */
  readonly after: Shown | null
  /** Of a dry run: the answer, with `changes` and `affected`; null of a write. */
  readonly preview: unknown
}

/** The control plane refused this document; others may be fine. */
export interface Refused {
  readonly problem: Problem
}

export function isRefused(result: Put | Refused): result is Refused {
  return 'problem' in result
}

/** Throws `cli.refused`. */
export async function readStored(client: ApiClient, document: ResourceDocument): Promise<Stored> {
  const answer = await client.send('GET', segmentsOf(document.kind, document.mesh, document.name))
  if (answer.status === 404) return { item: null, etag: '' }
  // who may write and not read
  if (answer.status === 403) return { item: null, etag: '' }
  if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text))
  const item = client.parse(answer)
  return { item: isShown(item) ? item : {}, etag: answer.etag }
}

export interface Tried {
  readonly result: Put | Refused
  /** As far as a write or a diff has to know it. */
  readonly stored: Stored
}

/**
 * A dry run; the control plane has to know them. What is stored is read only where something of it would change: most
 * documents of most files cost one request. Throws `cli.refused` for what would meet all documents alike.
 */
export async function tryDocument(
  client: ApiClient,
  document: ResourceDocument,
  options: TryOptions,
): Promise<Tried> {
  const first = await preview(client, document, NOTHING, options)
  const isEnough = isRefused(first) ? isMeshMissing(first.problem) : first.outcome !== 'Updated'
  if (isEnough) return { result: first, stored: NOTHING }
  const stored = await readStored(client, document)
  if (isRefused(first)) return { result: first, stored }
  const isSame = asSent(document, stored.item) === document.body
  const result = isSame ? withBefore(first, stored) : await preview(client, document, stored, options)
  return { result, stored }
}

interface TryOptions {
  readonly acceptUnenforced: boolean
  /** The answer tells which data planes would change. */
  readonly namesAffected: boolean
}

const NOTHING: Stored = { item: null, etag: '' }

async function preview(
  client: ApiClient,
  document: ResourceDocument,
  stored: Stored,
  options: TryOptions,
): Promise<Put | Refused> {
  const answer = await send(client, document, stored.item, {
    ...acceptance(options),
    dryRun: 'true',
    ...(options.namesAffected ? {} : { affected: 'false' }),
  })
  if ('problem' in answer) return answer
  const body = client.parse(answer)
  if (at(body, 'dryRun') !== true) throw noDryRuns(client)
  const outcome = outcomeOf(at(body, 'outcome'))
  const version = outcome === 'Unchanged' ? versionOf(answer.etag) : ''
  const put = { outcome, warnings: warningsIn(body), version, preview: body }
  return withBefore({ ...put, before: null, after: null }, stored)
}

function withBefore(put: Put, { item: before }: Stored): Put {
  return { ...put, before, after: afterChanges(before, at(put.preview, 'changes')) }
}

/** Throws as `tryDocument`. */
export async function writeDocument(
  client: ApiClient,
  document: ResourceDocument,
  stored: Stored,
  options: { readonly acceptUnenforced: boolean; readonly wantsAfter: boolean },
): Promise<Put | Refused> {
  const { item: before } = stored
  const answer = await send(client, document, before, acceptance(options))
  if ('problem' in answer) return answer
  const warnings = warningsIn(client.parse(answer))
  const told = { warnings, before, version: versionOf(answer.etag), preview: null }
  if (before === null || answer.status === 201) {
    const after = options.wantsAfter ? (await readStored(client, document)).item : null
    return { ...told, outcome: 'Created', after }
  }
  const knowsVersions = stored.etag !== '' && answer.etag !== ''
  if (knowsVersions && stored.etag === answer.etag) return { ...told, outcome: 'Unchanged', after: before }
  if (knowsVersions && !options.wantsAfter) return { ...told, outcome: 'Updated', after: null }
  const after = (await readStored(client, document)).item
  const isSame = isDeepStrictEqual(withoutTime(before), withoutTime(after))
  return { ...told, outcome: isSame ? 'Unchanged' : 'Updated', after }
}

/** Kuma's control plane ignores parameters it does not know: there a dry run would be a write. */
export async function knowsDryRuns(client: ApiClient): Promise<boolean> {
  const root = await client.json('GET', [''])
  return /^vmesh\b/.test(text(at(root, 'implementation')))
}

/** Throws `cli.failed` where a dry run would be a write. */
export async function requireDryRuns(client: ApiClient): Promise<void> {
  if (!(await knowsDryRuns(client))) throw noDryRuns(client)
}

async function send(
  client: ApiClient,
  document: ResourceDocument,
  before: Shown | null,
  query: NonNullable<SendOptions['query']>,
) {
  const segments = segmentsOf(document.kind, document.mesh, document.name)
  const answer = await client.send('PUT', segments, {
    body: asSent(document, before),
    query,
    ifVersion: document.version,
  })
  if (answer.status < 400) return answer
  const problem = readProblem(answer.status, answer.text)
  // who has no right to one has none to the others
  if (answer.status === 401 || answer.status === 503) throw refused(problem)
  return { problem }
}

function acceptance({ acceptUnenforced }: { readonly acceptUnenforced: boolean }) {
  return acceptUnenforced ? { acceptUnenforced: 'true' } : {}
}

function warningsIn(body: unknown): readonly string[] {
  return list(at(body, 'warnings')).map(String)
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
