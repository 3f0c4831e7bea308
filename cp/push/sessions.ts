/**
 * Who is connected: one holder a name. A restart of the same installation takes over at once; another one is refused
 * while the lease of the first lives. A coarse sweep finds holders that went silent.
 */
import type { ProxySession } from './proxy-session.ts'

export interface Holder {
  readonly mesh: string
  readonly name: string
  readonly instance: string
  readonly incarnation: number
  readonly host: string
  /** By the clock of `SessionsOptions.now`. */
  lastHeardMs: number
  /** null: its connection is gone, its lease may still live. */
  session: ProxySession | null
}

export type Claim =
  | { readonly ok: true; readonly holder: Holder; readonly replaced: ProxySession | null }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly permanent: boolean }

export interface SessionsOptions {
  readonly leaseMs: number
  /** Ms of a clock that only goes forward. */
  readonly now: () => number
  /** Its lease ran out. */
  readonly onLost: (holder: Holder) => void
}

const SWEEP_MS = 1_000

export class Sessions {
  readonly #options: SessionsOptions
  readonly #holders = new Map<string, Holder>()
  #sweep: NodeJS.Timeout | null = null

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  get(mesh: string, name: string): ProxySession | null {
    return this.#holders.get(`${mesh}/${name}`)?.session ?? null
  }

  /** Also while only the lease of its last connection lives. */
  isHeld(mesh: string, name: string): boolean {
    return this.#holders.has(`${mesh}/${name}`)
  }

  get count(): number {
    let count = 0
    for (const holder of this.#holders.values()) if (holder.session !== null) count++
    return count
  }

  *live(): Iterable<ProxySession> {
    for (const { session } of this.#holders.values()) if (session !== null) yield session
  }

  claim(
    session: ProxySession,
    who: {
      readonly mesh: string
      readonly name: string
      readonly instance: string
      readonly incarnation: number
      readonly host: string
    },
  ): Claim {
    const key = `${who.mesh}/${who.name}`
    const now = this.#options.now()
    const current = this.#holders.get(key)
    if (current !== undefined && now - current.lastHeardMs < this.#options.leaseMs) {
      const refusal = refusalOf(current, who, now)
      if (refusal !== null) return refusal
    }
    const holder: Holder = { ...who, lastHeardMs: now, session }
    this.#holders.set(key, holder)
    this.#sweep ??= setInterval(() => this.#expire(), SWEEP_MS).unref()
    return { ok: true, holder, replaced: current?.session ?? null }
  }

  /** False when the lease is over or another one holds the name by now. */
  isHeldBy(holder: Holder): boolean {
    return this.#holders.get(`${holder.mesh}/${holder.name}`) === holder
  }

  /** Another one holds the name by now: what is done under the name is that one's. */
  isTakenOver(holder: Holder): boolean {
    const current = this.#holders.get(`${holder.mesh}/${holder.name}`)
    return current !== undefined && current !== holder
  }

  heard(holder: Holder): void {
    holder.lastHeardMs = this.#options.now()
  }

  /** The connection is gone; the lease runs on. */
  detach(holder: Holder): void {
    holder.session = null
  }

  /** The holder said goodbye: the name is free at once. */
  release(holder: Holder): void {
    if (!this.isHeldBy(holder)) return
    this.#holders.delete(`${holder.mesh}/${holder.name}`)
    this.#stopWhenEmpty()
  }

  stop(): void {
    if (this.#sweep !== null) clearInterval(this.#sweep)
    this.#sweep = null
  }

  #expire(): void {
    const oldest = this.#options.now() - this.#options.leaseMs
    for (const [key, holder] of this.#holders) {
      if (holder.lastHeardMs > oldest) continue
      this.#holders.delete(key)
      holder.session?.cut()
      this.#options.onLost(holder)
    }
    this.#stopWhenEmpty()
  }

  #stopWhenEmpty(): void {
    if (this.#holders.size === 0) this.stop()
  }
}

function refusalOf(
  current: Holder,
  who: {
    readonly mesh: string
    readonly name: string
    readonly instance: string
    readonly incarnation: number
  },
  now: number,
): Claim | null {
  if (current.instance !== who.instance) {
    const ageS = Math.round((now - current.lastHeardMs) / 1000)
    return {
      ok: false,
      code: 'push.name-held',
      message:
        `data plane ${who.name} of mesh ${who.mesh} is held by the daemon on ${current.host} ` +
        `(heard ${ageS} s ago); stop that one or give this one another name`,
      permanent: false,
    }
  }
  if (who.incarnation < current.incarnation) {
    return {
      ok: false,
      code: 'push.superseded',
      message: `a newer process of this daemon (start ${current.incarnation}) took over from start ${who.incarnation}`,
      permanent: true,
    }
  }
  return null
}
