/** The snapshot under construction: section values by name. Listeners are looked up by what they came from. */
import type { Cluster } from '#contract/cluster.ts'
import type { IdentityConfig, Trust } from '#contract/identity.ts'
import type { InboundListener, OutboundListener } from '#contract/listener.ts'
import type { DataplaneInbound } from '../kinds/proxy/dataplane.ts'

/** A listener still open to policies: replaced as a whole by the policy compilers. */
export interface InboundDraft {
  readonly inbound: DataplaneInbound
  listener: InboundListener
}

export class Draft {
  identity: IdentityConfig | null = null
  readonly trust: Trust[] = []
  readonly inbounds: InboundDraft[] = []
  readonly outbounds: OutboundListener[] = []
  readonly clusters = new Map<string, Cluster>()

  /** Section values by name, as dp/contract/snapshot.ts names them. */
  sections(): ReadonlyMap<string, object> {
    const sections = new Map<string, object>()
    if (this.identity !== null) sections.set('identity', this.identity)
    for (const trust of this.trust) sections.set(`trust/${trust.trustDomain}`, trust)
    for (const { listener } of this.inbounds) sections.set(listenerName(listener), listener)
    for (const listener of this.outbounds) sections.set(listenerName(listener), listener)
    for (const [name, cluster] of this.clusters) sections.set(`cluster/${name}`, cluster)
    return sections
  }
}

function listenerName(listener: InboundListener | OutboundListener): string {
  return `listener/${listener.address}:${listener.port}`
}
