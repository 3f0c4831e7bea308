/**
 * Waiting until data planes run what was written: those that the commits touched, whether they are connected or not.
 * One that is not connected has not got it: it is waited for, and named where it does not come in time. A refusal is an
 * end too. Whom the commits did not touch never counts.
 */
import { setTimeout } from 'node:timers/promises'
import { compareVersions, type Version } from '#contract/snapshot.ts'
import type { DeliveryParts, Wanted } from './parts.ts'
import { toldVersion, touchedBy } from './touched.ts'

export interface Applied {
  /** `EPOCH-REVISION`. */
  readonly version: string
  /** All of them run it. */
  readonly isComplete: boolean
  /** Data planes that the commits touched; one that never connected runs nothing and is none of them. */
  readonly total: number
  readonly acknowledged: number
  /** At most a thousand. */
  readonly pending: readonly Pending[]
}

export interface Pending {
  readonly mesh: string
  readonly name: string
  readonly state: 'waiting' | 'refused' | 'offline'
  readonly reason?: string
}

const MAX_PENDING = 1_000

export async function applied(parts: DeliveryParts, wanted: Wanted): Promise<Applied> {
  const { scheduler, settling } = parts
  const { mesh, version } = wanted
  const until = performance.now() + wanted.timeoutMs
  await Promise.race([scheduler.caughtUp(), pause(wanted.timeoutMs)])
  const touched = await touchedBy(parts, wanted)
  const stillThere = (): readonly string[] =>
    touched.filter(name => scheduler.mesh(mesh)?.dataplane(name) !== undefined)
  const isOver = (): boolean =>
    stillThere().every(name => (pendingOf(parts, name, wanted)?.state ?? 'refused') === 'refused')
  await settling.until(isOver, Math.max(0, until - performance.now()))
  const names = stillThere()
  const pending = names.flatMap(name => pendingOf(parts, name, wanted) ?? [])
  return {
    version: `${version.epoch}-${version.revision}`,
    isComplete: pending.length === 0,
    total: names.length,
    acknowledged: names.length - pending.length,
    pending: pending.slice(0, MAX_PENDING),
  }
}

/** null: it runs the version, or an older one from which nothing differs for it. */
function pendingOf(
  { sessions, insights }: DeliveryParts,
  name: string,
  { mesh, version }: Wanted,
): Pending | null {
  const session = sessions.get(mesh, name)
  if (session === null) {
    const last = insights.get(mesh, name)?.subscriptions.at(-1)
    if (isAtLeast(toldVersion(last?.appliedVersion), version)) return null
    const since = last?.disconnectTimeMs
    const reason = since == null ? 'not connected' : `not connected since ${new Date(since).toISOString()}`
    return { mesh, name, state: 'offline', reason }
  }
  const { delivery } = session
  if (isAtLeast(delivery?.acknowledged, version)) return null
  const refusal = delivery?.refusal ?? null
  const isSettled = delivery?.isSettled === true
  if (refusal !== null && (isSettled || isAtLeast(refusal.version, version))) {
    const reasons = refusal.violations.map(({ path, message }) => `${path}: ${message}`)
    return { mesh, name, state: 'refused', reason: reasons.join('; ') }
  }
  return isSettled ? null : { mesh, name, state: 'waiting' }
}

function isAtLeast(version: Version | null | undefined, wanted: Version): boolean {
  return version !== null && version !== undefined && compareVersions(version, wanted) >= 0
}

/** Keeps no process alive. */
function pause(ms: number): Promise<void> {
  return setTimeout(ms, undefined, { ref: false })
}
