/**
 * The engine of a data plane with several workers: one engine a thread, all with the same snapshot. This thread has the
 * link, the identity and the listening sockets; a worker gets what it runs by messages (messages.ts). The kernel shares
 * new connections out among them.
 */
import type { Worker } from 'node:worker_threads'
import type { Logger } from '#base/log.ts'
import type { Identity } from '#contract/identity.ts'
import type { RunningStatistics } from '#contract/questions.ts'
import type { Violation } from '#contract/reader.ts'
import type { Snapshot } from '#contract/snapshot.ts'
import { readIdentity } from '../../tls/credentials.ts'
import { diffSections } from '../diff.ts'
import type { ApplyResult, Engine } from '../engine.ts'
import { bindFailure, checkSnapshot, inTheWay } from '../prepare.ts'
import { ListeningSocket } from './listening-socket.ts'
import type { Descriptors, FromWorker } from './messages.ts'
import { sumOf } from './sum.ts'
import { WorkerThread } from './worker-thread.ts'

export interface WorkersOptions {
  /** At least 1. */
  readonly count: number
  /** Starts a thread that calls `serveWorker`. */
  readonly start: (number: number) => Worker
  readonly log: Logger
}

export class Workers implements Engine {
  readonly #log: Logger
  readonly #threads: readonly WorkerThread[]
  #running: Snapshot | null = null
  readonly #sockets = new Map<string, ListeningSocket>()

  /** A thread that ends before `drain` throws in this one: half a data plane is worse than one that is restarted. */
  constructor({ count, start, log }: WorkersOptions) {
    this.#log = log
    this.#threads = Array.from({ length: count }, (_, index) => {
      const thread = new WorkerThread(start(index + 1), change => this.#pass(change, thread))
      return thread
    })
  }

  async apply(snapshot: Snapshot): Promise<ApplyResult> {
    const checked = checkSnapshot(snapshot)
    if (!('roots' in checked)) return this.#refuse(checked)
    const changes = diffSections(this.#running, snapshot).listeners
    const standing = inTheWay(changes, this.#running, snapshot)
    if (standing.length > 0) await this.#standAside(standing)
    const violations = await this.#bind(changes.added, snapshot)
    if (violations.length > 0) {
      for (const key of changes.added) this.#close(key)
      if (standing.length > 0) violations.push(...(await this.#listenAgain(standing)))
      return this.#refuse(violations)
    }
    const results = await Promise.all(
      this.#threads.map(thread => {
        return thread.ask('apply', { snapshot, descriptors: this.#duplicates(changes.added) })
      }),
    )
    this.#running = snapshot
    for (const key of changes.removed) this.#close(key)
    return results.find(result => !result.ok) ?? { ok: true }
  }

  setIdentity(identity: Identity): void {
    readIdentity(identity)
    for (const thread of this.#threads) thread.tell('identity', identity)
  }

  async status(): Promise<RunningStatistics> {
    return sumOf(await Promise.all(this.#threads.map(thread => thread.ask('status', null))))
  }

  async drain(timeoutMs: number): Promise<void> {
    for (const key of [...this.#sockets.keys()]) this.#close(key)
    await Promise.all(this.#threads.map(thread => thread.ask('drain', { timeoutMs })))
    await Promise.all(this.#threads.map(thread => thread.end()))
  }

  /** What could not be bound, in words. */
  async #bind(keys: readonly string[], { listeners }: Snapshot): Promise<Violation[]> {
    const violations: Violation[] = []
    for (const key of keys) {
      const listener = listeners.get(key)
      if (listener === undefined) continue
      try {
        this.#sockets.set(key, await ListeningSocket.bind(listener.address, listener.port))
      } catch (error) {
        violations.push({ path: `listener/${key}`, message: bindFailure(listener, error) })
      }
    }
    return violations
  }

  async #standAside(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#close(key)
    await Promise.all(this.#threads.map(thread => thread.ask('standAside', keys)))
  }

  /** Those that stood aside for a snapshot that is refused. Answers what was lost by it. */
  async #listenAgain(keys: readonly string[]): Promise<readonly Violation[]> {
    const lost = this.#running === null ? [] : await this.#bind(keys, this.#running)
    await Promise.all(this.#threads.map(thread => thread.ask('listenAgain', this.#duplicates(keys))))
    return lost.map(({ path, message }) => ({ path, message: `lost: ${message}` }))
  }

  #duplicates(keys: readonly string[]): Descriptors {
    const sockets = keys.flatMap(key => {
      const socket = this.#sockets.get(key)
      return socket === undefined ? [] : ([[key, socket.duplicate()]] as const)
    })
    return new Map(sockets)
  }

  #close(key: string): void {
    this.#sockets.get(key)?.close()
    this.#sockets.delete(key)
  }

  #refuse(violations: readonly Violation[]): ApplyResult {
    this.#log.warn({ violations }, 'snapshot refused, the one before keeps running')
    return { ok: false, violations }
  }

  #pass(change: Extract<FromWorker, { health: unknown }>, from: WorkerThread): void {
    for (const thread of this.#threads) if (thread !== from) thread.pass(change)
  }
}
