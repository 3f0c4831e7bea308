/**
 * Waiting until data planes run what was written: for one write those whose snapshot it changed, or all of a mesh up to
 * a version. Who is not connected is named and not waited for; a refusal is an end too.
 */
import { setTimeout } from 'node:timers/promises'
import { compareVersions, type Version } from '#contract/snapshot.ts'
import { affectedSince } from '../../snapshot/dry-run.ts'
import type { Scheduler } from '../../snapshot/scheduler.ts'
import type { Change } from '../../store/store.ts'
import type { Sessions } from '../sessions.ts'
import type { Settling } from './settling.ts'

/** Who is connected, what they should run, and word of what they do. */
export interface DeliveryParts {
  readonly scheduler: Pick<Scheduler, 'mesh' | 'caughtUp' | 'connected' | 'snapshot'>
  readonly sessions: Pick<Sessions, 'get'>
  readonly settling: Pick<Settling, 'until'>
}

export interface Applied {
  /** `EPOCH-REVISION`. */
  readonly version: string
  /** Nobody who is connected lacks it. */
  readonly isComplete: boolean
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

export interface Wanted {
  readonly mesh: string
  readonly version: Version
  readonly timeoutMs: number
}

const MAX_PENDING = 1_000

/** `changes` of the commit; none: all was stored already, and data planes may still be about it. */
export async function appliedWrite(
  parts: DeliveryParts,
  changes: readonly Change[],
  wanted: Wanted,
): Promise<Applied> {
  const { scheduler, sessions } = parts
  const { mesh, version } = wanted
  const leftMs = countdown(wanted.timeoutMs)
  await Promise.race([scheduler.caughtUp(), pause(leftMs())])
  const index = scheduler.mesh(mesh)
  const isOffline = (name: string): boolean => sessions.get(mesh, name) === null
  const offline = index === undefined ? [] : await affectedSince(index, changes, isOffline)
  const connected = [...scheduler.connected(mesh)].filter(name =>
    changes.length === 0
      ? sessions.get(mesh, name)?.delivery?.isSettled !== true
      : isAtLeast(scheduler.snapshot(mesh, name)?.version, version),
  )
  const names = [...new Set([...connected, ...offline.map(({ name }) => name)])].sort()
  return applied(parts, names, { mesh, version, timeoutMs: leftMs() })
}

/** Of all data planes of the mesh. */
export async function appliedVersion(parts: DeliveryParts, wanted: Wanted): Promise<Applied> {
  const { scheduler } = parts
  const leftMs = countdown(wanted.timeoutMs)
  await Promise.race([scheduler.caughtUp(), pause(leftMs())])
  const names = [...(scheduler.mesh(wanted.mesh)?.dataplaneNames() ?? [])].sort()
  return applied(parts, names, { ...wanted, timeoutMs: leftMs() })
}

async function applied(parts: DeliveryParts, names: readonly string[], wanted: Wanted): Promise<Applied> {
  const { version, timeoutMs } = wanted
  const isOver = (): boolean => names.every(name => pendingOf(parts, name, wanted)?.state !== 'waiting')
  await parts.settling.until(isOver, timeoutMs)
  const pending = names.flatMap(name => pendingOf(parts, name, wanted) ?? [])
  return {
    version: `${version.epoch}-${version.revision}`,
    isComplete: pending.every(({ state }) => state === 'offline'),
    total: names.length,
    acknowledged: names.length - pending.length,
    pending: pending.slice(0, MAX_PENDING),
  }
}

/** null: it runs the version, or an older one from which nothing differs for it. */
function pendingOf({ sessions }: DeliveryParts, name: string, { mesh, version }: Wanted): Pending | null {
  const session = sessions.get(mesh, name)
  if (session === null) return { mesh, name, state: 'offline' }
  const { delivery } = session
  if (isAtLeast(delivery?.acknowledged, version)) return null
  const refusal = delivery?.refusal ?? null
  if (refusal !== null) {
    const reasons = refusal.violations.map(({ path, message }) => `${path}: ${message}`)
    return { mesh, name, state: 'refused', reason: reasons.join('; ') }
  }
  return delivery?.isSettled === true ? null : { mesh, name, state: 'waiting' }
}

function isAtLeast(version: Version | null | undefined, wanted: Version): boolean {
  return version !== null && version !== undefined && compareVersions(version, wanted) >= 0
}

function countdown(ms: number): () => number {
  const until = performance.now() + ms
  return () => Math.max(0, until - performance.now())
}

/** Keeps no process alive. */
function pause(ms: number): Promise<void> {
  return setTimeout(ms, undefined, { ref: false })
}
