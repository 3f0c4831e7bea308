/**
 * What the control plane asks of a live data plane and what it is told: the configuration that runs, and what the
 * engine counts. Only data planes that announce the feature `questions` in their hello are asked.
 */
import type { OutboundListener } from './listener.ts'
import type { InboundReadiness, ServiceProbe } from './resilience/service-probe.ts'

/** `configuration`: answered by RunningConfiguration; `statistics`: by RunningStatistics. */
export type Topic = 'configuration' | 'statistics'

export interface Question {
  readonly type: 'question'
  readonly id: number
  readonly topic: Topic
}

/** Exactly one of `value` and `fault` is not null. */
export interface Answer {
  readonly type: 'answer'
  readonly id: number
  readonly value: AnswerValue | null
  /** Why there is no value, in words. */
  readonly fault: string | null
}

export type AnswerValue = RunningConfiguration | RunningStatistics

export interface RunningConfiguration {
  /** Of the snapshot; empty: none yet. */
  readonly version: string
  /** Section values by name, as dp/contract/snapshot.ts names them; no private key is in any of them. */
  readonly sections: Readonly<Record<string, unknown>>
}

/** Counters since the listener was opened. */
export interface RunningStatistics {
  readonly inbounds: readonly InboundStatus[]
  readonly outbounds: readonly OutboundStatus[]
}

interface ListenerStatus {
  readonly address: string
  readonly port: number
  /** `http` or `tcp`. */
  readonly protocol: string
  /** Open now. */
  readonly connections: number
  /** By what they count: `accepted`, `requests`, `denied`, `errors.REASON` and so on. */
  readonly counters: Readonly<Record<string, number>>
  /** Of the called service; of an inbound: the application. */
  readonly endpoints: readonly EndpointStatus[]
}

export interface InboundStatus extends ListenerStatus {
  readonly service: string
  /** What the probes of its application say; null: nothing yet. Absent: it is not probed. */
  readonly readiness?: InboundReadiness | null
  /** How it is probed. */
  readonly probe?: ServiceProbe['type']
}

/** Its routes as the snapshot has them. */
export interface OutboundStatus
  extends ListenerStatus,
    Pick<OutboundListener, 'routes' | 'backends' | 'policy'> {
  readonly cluster: string
  /** Other clusters to which its routes lead; absent: there are none, or it is an older data plane. */
  readonly others?: readonly ClusterStatus[]
}

export interface ClusterStatus {
  readonly cluster: string
  readonly endpoints: readonly EndpointStatus[]
}

export interface EndpointStatus {
  readonly address: string
  readonly port: number
  readonly healthy: boolean
  /** Why it is not healthy, in words; empty when it is. */
  readonly reason: string
  /** What is said against it, the first first; absent: an older data plane. */
  readonly marks?: readonly EndpointMark[]
  /** Calls (http) or connections (tcp) that run over it now. */
  readonly active: number
}

export interface EndpointMark {
  /** Out of reach, taken out because of its answers, failing its health checks. */
  readonly cause: 'unreachable' | 'ejected' | 'failing'
  /** In words. */
  readonly reason: string
  /** Epoch milliseconds. */
  readonly sinceMs: number
}
