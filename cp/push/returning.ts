/**
 * After a start of the control plane: who was connected to the last process comes back within the longest wait between
 * two tries and a lease. Who does not is lost, and who was gone before that start is not listed again.
 */
import type { Scheduler } from '../snapshot/scheduler.ts'
import type { Store } from '../store/store.ts'
import type { Insights } from './insights.ts'
import { BY_DAEMON, REGISTERED_BY } from './registration.ts'
import type { Sessions } from './sessions.ts'
import { type InsightState, newSubscription } from './subscription.ts'

const RETURN_MS = 45_000

export interface ReturningOptions {
  readonly store: Store
  readonly scheduler: Scheduler
  readonly sessions: Sessions
  readonly insights: Insights
  /** What the last process wrote. */
  readonly known: readonly InsightState[]
  readonly controlPlane: string
  readonly returnMs?: number
}

/** Before the first data plane connects. Returns the function that ends the wait. */
export async function awaitReturns(options: ReturningOptions): Promise<() => void> {
  const { scheduler, known, returnMs = RETURN_MS } = options
  const gone = known.filter(state => state.subscriptions.at(-1)?.disconnectTimeMs != null)
  for (const { mesh, name } of gone) scheduler.setRotation(mesh, name, 'lost')
  const awaited = [...known.filter(state => !gone.includes(state)), ...(await unwritten(options))]
  if (awaited.length === 0) return () => {}
  const timer = setTimeout(() => loseAbsent(options, awaited), returnMs).unref()
  return () => clearTimeout(timer)
}

/** Registered by daemons, and the last process died before it wrote anything about them. */
async function unwritten({ store, known, controlPlane }: ReturningOptions): Promise<readonly InsightState[]> {
  const names = new Set(known.map(({ mesh, name }) => `${mesh}/${name}`))
  const subscription = { controlPlane, dpVersion: '', address: '', appliedVersion: '' }
  return (await store.list('Dataplane'))
    .filter(({ labels }) => labels[REGISTERED_BY] === BY_DAEMON)
    .filter(({ mesh, name }) => !names.has(`${mesh}/${name}`))
    .map(({ mesh, name }) => ({
      mesh,
      name,
      subscriptions: [newSubscription(subscription, Date.now())],
      certificate: null,
    }))
}

function loseAbsent(
  { scheduler, sessions, insights }: ReturningOptions,
  awaited: readonly InsightState[],
): void {
  for (const { mesh, name, subscriptions } of awaited) {
    // also where only its lease lives: the end of that is told by itself
    if (sessions.isHeld(mesh, name)) continue
    const last = subscriptions.at(-1)
    if (scheduler.mesh(mesh)?.dataplane(name) === undefined || last === undefined) continue
    // one that came and went meanwhile has a newer session
    const state = insights.get(mesh, name) ?? insights.open(mesh, name, last)
    for (const subscription of state.subscriptions) subscription.disconnectTimeMs ??= Date.now()
    insights.touch(state)
    scheduler.setRotation(mesh, name, 'lost')
  }
}
