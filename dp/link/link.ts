/**
 * The line to the control plane: connect → hello → snapshots → acknowledge or refuse; comes back with jitter after
 * every loss and goes on from what it has. It hands snapshots to a function it was given and does not know what runs.
 */
import { Backoff } from '#base/backoff.ts'
import { CodedError, codeOf, messageOf } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import { firstFew, moreFaults } from '#base/text/first-few.ts'
import type { PinCheck } from '#base/websocket.ts'
import type { Identity } from '#contract/identity.ts'
import type {
  FromControlPlane,
  FromDataPlane,
  Hello,
  Issued,
  Readiness,
  Report,
  SnapshotFrame,
} from '#contract/messages.ts'
import type { AnswerValue, Topic } from '#contract/questions.ts'
import { formatVersion, type Snapshot } from '#contract/snapshot.ts'
import { PROTOCOL_VERSION } from '#contract/version.ts'
import { answerTo } from './answer.ts'
import { Connection, type ConnectionEnd } from './connection.ts'
import { type LinkFault, permanentFault } from './fault.ts'
import { digestsOf, merge, type StoredSnapshot } from './section-store.ts'
import { checkToken } from './token.ts'

export type ApplyOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly violations: readonly { readonly path: string; readonly message: string }[]
    }

export interface LinkTiming {
  /** First wait before the next try; doubles up to `mostMs`. */
  readonly leastMs: number
  readonly mostMs: number
  /** A connection that held so long makes the next wait short again. */
  readonly stableMs: number
  readonly welcomeMs: number
  readonly issueMs: number
  /** 0…1. */
  readonly random: () => number
}

export interface LinkOptions {
  /** `https://HOST:5678`. */
  readonly address: URL
  readonly mesh: string
  readonly name: string
  /** PEM of the control plane's CA; null with a pin. */
  readonly ca: string | null
  readonly checkPin: PinCheck | null
  /** Read anew for each connection, so that a renewed file is taken up. */
  readonly readToken: () => Promise<string>
  readonly hello: Pick<Hello, 'instance' | 'incarnation' | 'dataplane' | 'dpVersion' | 'features' | 'host'>
  /** What the state folder holds. */
  readonly stored: StoredSnapshot | null
  readonly log: Logger
  /** Runs a snapshot and keeps it on disk; what it answers is told to the control plane. */
  readonly apply: (snapshot: Snapshot, stored: StoredSnapshot) => Promise<ApplyOutcome>
  /** Answers what the control plane asks. Throws when there is nothing to say about that topic. */
  readonly answer: (topic: Topic) => AnswerValue | Promise<AnswerValue>
  readonly onFault: (fault: LinkFault) => void
  readonly onConnected: () => void
  /** Before each wait for the next try. */
  readonly onWait?: (ms: number) => void
  readonly timing?: Partial<LinkTiming>
}

const TIMING: LinkTiming = {
  leastMs: 200,
  mostMs: 30_000,
  stableMs: 10_000,
  welcomeMs: 15_000,
  issueMs: 10_000,
  random: Math.random,
}

export class Link {
  readonly #options: LinkOptions
  readonly #timing: LinkTiming
  readonly #backoff: Backoff
  #connection: Connection | null = null
  #stored: StoredSnapshot | null
  #isStopped = false
  #retry: NodeJS.Timeout | null = null
  #nextId = 1
  readonly #issuing = new Map<number, PromiseWithResolvers<Issued>>()
  #onLeft: (() => void) | null = null
  /** The last report and readiness of this connection, JSON. */
  readonly #told = new Map<FromDataPlane['type'], string>()
  #applying: Promise<void> = Promise.resolve()

  constructor(options: LinkOptions) {
    this.#options = options
    this.#stored = options.stored
    this.#timing = { ...TIMING, ...options.timing }
    this.#backoff = new Backoff(this.#timing.leastMs, this.#timing.mostMs, this.#timing.random)
  }

  get isConnected(): boolean {
    return this.#connection?.isWelcome ?? false
  }

  start(): void {
    void this.#connect()
  }

  /** Asks for a certificate. Throws `link.not-connected`, `link.issue-refused`, `link.issue-timeout`. */
  async issue(csr: string): Promise<Issued> {
    const connection = this.#connection
    if (connection?.isWelcome !== true) throw notConnected()
    const id = this.#nextId++
    const answer = Promise.withResolvers<Issued>()
    const timer = setTimeout(
      () =>
        answer.reject(
          new CodedError('link.issue-timeout', 'the control plane did not answer the signing request'),
        ),
      this.#timing.issueMs,
    )
    this.#issuing.set(id, answer)
    connection.send({ type: 'issue', id, csr })
    try {
      return await answer.promise
    } finally {
      clearTimeout(timer)
      this.#issuing.delete(id)
    }
  }

  /** Tells which identity is in use, where this connection was not told yet. */
  report(held: Identity | null): void {
    const certificate = held && {
      notBeforeMs: held.notBeforeMs,
      notAfterMs: held.notAfterMs,
      backend: held.backend,
    }
    this.#tell({ type: 'report', certificate })
  }

  /** Tells how the applications are, where this connection was told otherwise. null: none is probed. */
  tellReadiness(inbounds: Readiness['inbounds'] | null): void {
    if (inbounds === null && !this.#told.has('readiness')) return
    this.#tell({ type: 'readiness', inbounds: inbounds ?? {} })
  }

  #tell(frame: Report | Readiness): void {
    const connection = this.#connection
    const text = JSON.stringify(frame)
    if (connection?.isWelcome !== true || text === this.#told.get(frame.type)) return
    connection.send(frame)
    this.#told.set(frame.type, text)
  }

  /** Says goodbye; resolves when the control plane says that clients were told, or after `timeoutMs`. */
  async leave(timeoutMs: number): Promise<void> {
    const connection = this.#connection
    if (connection?.isWelcome !== true) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#onLeft = () => {
        clearTimeout(timer)
        resolve()
      }
      connection.send({ type: 'leave' })
    })
  }

  /** Ends the connection for good; resolves when it is closed, and what came over it runs and is kept. */
  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#retry !== null) clearTimeout(this.#retry)
    const connection = this.#connection
    this.#connection = null
    this.#forgetAnswers()
    await connection?.close()
    await this.#applying
  }

  async #connect(): Promise<void> {
    try {
      const token = await this.#options.readToken()
      if (this.#isStopped) return
      const connection = new Connection({
        ...this.#options,
        token: checkToken(token),
        welcomeMs: this.#timing.welcomeMs,
        onOpen: () => void this.#hello(connection),
        onFrame: frame => this.#receive(connection, frame),
        onEnd: end => this.#ended(connection, end),
      })
      this.#connection = connection
    } catch (error) {
      if (this.#isStopped) return
      this.#options.onFault(permanentFault(codeOf(error) || 'link.unusable', messageOf(error)))
      this.#retryLater()
    }
  }

  /** What was on its way when the last connection ended is decided first: `have` must be what runs. */
  async #hello(connection: Connection): Promise<void> {
    await this.#applying
    const stored = this.#stored
    connection.send({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      ...this.#options.hello,
      have: stored === null ? null : { version: stored.version, digests: digestsOf(stored) },
    })
  }

  #receive(connection: Connection, frame: FromControlPlane): void {
    switch (frame.type) {
      case 'welcome':
        this.#told.clear()
        this.#options.log.info({ controlPlane: frame.controlPlane }, 'connected to the control plane')
        return this.#options.onConnected()
      case 'snapshot':
        this.#applying = this.#applying.then(() => this.#apply(connection, frame))
        return
      case 'issued':
        return this.#issuing.get(frame.id)?.resolve(frame)
      case 'issue-refused':
        return this.#issuing.get(frame.id)?.reject(new CodedError('link.issue-refused', frame.reason))
      case 'question':
        // who asked may be gone by then: nobody waits for it there either
        return void answerTo(frame, this.#options.answer).then(answer => connection.send(answer))
      case 'left':
        return this.#onLeft?.()
    }
  }

  /** Never throws: the next snapshot waits for it. */
  async #apply(connection: Connection, frame: SnapshotFrame): Promise<void> {
    // of a connection that is gone: the next one offers it again
    if (connection !== this.#connection) return
    const { version } = frame
    const merged = merge(this.#stored, frame)
    if (!merged.ok && merged.isOutOfStep) {
      this.#options.log.error({ version: formatVersion(version) }, 'out of step; connecting anew')
      return connection.abandon()
    }
    const outcome = merged.ok ? await this.#run(merged.snapshot, merged.stored) : merged
    if (!outcome.ok) {
      const violations = firstFew(outcome.violations, count => ({ path: '', message: moreFaults(count) }))
      this.#options.log.error({ version: formatVersion(version), violations }, 'snapshot refused')
      return connection.send({ type: 'refuse', version, violations })
    }
    if (merged.ok) this.#stored = merged.stored
    const bundles = Object.entries(this.#stored?.sections ?? {}).filter(([name]) => name.startsWith('trust/'))
    const digests = Object.fromEntries(bundles.map(([name, section]) => [name, section.digest]))
    this.#options.log.info({ version: formatVersion(version) }, 'snapshot applied')
    connection.send({ type: 'ack', version, bundles: digests })
  }

  async #run(snapshot: Snapshot, stored: StoredSnapshot): Promise<ApplyOutcome> {
    try {
      return await this.#options.apply(snapshot, stored)
    } catch (error) {
      this.#options.log.error({ err: error }, 'a snapshot could not be run')
      return { ok: false, violations: [{ path: '', message: `the data plane failed: ${messageOf(error)}` }] }
    }
  }

  /** A fault is told to the owner, who decides whether to go on; the next try comes by itself. */
  #ended(connection: Connection, { fault, heldMs }: ConnectionEnd): void {
    if (connection !== this.#connection) return
    this.#connection = null
    this.#forgetAnswers()
    if (heldMs !== null && heldMs >= this.#timing.stableMs) this.#backoff.reset()
    this.#retryLater()
    if (fault !== null) this.#options.onFault(fault)
  }

  /** Nobody will answer any more. */
  #forgetAnswers(): void {
    for (const { reject } of this.#issuing.values()) reject(notConnected())
    this.#onLeft?.()
    this.#onLeft = null
  }

  #retryLater(): void {
    if (this.#isStopped || this.#retry !== null) return
    const waitMs = this.#backoff.nextMs()
    this.#options.onWait?.(waitMs)
    this.#retry = setTimeout(() => {
      this.#retry = null
      void this.#connect()
    }, waitMs)
  }
}

function notConnected(): CodedError {
  return new CodedError('link.not-connected', 'there is no connection to the control plane')
}
