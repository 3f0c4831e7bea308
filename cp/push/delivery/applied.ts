/**
 * Waiting until data planes run what was written: every registered one whose snapshot the writes have changed, connected
 * or not. One that is not connected has not got it: it is waited for, and named where it does not come in time. The first
 * refusal ends the wait. Whom the writes did not change never counts.
 */
import { compareVersions, formatVersion, type Version } from '#contract/snapshot.ts'
import type { DeliveryParts, Wanted } from './parts.ts'
import type { Verdict } from './settling.ts'
import { touchedBy } from './touched.ts'

export interface Applied {
  /** `EPOCH-REVISION`. */
  readonly version: string
  /** All of them run it; true also where there is none. */
  readonly isComplete: boolean
  /** Data planes that the writes have changed. */
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

/** Whose turn it is in a wait. */
interface Question extends Wanted {
  /** What is to run is compiled; without that only the version says what somebody runs. */
  readonly isCaughtUp: boolean
}

export async function applied(parts: DeliveryParts, wanted: Wanted): Promise<Applied> {
  const { gone, timeoutMs } = wanted
  const limit = new AbortController()
  const end = (): void => limit.abort()
  const timer = setTimeout(end, timeoutMs)
  gone.addEventListener('abort', end)
  if (gone.aborted) end()
  try {
    return await answerBy(parts, wanted, limit.signal)
  } finally {
    clearTimeout(timer)
    gone.removeEventListener('abort', end)
  }
}

async function answerBy(parts: DeliveryParts, wanted: Wanted, signal: AbortSignal): Promise<Applied> {
  const { scheduler, settling, store } = parts
  const { mesh, version } = wanted
  const isCaughtUp = await Promise.race([scheduler.caughtUp().then(() => true), falseAt(signal)])
  const touched = await touchedBy(parts, isCaughtUp ? wanted : { mesh, commits: null })
  const question = { ...wanted, isCaughtUp }
  const isThere = (name: string): boolean => scheduler.mesh(mesh)?.dataplane(name) !== undefined
  const look = (name: string): Verdict => {
    const state = isThere(name) ? pendingOf(parts, name, question)?.state : undefined
    return state === undefined ? 'done' : state === 'refused' ? 'over' : 'open'
  }
  const stop = store.watch(store.revision(), changes => {
    for (const { key, after } of changes)
      if (key.type === 'Dataplane' && after === null) settling.changed(key.mesh, key.name)
  })
  await settling.until({ mesh, names: touched, look, signal }).finally(stop)
  const names = touched.filter(isThere)
  const pending = names.flatMap(name => pendingOf(parts, name, question) ?? [])
  return {
    version: formatVersion(version),
    isComplete: pending.length === 0,
    total: names.length,
    acknowledged: names.length - pending.length,
    // those who hold it up first: no more than a thousand are named
    pending: pending.sort((a, b) => rank(a) - rank(b)).slice(0, MAX_PENDING),
  }
}

/** null: it runs the writes. */
function pendingOf(
  { scheduler, sessions, insights }: DeliveryParts,
  name: string,
  { mesh, version, isCaughtUp }: Question,
): Pending | null {
  const session = sessions.get(mesh, name)
  if (session === null) {
    const last = insights.get(mesh, name)?.subscriptions.at(-1)
    if (isAtLeast(toldVersion(last?.appliedVersion), version)) return null
    const since = last?.disconnectTimeMs
    const when = since == null ? '' : ` since ${new Date(since).toISOString()}`
    return {
      mesh,
      name,
      state: 'offline',
      reason: last === undefined ? 'not connected; no earlier connection is known' : `not connected${when}`,
    }
  }
  const { delivery } = session
  const newest = scheduler.snapshot(mesh, name)?.version
  // of several writes only some may have changed this one: it has to run the last of those
  const isOlder = isCaughtUp && newest !== undefined && compareVersions(newest, version) < 0
  const needed = isOlder ? newest : version
  if (isAtLeast(delivery?.acknowledged, needed)) return null
  const refusal = delivery?.refusal ?? null
  if (refusal === null) return { mesh, name, state: 'waiting' }
  // a newer snapshot on its way may be taken
  const isFinal = delivery?.isSettled === true && isAtLeast(refusal.version, needed)
  const reasons = refusal.violations.map(({ path, message }) => `${path}: ${message}`)
  return { mesh, name, state: isFinal ? 'refused' : 'waiting', reason: reasons.join('; ') }
}

/** Of an insight: `EPOCH-REVISION`, with a dot from older control planes; null: it has told of none. */
function toldVersion(text: string | undefined): Version | null {
  const [, epoch, revision] = /^(\d+)[.-](\d+)$/.exec(text ?? '') ?? []
  return epoch === undefined ? null : { epoch: Number(epoch), revision: Number(revision) }
}

function isAtLeast(version: Version | null | undefined, wanted: Version): boolean {
  return version !== null && version !== undefined && compareVersions(version, wanted) >= 0
}

function rank({ state }: Pending): number {
  return state === 'refused' ? 0 : state === 'offline' ? 1 : 2
}

function falseAt(signal: AbortSignal): Promise<false> {
  if (signal.aborted) return Promise.resolve(false)
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(false), { once: true }))
}
