/**
 * The snapshot under construction: section values by name. Listeners and clusters are looked up by what they came from,
 * and replaced as a whole by the policy compilers: their values are shared by data planes.
 */
import type { Balancer } from '#contract/balancer.ts'
import type { Cluster } from '#contract/cluster.ts'
import type { IdentityConfig, Trust } from '#contract/identity.ts'
import type { InboundListener, OutboundListener } from '#contract/listener.ts'
import type { DataplaneInbound, DataplaneOutbound } from '../kinds/proxy/dataplane.ts'
import { destinationName } from '../match/destination-name.ts'
import type { MeshView } from '../match/view.ts'
import { clusterOf, type Destination } from './cluster.ts'

/** A listener still open to policies. */
export interface InboundDraft {
  readonly inbound: DataplaneInbound
  listener: InboundListener
}

/** A listener still open to policies. */
export interface OutboundDraft {
  readonly outbound: DataplaneOutbound
  listener: OutboundListener
  /**
   * Who has said where its calls go: `rules` of MeshHTTPRoutes; `service`: route policies with a targetRef, be it that
   * none names it; `nobody`: TrafficRoutes may.
   */
  routedBy: 'rules' | 'service' | 'nobody'
}

/** A cluster still open to policies. */
export interface ClusterDraft {
  readonly destination: Destination
  cluster: Cluster
  /** What a TrafficRoute says; null: nothing. */
  balancer: Balancer | null
}

export class Draft {
  identity: IdentityConfig | null = null
  readonly trust: Trust[] = []
  readonly inbounds: InboundDraft[] = []
  readonly outbounds: OutboundDraft[] = []
  /** By name. */
  readonly clusters = new Map<string, ClusterDraft>()

  /** The cluster of a destination, which the caller refers to by its name. */
  cluster(view: MeshView, destination: Destination): ClusterDraft {
    const name = destinationName(destination.tags)
    let draft = this.clusters.get(name)
    if (draft === undefined) {
      draft = { destination, cluster: clusterOf(view, destination), balancer: null }
      this.clusters.set(name, draft)
    }
    return draft
  }

  /** Section values by name, as dp/contract/snapshot.ts names them. */
  sections(): ReadonlyMap<string, object> {
    const sections = new Map<string, object>()
    if (this.identity !== null) sections.set('identity', this.identity)
    for (const trust of this.trust) sections.set(`trust/${trust.trustDomain}`, trust)
    for (const { listener } of this.inbounds) sections.set(listenerName(listener), listener)
    for (const { listener } of this.outbounds) sections.set(listenerName(listener), listener)
    for (const [name, { cluster }] of this.clusters) sections.set(`cluster/${name}`, cluster)
    return sections
  }
}

function listenerName(listener: InboundListener | OutboundListener): string {
  return `listener/${listener.address}:${listener.port}`
}
