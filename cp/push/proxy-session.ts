/** A connected data plane as the rest of push sees it; `session.ts` is the one that is behind it. */
import type { Logger } from '#base/log.ts'
import type { FromControlPlane } from '#contract/messages.ts'
import type { Violation } from '#contract/reader.ts'
import type { Resource, ResourceDraft } from '../kinds/kind.ts'
import type { DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import type { ProxySnapshot } from '../snapshot/builder.ts'
import type { Delivery } from './delivery/outbox.ts'
import type { InsightState } from './subscription.ts'

/** A valid token, and whether it fits a Dataplane. */
export interface Proof {
  /** null: it fits; else the reason. */
  fits(dataplane: Resource<DataplaneSpec> | ResourceDraft<DataplaneSpec>): string | null
}

export interface ProxySession {
  readonly mesh: string
  readonly name: string
  readonly log: Logger
  readonly proof: Proof
  readonly insight: InsightState | null
  /** What its daemon can do, as it announced; empty before hello. */
  readonly features: readonly string[]
  /** null: it gets no snapshots yet, or no more. */
  readonly delivery: Delivery | null
  send(frame: FromControlPlane): void
  /** A newer snapshot; null: the Dataplane is gone. */
  offer(snapshot: ProxySnapshot | null): void
  /** The Dataplane changed: the token has to fit it still. */
  dataplaneChanged(dataplane: Resource<DataplaneSpec>): void
  /** Tells why and closes. `permanent`: trying again will not help until a person changes something. */
  reject(code: string, message: string, permanent: boolean, violations?: readonly Violation[]): void
  /** It is silent: no goodbye. */
  cut(): void
  /** Ends in good order; the data plane comes back by itself. */
  close(): void
}
