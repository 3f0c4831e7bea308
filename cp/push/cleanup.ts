/**
 * Dataplanes that their daemons made and left behind: deleted when their last session ended longer ago than
 * `ageMs` (Kuma's dataplaneCleanupAge). Looks once a minute at what is known of sessions, not at the store.
 */
import type { Logger } from '#base/log.ts'
import type { Store } from '../store/store.ts'
import type { Insights } from './insights.ts'
import { BY_DAEMON, REGISTERED_BY } from './registration.ts'
import type { Sessions } from './sessions.ts'
import type { Turns } from './turns.ts'

const LOOK_EVERY_MS = 60_000

export interface CleanupOptions {
  readonly store: Store
  readonly insights: Insights
  readonly sessions: Sessions
  readonly turns: Turns
  readonly ageMs: number
  readonly log: Logger
  readonly remove: (mesh: string, name: string) => Promise<void>
}

/** Returns the function that ends it. */
export function startCleanup(options: CleanupOptions): () => void {
  const look = (): void => {
    removeAbandoned(options, Date.now()).catch((error: unknown) =>
      options.log.error({ err: error }, 'cannot delete abandoned Dataplanes; tried again in a minute'),
    )
  }
  const timer = setInterval(look, LOOK_EVERY_MS).unref()
  return () => clearInterval(timer)
}

export async function removeAbandoned(options: CleanupOptions, nowMs: number): Promise<void> {
  const { store, insights, sessions, turns, ageMs, log } = options
  for (const { mesh, name, subscriptions } of [...insights.all()]) {
    const endedMs = subscriptions.at(-1)?.disconnectTimeMs ?? null
    if (endedMs === null || nowMs - endedMs < ageMs) continue
    await turns.take(mesh, name, async () => {
      // back at this very moment
      if (sessions.isHeld(mesh, name)) return
      const dataplane = await store.get({ type: 'Dataplane', mesh, name })
      if (dataplane?.labels[REGISTERED_BY] !== BY_DAEMON) return
      const endedAt = new Date(endedMs).toISOString()
      log.info({ mesh, dataplane: name, endedAt }, 'abandoned Dataplane deleted')
      await options.remove(mesh, name)
    })
  }
}
