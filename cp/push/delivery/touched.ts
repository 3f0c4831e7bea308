/**
 * Whom commits touched, connected or not: those whose snapshot is another one without the commits. Known of connected
 * data planes whose snapshot came of these commits alone; of all others found by compiling without the commits and with
 * them, so that what others write, or a data plane that comes back, decides nothing.
 */
import { affectedSince } from '../../snapshot/dry-run.ts'
import { changesOf } from './commit-changes.ts'
import type { Commits, DeliveryParts, Wanted } from './parts.ts'

/** Sorted. Where it is not known any more what the commits changed, all who may have been touched. */
export async function touchedBy(
  parts: DeliveryParts,
  { mesh, commits }: Pick<Wanted, 'mesh' | 'commits'>,
): Promise<readonly string[]> {
  const index = parts.scheduler.mesh(mesh)
  if (index === undefined) return []
  if (commits === null) return [...index.dataplaneNames()].sort()
  const first = Math.min(...commits.map(({ from }) => from))
  const certain: string[] = []
  const possible = new Set<string>()
  for (const name of index.dataplaneNames()) {
    const snapshot = parts.scheduler.snapshot(mesh, name)
    if (snapshot !== null && snapshot.version.revision < first) continue
    if (isOneOf(commits, parts.scheduler.cause(mesh, name))) certain.push(name)
    else possible.add(name)
  }
  if (possible.size === 0) return certain.sort()
  const changes = await changesOf(parts, index, commits)
  if (changes === null) return [...certain, ...possible].sort()
  const found = await affectedSince(index, changes, name => possible.has(name))
  return [...certain, ...found.map(({ name }) => name)].sort()
}

function isOneOf(commits: readonly Commits[], cause: Commits | null): boolean {
  return cause !== null && commits.some(({ from, to }) => from <= cause.from && cause.to <= to)
}
