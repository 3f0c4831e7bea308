/** What sessions work with, built once by the assembly: who is connected, what is known of them, whose turn it is. */
import type { Logger } from '#base/log.ts'
import type { CertificateAuthority } from '../ca/ca.ts'
import type { Scheduler } from '../snapshot/scheduler.ts'
import type { GuardedStore } from '../store/guarded-store.ts'
import { CONTROL_PLANE } from '../store/history.ts'
import type { Store } from '../store/store.ts'
import { Settling } from './delivery/settling.ts'
import { Insights } from './insights.ts'
import { Questions } from './questions/questions.ts'
import { Sessions } from './sessions.ts'
import { Turns } from './turns.ts'

/** How long a data plane may take to answer: less than clients of the API wait. */
const QUESTION_MS = 5_000

export interface PushParts {
  readonly store: Store
  readonly guarded: GuardedStore
  readonly scheduler: Scheduler
  readonly ca: CertificateAuthority
  readonly log: Logger
  /** Id of this control plane instance. */
  readonly controlPlane: string
  /** Name of this zone: tag kuma.io/zone of Dataplanes. */
  readonly zone: string
  readonly pingMs: number
  readonly leaseMs: number
  /** How often the status of data planes is written. */
  readonly flushMs: number
}

export interface PushContext extends PushParts {
  readonly sessions: Sessions
  readonly insights: Insights
  readonly turns: Turns
  readonly settling: Settling
  readonly questions: Questions
  /** `author`: for the history; the control plane itself when left out. */
  removeDataplane(mesh: string, name: string, author?: string): Promise<void>
}

export function createPushContext(parts: PushParts): PushContext {
  const { store, guarded, scheduler, log, leaseMs, flushMs } = parts
  const sessions = new Sessions({
    leaseMs,
    // a wall clock that is set must not end all leases
    now: () => performance.now(),
    onLost: ({ mesh, name, host }) => {
      log.warn({ mesh, dataplane: name, host }, 'data plane is lost: out of rotation')
      scheduler.setRotation(mesh, name, 'lost')
    },
  })
  return {
    ...parts,
    sessions,
    insights: new Insights({ store, log, flushMs }),
    turns: new Turns(),
    settling: new Settling(),
    questions: new Questions({ sessions, timeoutMs: QUESTION_MS }),
    removeDataplane: async (mesh, name, author = CONTROL_PLANE) => {
      await guarded.delete({ type: 'Dataplane', mesh, name }, { author })
    },
  }
}
