/** What sessions work with: built once by the assembly. */
import type { Logger } from '#base/log.ts'
import type { CertificateAuthority } from '../ca/ca.ts'
import type { Scheduler } from '../snapshot/scheduler.ts'
import type { GuardedStore } from '../store/guarded-store.ts'
import type { Store } from '../store/store.ts'
import type { Insights } from './insights.ts'
import type { ProxySession } from './proxy-session.ts'
import type { Sessions } from './sessions.ts'

export interface PushContext {
  readonly store: Store
  readonly guarded: GuardedStore
  readonly scheduler: Scheduler
  readonly sessions: Sessions
  readonly insights: Insights
  readonly ca: CertificateAuthority
  readonly log: Logger
  /** Id of this control plane instance. */
  readonly controlPlane: string
  readonly pingMs: number
  readonly leaseMs: number
  /** Resolves when none of them has a snapshot on its way, or after 5 s. */
  settled(sessions: readonly ProxySession[]): Promise<void>
  /** To be called when a session settled or ended. */
  onSettled(): void
  removeDataplane(mesh: string, name: string): Promise<void>
}
