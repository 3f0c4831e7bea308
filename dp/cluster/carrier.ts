/** A connection that carries many calls, as the transport sees it: vmesh/1 between ours, HTTP/2 with others. */
import type { ReasonCode } from '../errors.ts'
import type { Connection } from './connection.ts'
import type { Destination } from './destination.ts'
import type { Stream } from './transport.ts'

export interface Carrier {
  readonly connection: Connection
  /** Calls can begin, as far as it knows. */
  readonly isOpen: boolean
  /** The server has taken us. */
  readonly isReady: boolean
  /** A call on it moves so much that others had better go elsewhere. */
  readonly isBulk: boolean
  /** For new calls: it is as it would be made now, and the other side answers. */
  isUsable(destination: Destination, nowMs: number): boolean
  /** null: its streams are used up. */
  lend(isFresh: boolean): Stream | null
  /** No new calls: it ends with those that run. */
  leave(): void
  cut(reason: ReasonCode): void
  /** `idleMs`: how long it is kept without a call. */
  sweep(nowMs: number, idleMs: number): void
}

export interface CarrierOwner {
  /** It was taken, streams have gone, or no new ones can be had. */
  carrierChanged(carrier: Carrier): void
  carrierClosed(carrier: Carrier): void
  /** A stream was given back. */
  callEnded(): void
}
