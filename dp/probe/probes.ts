/**
 * The probes of all inbounds, by `ADDRESS:PORT` of the inbound. What they found outlives every change of configuration that
 * does not concern it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '#base/log.ts'
import type { InboundListener, OutboundListener } from '#contract/listener.ts'
import type { RunningStatistics } from '#contract/questions.ts'
import type { InboundReadiness } from '#contract/resilience/service-probe.ts'
import type { Asked } from './ask/asked.ts'
import type { Ask } from './ask.ts'
import { type ProbeClock, REAL_CLOCK } from './clock.ts'
import { Damper } from './damper.ts'
import { Prober } from './prober.ts'

export interface ProbesOptions {
  readonly ask: Ask
  readonly log: Logger
  /** What `report` says has changed. */
  readonly onChange: () => void
  readonly clock?: ProbeClock
}

interface Probed {
  readonly asked: Asked
  readonly prober: Prober
  /** Outlives a change of the probe: what was told holds until the new one has found something. */
  readonly damper: Damper
}

export class Probes {
  readonly #options: ProbesOptions
  readonly #clock: ProbeClock
  readonly #probed = new Map<string, Probed>()
  readonly #services = new Map<string, string>()
  #isStopped = false

  constructor(options: ProbesOptions) {
    this.#options = options
    this.#clock = options.clock ?? REAL_CLOCK
  }

  /** What is known of each; null where none is probed. */
  get report(): Readonly<Record<string, InboundReadiness>> | null {
    if (this.#probed.size === 0) return null
    const known: Record<string, InboundReadiness> = {}
    for (const [key, { damper }] of this.#probed) if (damper.told !== null) known[key] = damper.told
    return known
  }

  /** From now on these. */
  watch(listeners: ReadonlyMap<string, InboundListener | OutboundListener>): void {
    if (this.#isStopped) return
    for (const [key, { prober, damper }] of this.#probed) {
      const listener = listeners.get(key)
      if (listener?.direction === 'inbound' && listener.probe !== undefined) continue
      prober.stop()
      damper.stop()
      this.#probed.delete(key)
      this.#services.delete(key)
    }
    for (const [key, listener] of listeners) if (listener.direction === 'inbound') this.#probe(key, listener)
    this.#options.onChange()
  }

  /** With what is known of the inbounds. */
  addTo({ inbounds, outbounds }: RunningStatistics): RunningStatistics {
    return {
      inbounds: inbounds.map(inbound => {
        const probed = this.#probed.get(`${inbound.address}:${inbound.port}`)
        if (probed === undefined) return inbound
        return { ...inbound, probe: probed.asked.probe.type, readiness: probed.damper.told }
      }),
      outbounds,
    }
  }

  /** Asks nobody any more and tells nothing. */
  stop(): void {
    this.#isStopped = true
    for (const { prober, damper } of this.#probed.values()) {
      prober.stop()
      damper.stop()
    }
  }

  #probe(key: string, { probe, upstream, protocol, service }: InboundListener): void {
    if (probe === undefined) return
    this.#services.set(key, service)
    const before = this.#probed.get(key)
    const asked: Asked = { probe, address: upstream.address, port: upstream.port, protocol }
    if (isDeepStrictEqual(before?.asked, asked)) return
    before?.prober.stop()
    const clock = this.#clock
    const damper = before?.damper ?? new Damper(clock, () => this.#told(key))
    const onFinding = (fault: string): void =>
      damper.take(fault === '' ? '' : `${probe.type} probe: ${fault}`)
    const prober = new Prober({ asked, ask: this.#options.ask, clock, onFinding })
    this.#probed.set(key, { asked, prober, damper })
    prober.start()
  }

  #told(key: string): void {
    const { log, onChange } = this.#options
    const readiness = this.#probed.get(key)?.damper.told
    if (readiness === undefined || readiness === null) return
    const subject = { inbound: key, service: this.#services.get(key) }
    if (readiness.isReady) log.info(subject, 'inbound is ready')
    else log.warn({ ...subject, reason: readiness.reason }, 'inbound is not ready')
    onChange()
  }
}
