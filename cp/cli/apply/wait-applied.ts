/**
 * After writes: waits until the data planes that they have changed run them. Which these are, and who has it, the control
 * plane says (`GET /meshes/MESH/_applied`); here is who is told what, and with which exit code it ends.
 */
import { EXIT } from '#base/process/exit-codes.ts'
import type { ApiClient } from '../client.ts'
import { failed, readProblem, refused } from '../errors.ts'
import { at, list, text } from '../output.ts'
import type { World } from '../world.ts'

/** Of all commands that write. */
export const WAIT_OPTION = {
  wait: {
    type: 'text',
    value: 'TIME',
    implied: '30s',
    doc: 'Wait until every data plane whose configuration this changes runs it, also one that is not connected just now; other data planes do not count. At the end those that do not run it are named, with exit code 75; 1, at once, where one refuses it. The bare flag: 30s.',
  },
} as const

/** The longest that the control plane waits for one request. */
const MAX_ASKED_MS = 60_000
/** Before those who are waited for are named: most are done by then. */
const FIRST_ASKED_MS = 300
/** Named while they are waited for; at the end all are. */
const NAMED_FIRST = 10
/** Of a question: addresses have to stay short. */
const MOST_RANGES = 200

/** What was written to each mesh, and what was stored there already: data planes may still be about it. */
export class WrittenCommits {
  readonly #versions = new Map<string, Set<string>>()

  /** @param mesh empty for what is in none: no data plane has anything of it */
  add(mesh: string, version: string): void {
    if (mesh === '' || version === '') return
    const versions = this.#versions.get(mesh) ?? new Set()
    this.#versions.set(mesh, versions.add(version))
  }

  meshes(): readonly string[] {
    return [...this.#versions.keys()].sort()
  }

  /** Questions for the parameter `version`, usually one: `1-7..1-9,1-12`. What others wrote is in none. */
  questions(mesh: string): readonly string[] {
    const ranges = rangesOf([...(this.#versions.get(mesh) ?? [])])
    const count = Math.ceil(ranges.length / MOST_RANGES)
    return Array.from({ length: count }, (_, i) =>
      ranges.slice(i * MOST_RANGES, (i + 1) * MOST_RANGES).join(','),
    )
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
  // of what is in no mesh no data plane has anything; on `err`, for `out` may be one JSON value
  if (commits.meshes().length === 0) world.err('no data plane is affected\n')
  const calm = world.atInterrupt('what was written is stored; only the waiting has ended')
  try {
    for (const mesh of commits.meshes()) {
      const all: unknown[] = []
      for (const version of commits.questions(mesh))
        all.push(await appliedBy(client, { mesh, version }, untilMs, world))
      tell(mesh, all, countText(all))
      code = worse(code, pendingCode(all))
      for (const line of pendingLines(all)) world.err(`${line}\n`)
    }
  } finally {
    calm()
  }
  return code
}

/** A sentence a mesh, where the answer is not one JSON value. */
export function tellIn(world: World): (mesh: string, applied: readonly unknown[], sentence: string) => void {
  return (mesh, _applied, sentence) => world.out(`mesh ${JSON.stringify(mesh)}: ${sentence}\n`)
}

/** The last `applied` of the control plane. Who is waited for is named at once. Throws `cli.refused`, `cli.failed`. */
export async function appliedBy(
  client: ApiClient,
  of: { readonly mesh: string; readonly version: string },
  untilMs: number,
  world: World,
): Promise<unknown> {
  for (let longestMs = FIRST_ASKED_MS; ; longestMs = MAX_ASKED_MS) {
    const leftMs = Math.max(untilMs - world.nowMs(), 1)
    const askedMs = Math.min(leftMs, longestMs)
    const applied = await ask(client, of, askedMs)
    if (!canCome(applied) || askedMs === leftMs) return applied
    if (longestMs === FIRST_ASKED_MS)
      world.err(`waiting for\n${shortened(pendingLines([applied])).join('\n')}\n`)
  }
}

async function ask(
  client: ApiClient,
  { mesh, version }: { readonly mesh: string; readonly version: string },
  askedMs: number,
): Promise<unknown> {
  const answer = await client.send('GET', ['meshes', mesh, '_applied'], {
    query: { version, timeout: `${Math.round(askedMs)}ms` },
    patienceMs: askedMs,
  })
  // an API without this route says so in plain text
  if (answer.status === 404 && !answer.text.startsWith('{')) throw cannotTell(client)
  if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text), mesh)
  return at(client.parse(answer), 'applied')
}

/** To be thrown: it is Kuma's control plane. */
export function cannotTell({ address }: ApiClient): Error {
  return failed(`the control plane at ${address} cannot tell who has applied what`)
}

/** `2 of 3 data planes have applied it`. `all`: the answers about one mesh. */
export function countText(all: readonly unknown[]): string {
  const sum = (key: string): number => all.reduce<number>((sum, one) => sum + Number(at(one, key) ?? 0), 0)
  // of several answers a data plane may count again and again
  const pending = pendingLines(all).length
  if (sum('total') === 0) return 'no data plane is affected'
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
  const states = all.flatMap(statesOf)
  if (states.length === 0) return EXIT.ok
  return states.includes('refused') ? EXIT.failed : EXIT.temporary
}

function worse(a: number, b: number): number {
  return a === EXIT.failed || b === EXIT.ok ? a : b
}

function canCome(applied: unknown): boolean {
  const states = statesOf(applied)
  return states.length > 0 && !states.includes('refused')
}

function statesOf(applied: unknown): readonly string[] {
  return list(at(applied, 'pending')).map(one => text(at(one, 'state')))
}

function shortened(lines: readonly string[]): readonly string[] {
  const more = lines.length - NAMED_FIRST
  return more > 1 ? [...lines.slice(0, NAMED_FIRST), `  and ${more} more`] : lines
}

/** `1-7`, `1-8` and `1-9` are `1-7..1-9`. */
function rangesOf(versions: readonly string[]): readonly string[] {
  const known = versions.map(version => version.split('-').map(Number))
  known.sort(([e1 = 0, r1 = 0], [e2 = 0, r2 = 0]) => e1 - e2 || r1 - r2)
  const ranges: { epoch: number; from: number; to: number }[] = []
  for (const [epoch = 0, revision = 0] of known) {
    const last = ranges.at(-1)
    if (last !== undefined && last.epoch === epoch && last.to === revision - 1) last.to = revision
    else ranges.push({ epoch, from: revision, to: revision })
  }
  return ranges.map(({ epoch, from, to }) => `${epoch}-${from}${from === to ? '' : `..${epoch}-${to}`}`)
}
