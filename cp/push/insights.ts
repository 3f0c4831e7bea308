/**
 * What is known of each data plane's sessions, as DataplaneInsight shows it. Kept in memory and written to the store
 * at most every `flushMs`, since it can be rebuilt.
 */
import { setTimeout as after } from 'node:timers'
import type { Logger } from '#base/log.ts'
import type { ResourceDraft, ResourceKey } from '../kinds/kind.ts'
import type { DataplaneInsightSpec } from '../kinds/proxy/dataplane-insight.ts'
import type { Store } from '../store/store.ts'
import { type InsightState, readState, type Subscription, showState } from './subscription.ts'

const SUBSCRIPTIONS_KEPT = 2

export class Insights {
  readonly #store: Store
  readonly #log: Logger
  readonly #flushMs: number
  readonly #states = new Map<string, InsightState>()
  readonly #dirty = new Set<string>()
  #timer: NodeJS.Timeout | null = null
  #stopWatching: () => void = () => {}

  constructor(options: { store: Store; log: Logger; flushMs: number }) {
    this.#store = options.store
    this.#log = options.log
    this.#flushMs = options.flushMs
  }

  /** Takes back what the last process wrote; from now on what is known of a Dataplane goes with it. */
  async start(): Promise<readonly InsightState[]> {
    this.#stopWatching = this.#store.watch(this.#store.revision(), changes => {
      for (const { key, after } of changes)
        if (key.type === 'Dataplane' && after === null) this.#forget(key.mesh, key.name)
    })
    for (const resource of await this.#store.list('DataplaneInsight')) {
      const state = readState(resource.mesh, resource.name, resource.spec as DataplaneInsightSpec)
      this.#states.set(keyOf(state.mesh, state.name), state)
    }
    return [...this.#states.values()]
  }

  /** Writes what is not written yet. */
  async stop(): Promise<void> {
    await this.flush()
    this.#stopWatching()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  get(mesh: string, name: string): InsightState | undefined {
    return this.#states.get(keyOf(mesh, name))
  }

  /** The form that the API shows; undefined: never connected. */
  spec(mesh: string, name: string): DataplaneInsightSpec | undefined {
    const state = this.get(mesh, name)
    return state === undefined ? undefined : showState(state)
  }

  all(): Iterable<InsightState> {
    return this.#states.values()
  }

  open(mesh: string, name: string, subscription: Subscription): InsightState {
    const key = keyOf(mesh, name)
    const state = this.#states.get(key) ?? { mesh, name, subscriptions: [], certificate: null }
    for (const older of state.subscriptions) older.disconnectTimeMs ??= subscription.connectTimeMs
    state.subscriptions = [...state.subscriptions, subscription].slice(-SUBSCRIPTIONS_KEPT)
    this.#states.set(key, state)
    this.touch(state)
    return state
  }

  touch(state: InsightState): void {
    this.#dirty.add(keyOf(state.mesh, state.name))
    this.#timer ??= after(() => void this.flush(), this.#flushMs).unref()
  }

  #forget(mesh: string, name: string): void {
    this.#states.delete(keyOf(mesh, name))
    this.#dirty.delete(keyOf(mesh, name))
  }

  /** Writes what changed. What could not be written is tried again with the next change or interval. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const states = [...this.#dirty].flatMap(key => this.#states.get(key) ?? [])
    this.#dirty.clear()
    if (states.length === 0) return
    try {
      await this.#store.commit(states.map(state => ({ op: 'put', resource: draftOf(state) })))
      await this.#removeOrphans(states)
    } catch (error) {
      this.#log.warn({ err: error }, 'cannot write the status of data planes; it stays in memory')
      for (const state of states)
        if (this.#states.get(keyOf(state.mesh, state.name)) === state) this.touch(state)
    }
  }

  /** Of Dataplanes that were deleted while their status was on its way to the disk. */
  async #removeOrphans(written: readonly InsightState[]): Promise<void> {
    const orphans = written.filter(({ mesh, name }) => !this.#states.has(keyOf(mesh, name)))
    if (orphans.length === 0) return
    await this.#store.commit(orphans.map(({ mesh, name }) => ({ op: 'delete', key: insightKey(mesh, name) })))
  }
}

function keyOf(mesh: string, name: string): string {
  return `${mesh}/${name}`
}

function insightKey(mesh: string, name: string): ResourceKey {
  return { type: 'DataplaneInsight', mesh, name }
}

function draftOf(state: InsightState): ResourceDraft {
  return { ...insightKey(state.mesh, state.name), labels: {}, spec: showState(state) }
}
