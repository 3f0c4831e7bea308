/** After writes: waits until the data planes of each mesh that they touch have acknowledged them. */
import { EXIT } from '#base/process/exit-codes.ts'
import type { ApiClient } from '../client.ts'
import { failed, readProblem, refused } from '../errors.ts'
import { at, list, text } from '../output.ts'
import type { World } from '../world.ts'

/** The longest that the control plane waits for one request. */
const MAX_ASKED_MS = 60_000
/** Before those who are waited for are named. */
const FIRST_ASKED_MS = 1_000

/** Commits of a mesh from the first to the last, each `EPOCH-REVISION`. */
export interface Commits {
  readonly mesh: string
  readonly first: string
  readonly last: string
}

/**
 * What was written to each mesh, as one range of commits, and what was stored already, each as a commit of its own: data
 * planes may still be about it. What is in no mesh has no data planes.
 */
export class WrittenCommits {
  readonly #written = new Map<string, Commits>()
  readonly #stored = new Map<string, Commits>()

  add(mesh: string, version: string, isUnchanged: boolean): void {
    if (mesh === '' || version === '') return
    const one = { mesh, first: version, last: version }
    const known = this.#written.get(mesh)
    if (isUnchanged) this.#stored.set(`${mesh} ${version}`, one)
    else if (known === undefined) this.#written.set(mesh, one)
    else {
      const first = isLater(known.first, version) ? version : known.first
      const last = isLater(version, known.last) ? version : known.last
      this.#written.set(mesh, { mesh, first, last })
    }
  }

  meshes(): readonly string[] {
    return [...new Set([...this.#written.values(), ...this.#stored.values()].map(({ mesh }) => mesh))].sort()
  }

  of(mesh: string): readonly Commits[] {
    return [...this.#written.values(), ...this.#stored.values()].filter(one => one.mesh === mesh)
  }
}

/** Tells for each mesh how many have it; those that have not, and why, go to `err` with `pendingCode`. */
export async function waitApplied(
  client: ApiClient,
  commits: WrittenCommits,
  timeoutMs: number,
  tell: (mesh: string, applied: readonly unknown[], sentence: string) => void,
  world: World,
): Promise<number> {
  let code: number = EXIT.ok
  const untilMs = world.nowMs() + timeoutMs
  for (const mesh of commits.meshes()) {
    const all: unknown[] = []
    for (const one of commits.of(mesh)) all.push(await appliedBy(client, one, untilMs, world))
    tell(mesh, all, countText(all))
    code = pendingCode(all) || code
    for (const line of pendingLines(all)) world.err(`${line}\n`)
  }
  return code
}

/**
 * The last `applied` of an answer. Those who are waited for are named after a moment. Throws `cli.refused`,
 * `cli.failed`.
 */
export async function appliedBy(
  client: ApiClient,
  { mesh, first, last }: Commits,
  untilMs: number,
  world: World,
): Promise<unknown> {
  for (let longestMs = FIRST_ASKED_MS; ; longestMs = MAX_ASKED_MS) {
    const leftMs = Math.max(untilMs - world.nowMs(), 1)
    const askedMs = Math.min(leftMs, longestMs)
    const answer = await client.send('GET', ['meshes', mesh, '_applied'], {
      query: { since: first, version: last, timeout: `${Math.round(askedMs)}ms` },
      patienceMs: askedMs,
    })
    // an API without this route says so in plain text
    if (answer.status === 404 && !answer.text.startsWith('{')) {
      throw failed(`the control plane at ${client.address} cannot tell who has applied what`)
    }
    if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text), mesh)
    const applied = at(client.parse(answer), 'applied')
    const states = list(at(applied, 'pending')).map(one => text(at(one, 'state')))
    const canCome = states.some(state => state !== 'refused')
    if (!canCome || askedMs === leftMs) return applied
    if (longestMs === FIRST_ASKED_MS) world.err(`waiting for\n${pendingLines([applied]).join('\n')}\n`)
  }
}

/** `2 of 3 data planes have applied it`. `all`: of the commits of one mesh. */
export function countText(all: readonly unknown[]): string {
  const sum = (key: string): number => all.reduce<number>((sum, one) => sum + Number(at(one, key) ?? 0), 0)
  // of several commits a data plane may count again and again
  const pending = pendingLines(all).length
  if (sum('total') === 0) return 'no data plane has to change'
  if (all.length === 1) return `${sum('acknowledged')} of ${sum('total')} data planes have applied it`
  return pending === 0 ? 'all data planes have applied it' : `${pending} data planes have not applied it`
}

/** One a data plane. */
export function pendingLines(all: readonly unknown[]): readonly string[] {
  const lines = all.flatMap(applied =>
    list(at(applied, 'pending')).map(one => {
      const reason = text(at(one, 'reason'))
      return `  ${text(at(one, 'mesh'))}/${text(at(one, 'name'))}: ${text(at(one, 'state'))}${reason === '' ? '' : `: ${reason}`}`
    }),
  )
  return [...new Set(lines)]
}

/** Trying again does not help where one has refused it. */
export function pendingCode(all: readonly unknown[]): number {
  const pending = all.flatMap(applied => list(at(applied, 'pending')))
  if (pending.length === 0) return EXIT.ok
  return pending.some(one => text(at(one, 'state')) === 'refused') ? EXIT.failed : EXIT.temporary
}

function isLater(a: string, b: string): boolean {
  const [aEpoch = 0, aRevision = 0] = a.split('-').map(Number)
  const [bEpoch = 0, bRevision = 0] = b.split('-').map(Number)
  return aEpoch === bEpoch ? aRevision > bRevision : aEpoch > bEpoch
}
