/**
 * Holds the identity that the snapshot asks for: makes a key, has it signed, renews at half of its life with jitter,
 * and warns while it runs out. The key stays in this process and in the state folder.
 */
import { Backoff } from '#base/backoff.ts'
import { CodedError, messageOf } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { Identity, IdentityConfig } from '#contract/identity.ts'
import type { Issued } from '#contract/messages.ts'
import { hasNames, isIssuedBelow } from './identity-check.ts'

export interface IdentityKeeperOptions {
  readonly log: Logger
  readonly held: Identity | null
  /** There is somebody who can issue now. */
  readonly canIssue: () => boolean
  readonly issue: (csr: string) => Promise<Issued>
  /** Gives it to the engine and to the disk. What it throws counts as not issued. */
  readonly onIdentity: (identity: Identity) => Promise<void>
  readonly clock?: KeeperClock
}

/** Time as the keeper sees it. */
export interface KeeperClock {
  /** Wall clock, ms since 1970. */
  readonly now: () => number
  /** 0…1. */
  readonly random: () => number
  /** Calls `work` once after `ms`; the result takes it back. */
  readonly after: (ms: number, work: () => void) => () => void
}

const REAL_CLOCK: KeeperClock = {
  now: Date.now,
  random: Math.random,
  after: (ms, work) => {
    const timer = setTimeout(work, ms).unref()
    return () => clearTimeout(timer)
  },
}

const RETRY_LEAST_MS = 1_000
const RETRY_MOST_MS = 60_000
/** Timers stand still while a machine sleeps and know nothing of a clock that was set: it looks at least this often. */
const LOOK_AT_LEAST_MS = 3_600_000
/** Part of life that is left when it is warned of; the last time when it is over. */
const WARNINGS_AT = [0.5, 0.25, 0.1, 0]

interface Wanted {
  readonly config: IdentityConfig
  readonly roots: readonly string[]
}

export class IdentityKeeper {
  readonly #options: IdentityKeeperOptions
  readonly #clock: KeeperClock
  readonly #backoff: Backoff
  #held: Identity | null
  #renewAtMs = 0
  #wanted: Wanted | null = null
  #cancel: () => void = () => {}
  #warnedAt = 1
  #asking: Promise<void> | null = null
  #looking: Promise<void> = Promise.resolve()

  constructor(options: IdentityKeeperOptions) {
    this.#options = options
    this.#clock = options.clock ?? REAL_CLOCK
    this.#backoff = new Backoff(RETRY_LEAST_MS, RETRY_MOST_MS, this.#clock.random)
    this.#held = options.held
    if (options.held !== null) this.#renewAtMs = this.#renewalOf(options.held)
  }

  get held(): Identity | null {
    return this.#held
  }

  /** null where nothing is to be held, also when there is a certificate from before. */
  get inUse(): Identity | null {
    return this.#wanted === null ? null : this.#held
  }

  /**
   * From now on this identity is to be held, issued below one of `roots` (PEM); resolves when it is. Throws when it
   * cannot be had now, and goes on trying.
   */
  async ensure(config: IdentityConfig, roots: readonly string[]): Promise<void> {
    const wanted = { config, roots }
    this.#wanted = wanted
    try {
      // an answer that is on its way may be for the names of before
      if (!this.#isGood(wanted)) await this.#asking?.catch(() => {})
      if (!this.#isGood(wanted)) await this.#ask()
      this.#lookAgain()
    } catch (error) {
      this.#retry(messageOf(error))
      throw error
    }
  }

  /** Resolves when no request is on its way and what follows from its answer is done. */
  async settled(): Promise<void> {
    await this.#looking
  }

  /** The mesh has no mTLS: nothing is to be held. */
  rest(): void {
    this.#wanted = null
    this.#cancel()
  }

  #isGood({ config, roots }: Wanted): boolean {
    const held = this.#held
    if (held === null || this.#lifeLeft(held) <= 0) return false
    return hasNames(held, config) && isIssuedBelow(held.chainPem, roots)
  }

  /** 1 when new, 0 at its end. */
  #lifeLeft({ notBeforeMs, notAfterMs }: Identity): number {
    return (notAfterMs - this.#clock.now()) / (notAfterMs - notBeforeMs)
  }

  /** At half of its life, less up to a tenth, so that a fleet does not ask at once. */
  #renewalOf({ notBeforeMs, notAfterMs }: Identity): number {
    return notBeforeMs + (notAfterMs - notBeforeMs) * (0.5 - 0.1 * this.#clock.random())
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#askNow().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  async #askNow(): Promise<void> {
    const { canIssue, issue, onIdentity, log } = this.#options
    if (!canIssue()) throw new CodedError('link.not-connected', 'there is no connection to the control plane')
    // loaded when needed: ASN.1 costs memory that an idle daemon should not hold
    const { createCsr, generateKeyPair, readCertificate, splitChain } = await import(
      '#base/x509/certificate.ts'
    )
    const { privateKeyPem } = await generateKeyPair()
    const issued = await issue(createCsr(privateKeyPem))
    const { notBeforeMs, notAfterMs } = readCertificate(splitChain(issued.chain)[0] ?? '')
    const { trustDomain, backend, uris, chain: chainPem } = issued
    const identity = { trustDomain, backend, uris, chainPem, privateKeyPem, notBeforeMs, notAfterMs }
    await onIdentity(identity)
    this.#held = identity
    this.#renewAtMs = this.#renewalOf(identity)
    this.#warnedAt = 1
    this.#backoff.reset()
    log.info({ uris: uris.slice(0, 1), notAfter: new Date(notAfterMs).toISOString() }, 'new certificate')
  }

  #lookAgain(): void {
    const waitMs = Math.max(this.#renewAtMs - this.#clock.now(), 0)
    this.#lookAfter(Math.min(waitMs, LOOK_AT_LEAST_MS))
  }

  #lookAfter(ms: number): void {
    this.#cancel()
    if (this.#wanted === null) return
    this.#cancel = this.#clock.after(ms, () => {
      this.#looking = this.#look()
    })
  }

  async #look(): Promise<void> {
    const wanted = this.#wanted
    if (wanted === null) return
    if (this.#isGood(wanted) && this.#clock.now() < this.#renewAtMs) return this.#lookAgain()
    try {
      await this.#ask()
      this.#lookAgain()
    } catch (error) {
      this.#retry(messageOf(error))
    }
  }

  #retry(reason: string): void {
    this.#options.log.debug({ reason }, 'certificate not renewed')
    this.#warn(reason)
    this.#lookAfter(this.#backoff.nextMs())
  }

  /** Once for each step of its life. */
  #warn(reason: string): void {
    const held = this.#held
    if (held === null) return
    const left = this.#lifeLeft(held)
    const step = WARNINGS_AT.findLast(limit => left <= limit)
    if (step === undefined || step >= this.#warnedAt) return
    this.#warnedAt = step
    const notAfter = new Date(held.notAfterMs).toISOString()
    const text =
      left <= 0
        ? 'the certificate has expired: calls are refused until the control plane issues a new one'
        : 'the certificate runs out and was not renewed'
    this.#options.log.warn({ notAfter, lifeLeftPercent: Math.max(0, Math.round(left * 100)), reason }, text)
  }
}
