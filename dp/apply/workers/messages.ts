/**
 * What the thread that owns the link, the identity and the listening sockets says to a worker, and what it hears.
 * Plain data, as `postMessage` takes it. Every order is answered once, by its id.
 */
import type { Identity } from '#contract/identity.ts'
import type { RunningStatistics } from '#contract/questions.ts'
import type { Snapshot } from '#contract/snapshot.ts'
import type { HealthChange } from '../../cluster/endpoint.ts'
import type { Limits } from '../../codec/limits.ts'
import type { ApplyResult } from '../engine.ts'

/** Descriptors of listening sockets by `ADDRESS:PORT`; from then on they belong to the worker. */
export type Descriptors = ReadonlyMap<string, number>

/** Each order with what it is answered with. */
export interface Orders {
  /** `descriptors`: of the listeners that the snapshot adds. */
  apply: { ask: { snapshot: Snapshot; descriptors: Descriptors }; answer: ApplyResult }
  identity: { ask: Identity; answer: null }
  /** Frees the addresses of listeners that a snapshot removes and that are in the way of one that it adds. */
  standAside: { ask: readonly string[]; answer: null }
  /** The snapshot was refused: those that stood aside listen again. */
  listenAgain: { ask: Descriptors; answer: null }
  status: { ask: null; answer: RunningStatistics }
  drain: { ask: { timeoutMs: number }; answer: null }
}

export type OrderName = keyof Orders

export type Order = {
  readonly [Name in OrderName]: {
    readonly id: number
    readonly name: Name
    readonly ask: Orders[Name]['ask']
  }
}[OrderName]

export type ToWorker = Order | { readonly health: HealthChange }

export type FromWorker =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly fault: string }
  | { readonly health: HealthChange }

/** What a worker is started with. */
export interface WorkerData {
  /** From 1. */
  readonly number: number
  readonly limits: Partial<Limits>
  /** What all workers count together (codec/load.ts). */
  readonly load: SharedArrayBuffer
  /** What they count together by name (shared-cells.ts). */
  readonly cells: SharedArrayBuffer
  readonly log: {
    readonly level: string
    readonly name: string
    readonly journal: boolean
    /** Said with every line. */
    readonly bindings: Readonly<Record<string, string>>
  }
}
