/** What questions about delivery are answered from, and which writes they are about. */
import type { Version } from '#contract/snapshot.ts'
import type { Scheduler } from '../../snapshot/scheduler.ts'
import type { Store } from '../../store/store.ts'
import type { Insights } from '../insights.ts'
import type { Sessions } from '../sessions.ts'
import type { Settling } from './settling.ts'

/** Who is connected, what they should run, and word of what they do. */
export interface DeliveryParts {
  readonly store: Pick<Store, 'watch' | 'epoch'>
  readonly scheduler: Pick<Scheduler, 'mesh' | 'caughtUp' | 'connected' | 'snapshot'>
  readonly sessions: Pick<Sessions, 'get'>
  readonly insights: Pick<Insights, 'get'>
  readonly settling: Pick<Settling, 'until'>
}

/** The commits `[since, version]` of a mesh. */
export interface Wanted {
  readonly mesh: string
  /** null: all that was ever written, so that all data planes count. */
  readonly since: Version | null
  readonly version: Version
  readonly timeoutMs: number
}
