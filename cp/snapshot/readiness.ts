/**
 * How the applications behind the probed inbounds of one data plane are, as its daemon tells (Kuma semantics 5.1, 5.2).
 * Kept in memory alone. A fact beside its connection: who is cut off keeps what it said last. Immutable.
 */
import type { InboundReadiness } from '#contract/resilience/service-probe.ts'
import { type DataplaneInbound, type DataplaneSpec, inboundsOf } from '../kinds/proxy/dataplane.ts'

/** By `ADDRESS:PORT`. */
export type ToldReadiness = Readonly<Record<string, InboundReadiness>>

const PRESUMED: InboundReadiness = { isReady: true, reason: '', sinceMs: 0 }

export class Readiness {
  /** Of a data plane that has said nothing yet: no probed inbound of it is ready. */
  static readonly UNKNOWN = new Readiness({}, true)

  readonly #told: ToldReadiness
  readonly #isTelling: boolean

  private constructor(told: ToldReadiness, isTelling: boolean) {
    this.#told = told
    this.#isTelling = isTelling
  }

  /** null: nothing is known, or it is not probed. */
  of({ probe, address, port }: DataplaneInbound): InboundReadiness | null {
    return probe === null ? null : (this.#told[`${address}:${port}`] ?? null)
  }

  /** Its Dataplane says Ready, and so do its probes. */
  isReady(inbound: DataplaneInbound): boolean {
    if (inbound.state !== 'Ready') return false
    return inbound.probe === null || !this.#isTelling || this.of(inbound)?.isReady === true
  }

  /** Of an inbound that is not ready: why, and since when where that is known. */
  whyNot(inbound: DataplaneInbound): { readonly reason: string; readonly sinceMs: number | null } {
    const told = this.of(inbound)
    if (inbound.state === 'NotReady') return { reason: 'its Dataplane says NotReady', sinceMs: null }
    if (told === null) return { reason: 'no probe of its application has succeeded yet', sinceMs: null }
    return told
  }

  /** Probes say how it is: it is not just taken for ready. */
  isTold(inbound: DataplaneInbound): boolean {
    const told = this.of(inbound)
    return told !== null && told !== PRESUMED
  }

  /** The Dataplane with what its probes say, as Kuma writes it into it. */
  shownIn(spec: DataplaneSpec): DataplaneSpec {
    const inbounds = inboundsOf(spec)
    if (inbounds.every(({ probe }) => probe === null)) return spec
    const inbound = spec.networking?.inbound?.map((one, i) => {
      const whole = inbounds[i]
      if (whole?.probe == null || whole.state === 'Ignored') return one
      const isReady = this.isReady(whole)
      return {
        ...one,
        state: isReady ? ('Ready' as const) : ('NotReady' as const),
        health: { ready: isReady },
      }
    })
    return { ...spec, ...(spec.networking && { networking: { ...spec.networking, inbound } }) }
  }

  /** What its daemon tells; those that it leaves out are as before. null: the daemon is too old to probe. */
  told(told: ToldReadiness | null): Readiness {
    return told === null ? new Readiness({}, false) : new Readiness({ ...this.#told, ...told }, true)
  }

  /**
   * Inbounds that callers have are not taken away because a probe is new to them: they are ready until their first probe
   * says otherwise. Likewise all after a start of the control plane, until their daemons are back.
   */
  presuming(inbounds: readonly DataplaneInbound[]): Readiness {
    const places = inbounds.filter(inbound => inbound.probe !== null && this.of(inbound) === null)
    if (places.length === 0) return this
    const presumed = places.map(({ address, port }) => [`${address}:${port}`, PRESUMED] as const)
    return new Readiness({ ...this.#told, ...Object.fromEntries(presumed) }, this.#isTelling)
  }

  /** Of a Dataplane that changed: callers keep what they had. */
  following(before: readonly DataplaneInbound[], now: readonly DataplaneInbound[]): Readiness {
    const served = now.filter(({ address, port }) =>
      before.some(one => one.address === address && one.port === port && this.isReady(one)),
    )
    return this.limitedTo(now).presuming(served)
  }

  /** Without what was said of inbounds that are gone. */
  limitedTo(inbounds: readonly DataplaneInbound[]): Readiness {
    const places = new Set(inbounds.map(({ address, port }) => `${address}:${port}`))
    const kept = Object.entries(this.#told).filter(([place]) => places.has(place))
    return new Readiness(Object.fromEntries(kept), this.#isTelling)
  }
}
