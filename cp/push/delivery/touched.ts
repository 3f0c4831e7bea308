/**
 * Whom commits touched: connected data planes by the version of their snapshot, which moves only with what it holds;
 * for others, and where later commits touched them too, by compiling without the commits and with them.
 */
import { compareVersions, type Version } from '#contract/snapshot.ts'
import { affectedSince } from '../../snapshot/dry-run.ts'
import type { Change } from '../../store/store.ts'
import type { DeliveryParts, Wanted } from './parts.ts'

/** Sorted. Where the commits are not kept any more, all who may have been touched. */
export async function touchedBy(parts: DeliveryParts, wanted: Wanted): Promise<readonly string[]> {
  const { mesh, since, version } = wanted
  const index = parts.scheduler.mesh(mesh)
  if (index === undefined) return []
  const certain: string[] = []
  const possible = new Set<string>()
  for (const name of index.dataplaneNames()) {
    const last = parts.scheduler.snapshot(mesh, name)?.version
    if (last === undefined) {
      if (parts.insights.get(mesh, name) !== undefined) possible.add(name)
    } else if (since === null || isBetween(last, since, version)) certain.push(name)
    else if (compareVersions(last, version) > 0) possible.add(name)
  }
  if (possible.size === 0) return certain.sort()
  const changes = since === null ? null : await changesIn(parts, since, version)
  if (changes === null) return [...certain, ...possible].sort()
  const found = await affectedSince(index, changes, name => possible.has(name))
  return [...certain, ...found.map(({ name }) => name)].sort()
}

/** Of an insight: `EPOCH-REVISION`, with a dot from older control planes; null: it has told of none. */
export function toldVersion(text: string | undefined): Version | null {
  const [, epoch, revision] = /^(\d+)[.-](\d+)$/.exec(text ?? '') ?? []
  return epoch === undefined ? null : { epoch: Number(epoch), revision: Number(revision) }
}

/** The latest first, to be undone in that order; null: the feed does not reach back that far. */
async function changesIn(
  { store }: DeliveryParts,
  since: Version,
  version: Version,
): Promise<readonly Change[] | null> {
  if (since.epoch !== store.epoch || since.revision < 1) return null
  const found: Change[] = []
  try {
    const stop = store.watch(since.revision - 1, changes => {
      found.push(...changes.filter(({ revision }) => revision <= version.revision))
    })
    // what is kept is told in the microtask that `watch` has queued
    await null
    stop()
    return found.reverse()
  } catch {
    return null
  }
}

function isBetween(version: Version, from: Version, to: Version): boolean {
  return compareVersions(version, from) >= 0 && compareVersions(version, to) <= 0
}
