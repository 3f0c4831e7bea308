/** After writes: waits until the data planes of each mesh that they touch have acknowledged them. */
import { EXIT } from '#base/process/exit-codes.ts'
import type { ApiClient } from '../client.ts'
import { failed, readProblem, refused } from '../errors.ts'
import { at, list, text } from '../output.ts'
import type { World } from '../world.ts'

/** The longest that the control plane waits for one request. */
const MAX_ASKED_MS = 60_000

/** Version of the last write by mesh; what is in no mesh has no data planes. Versions are `EPOCH-REVISION`. */
export class LastVersions {
  readonly #byMesh = new Map<string, string>()

  add(mesh: string, version: string): void {
    const known = this.#byMesh.get(mesh)
    if (mesh !== '' && version !== '' && (known === undefined || isLater(version, known)))
      this.#byMesh.set(mesh, version)
  }

  entries(): readonly (readonly [mesh: string, version: string])[] {
    return [...this.#byMesh].sort(([a], [b]) => (a < b ? -1 : 1))
  }
}

/** Says for each mesh how many have it; those that have not, and why, go to `err` with exit code 75. */
export async function waitApplied(
  client: ApiClient,
  versions: LastVersions,
  timeoutMs: number,
  world: World,
): Promise<number> {
  let code: number = EXIT.ok
  const untilMs = world.nowMs() + timeoutMs
  for (const [mesh, version] of versions.entries()) {
    const applied = await appliedBy(client, mesh, version, () => untilMs - world.nowMs())
    world.out(`mesh ${JSON.stringify(mesh)}: ${countText(applied)}\n`)
    if (at(applied, 'isComplete') === true) continue
    code = EXIT.temporary
    for (const line of pendingLines(applied)) world.err(`${line}\n`)
  }
  return code
}

/** The last `applied` of an answer. Throws `cli.refused`, `cli.failed`. */
export async function appliedBy(
  client: ApiClient,
  mesh: string,
  version: string,
  leftMs: () => number,
): Promise<unknown> {
  for (;;) {
    const askedMs = Math.min(Math.max(leftMs(), 1), MAX_ASKED_MS)
    const answer = await client.send('GET', ['meshes', mesh, '_applied'], {
      query: { version, timeout: `${Math.round(askedMs)}ms` },
      patienceMs: askedMs,
    })
    // an API without this route says so in plain text
    if (answer.status === 404 && !answer.text.startsWith('{')) {
      throw failed(`the control plane at ${client.address} cannot tell who has applied what`)
    }
    if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text), mesh)
    const applied = at(client.parse(answer), 'applied')
    if (at(applied, 'isComplete') === true || leftMs() <= askedMs) return applied
  }
}

/** `2 of 3 data planes have applied it`. */
export function countText(applied: unknown): string {
  const total = Number(at(applied, 'total') ?? 0)
  if (total === 0) return 'no data plane has to change'
  return `${Number(at(applied, 'acknowledged') ?? 0)} of ${total} data planes have applied it`
}

export function pendingLines(applied: unknown): readonly string[] {
  return list(at(applied, 'pending')).map(one => {
    const reason = text(at(one, 'reason'))
    return `  ${text(at(one, 'mesh'))}/${text(at(one, 'name'))}: ${text(at(one, 'state'))}${reason === '' ? '' : `: ${reason}`}`
  })
}

function isLater(a: string, b: string): boolean {
  const [aEpoch = 0, aRevision = 0] = a.split('-').map(Number)
  const [bEpoch = 0, bRevision = 0] = b.split('-').map(Number)
  return aEpoch === bEpoch ? aRevision > bRevision : aEpoch > bEpoch
}
