/** What questions about delivery are answered from, and which writes they are about. */
import type { Version } from '#contract/snapshot.ts'
import type { Scheduler } from '../../snapshot/scheduler.ts'
import type { Store } from '../../store/store.ts'
import type { Insights } from '../insights.ts'
import type { Sessions } from '../sessions.ts'
import type { Settling } from './settling.ts'

/** Who is connected, what they should run, and word of what they do. */
export interface DeliveryParts {
  readonly store: Pick<Store, 'watch' | 'history' | 'epoch' | 'revision'>
  readonly scheduler: Pick<Scheduler, 'mesh' | 'caughtUp' | 'snapshot' | 'cause'>
  readonly sessions: Pick<Sessions, 'get'>
  readonly insights: Pick<Insights, 'get'>
  readonly settling: Pick<Settling, 'until' | 'changed'>
}

/** Commits of this epoch, the first and the last of them. */
export interface Commits {
  readonly from: number
  readonly to: number
}

/** Writes to a mesh. */
export interface Wanted {
  readonly mesh: string
  /** At least one; null: all that was ever written, so that all data planes count. */
  readonly commits: readonly Commits[] | null
  /** Of the last of them. */
  readonly version: Version
  readonly timeoutMs: number
  /** Nobody waits for the answer any more. */
  readonly gone: AbortSignal
}
