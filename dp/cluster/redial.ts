/**
 * The pause between attempts to connect to an endpoint that cannot be reached: it doubles with every failure, drawn
 * from its upper half, so that callers of a data plane that comes back do not all shake hands at the same moment.
 */
import type { Limits } from '../codec/limits.ts'
import type { ReasonCode } from '../errors.ts'

export class Redial {
  reason: ReasonCode = 'unreachable'
  detail = ''
  readonly #limits: Limits
  #lastMs = 0
  #untilMs = 0
  #timer: NodeJS.Timeout | null = null

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** True while a pause is waited for; `then` is called behind it, once for many that ask. */
  holds(then: () => void): boolean {
    const { leftMs } = this
    if (this.#timer !== null || leftMs === 0) return this.#timer !== null
    this.#timer = setTimeout(() => {
      this.#stop()
      then()
    }, leftMs)
    this.#timer.unref()
    return true
  }

  fail(reason: ReasonCode, detail: string): void {
    const { redialMs, maxRedialMs } = this.#limits
    this.reason = reason
    this.detail = detail
    this.#lastMs = Math.min(maxRedialMs, this.#lastMs === 0 ? redialMs : this.#lastMs * 2)
    this.#untilMs = Date.now() + this.#lastMs * (0.5 + Math.random() / 2)
  }

  /** It worked, or the next attempt is another one than those that failed. */
  reset(): void {
    this.#lastMs = 0
    this.#stop()
  }

  /** What is left of the pause, in ms. */
  get leftMs(): number {
    return this.#untilMs === 0 ? 0 : Math.max(0, this.#untilMs - Date.now())
  }

  /** Whoever comes now had better hear at once why the last attempt failed. */
  get isLong(): boolean {
    return this.leftMs > this.#limits.maxRedialMs / 4
  }

  #stop(): void {
    this.#untilMs = 0
    clearTimeout(this.#timer ?? undefined)
    this.#timer = null
  }
}
