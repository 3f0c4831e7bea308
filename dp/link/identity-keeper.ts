/**
 * Holds the identity that the snapshot asks for: makes a key, has it signed, renews at half of its life with jitter,
 * and warns while it runs out. The key stays in this process and in the state folder.
 */
import { Backoff } from '#base/backoff.ts'
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { Identity, IdentityConfig } from '#contract/identity.ts'
import type { Issued } from '#contract/messages.ts'

export interface IdentityKeeperOptions {
  readonly log: Logger
  readonly held: Identity | null
  readonly issue: (csr: string) => Promise<Issued>
  /** Gives it to the engine and to the disk. */
  readonly onIdentity: (identity: Identity) => Promise<void>
  readonly now?: () => number
  readonly random?: () => number
}

const RETRY_LEAST_MS = 1_000
const RETRY_MOST_MS = 60_000
/** setTimeout cannot wait longer. */
const LONGEST_TIMER_MS = 2_147_483_647
const WARNINGS_AT = [0.5, 0.25, 0.1]

export class IdentityKeeper {
  readonly #options: IdentityKeeperOptions
  readonly #now: () => number
  readonly #backoff = new Backoff(RETRY_LEAST_MS, RETRY_MOST_MS)
  #held: Identity | null
  #wanted: IdentityConfig | null = null
  #timer: NodeJS.Timeout | null = null
  #warned = 1
  #asking: Promise<void> | null = null

  constructor(options: IdentityKeeperOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#held = options.held
  }

  get held(): Identity | null {
    return this.#held
  }

  /** From now on this identity is to be held; resolves when it is. Throws when it cannot be had now. */
  async ensure(wanted: IdentityConfig): Promise<void> {
    this.#wanted = wanted
    if (!this.#fits(wanted) || this.#lifeLeft() <= 0) await this.#renew()
    this.#schedule()
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#wanted = null
  }

  #fits(wanted: IdentityConfig): boolean {
    const held = this.#held
    return (
      held !== null &&
      held.trustDomain === wanted.trustDomain &&
      held.backend === wanted.backend &&
      held.uris.length === wanted.uris.length &&
      held.uris.every((uri, i) => uri === wanted.uris[i])
    )
  }

  /** 1 when new, 0 at its end. */
  #lifeLeft(): number {
    if (this.#held === null) return 0
    const { notBeforeMs, notAfterMs } = this.#held
    return (notAfterMs - this.#now()) / (notAfterMs - notBeforeMs)
  }

  #renew(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  async #ask(): Promise<void> {
    // loaded when needed: ASN.1 costs memory that an idle daemon should not hold
    const { createCsr, generateKeyPair, readCertificate, splitChain } = await import(
      '#base/x509/certificate.ts'
    )
    const { privateKeyPem } = await generateKeyPair()
    const issued = await this.#options.issue(createCsr(privateKeyPem))
    const leaf = readCertificate(splitChain(issued.chain)[0] ?? '')
    this.#held = {
      trustDomain: issued.trustDomain,
      backend: issued.backend,
      uris: issued.uris,
      chainPem: issued.chain,
      privateKeyPem,
      notBeforeMs: leaf.notBeforeMs,
      notAfterMs: leaf.notAfterMs,
    }
    this.#warned = 1
    this.#backoff.reset()
    await this.#options.onIdentity(this.#held)
    const notAfter = new Date(leaf.notAfterMs).toISOString()
    this.#options.log.info({ uris: issued.uris.slice(0, 1), notAfter }, 'new certificate')
  }

  #schedule(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    const held = this.#held
    if (held === null) return this.#later(this.#backoff.nextMs())
    const life = held.notAfterMs - held.notBeforeMs
    const random = this.#options.random ?? Math.random
    // half of its life, less up to a tenth, so that a fleet does not ask at once
    const dueMs = held.notBeforeMs + life * (0.5 - 0.1 * random())
    this.#later(Math.max(dueMs - this.#now(), 0))
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => void this.#due(), Math.min(ms, LONGEST_TIMER_MS)).unref()
  }

  async #due(): Promise<void> {
    const wanted = this.#wanted
    if (wanted === null) return
    if (this.#fits(wanted) && this.#lifeLeft() > 0.6) return this.#schedule()
    this.#warn()
    try {
      await this.#renew()
      this.#schedule()
    } catch (error) {
      this.#options.log.debug({ err: error }, 'certificate not renewed')
      this.#warnOf(messageOf(error))
      if (this.#wanted !== null) this.#later(this.#backoff.nextMs())
    }
  }

  #lastReason = ''

  #warnOf(reason: string): void {
    this.#lastReason = reason
    this.#warn()
  }

  /** Once at 50, 25 and 10 % of life, and once when it is over. */
  #warn(): void {
    const left = this.#lifeLeft()
    const step = [...WARNINGS_AT, 0].findLast(limit => left <= limit)
    if (this.#held === null || step === undefined || step >= this.#warned || this.#lastReason === '') return
    this.#warned = step
    const notAfter = new Date(this.#held.notAfterMs).toISOString()
    const text =
      left <= 0
        ? 'the certificate has expired: calls are refused'
        : 'the certificate runs out and was not renewed'
    this.#options.log.warn(
      { notAfter, lifeLeftPercent: Math.round(left * 100), reason: this.#lastReason },
      text,
    )
  }
}
