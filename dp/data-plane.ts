/**
 * The assembly of the data plane: state folder → engine with the last good snapshot → link to the control plane →
 * status socket. Stopping is the reverse: goodbye, drain, close.
 */
import type { Server } from 'node:http'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { CodedError, messageOf } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import { VERSION } from '#base/version.ts'
import type { Identity } from '#contract/identity.ts'
import type { AnswerValue, Topic } from '#contract/questions.ts'
import { formatVersion, type Snapshot } from '#contract/snapshot.ts'
import { FEATURES } from '#contract/version.ts'
import { serveStatus } from './admin/server.ts'
import type { DataPlaneStatus } from './admin/status.ts'
import type { Engine } from './apply/engine.ts'
import type { Definition } from './link/definition.ts'
import type { LinkFault } from './link/fault.ts'
import { IdentityKeeper } from './link/identity-keeper.ts'
import { type ApplyOutcome, Link } from './link/link.ts'
import { pinCheck } from './link/pin.ts'
import { load, type StoredSnapshot, valuesOf } from './link/section-store.ts'
import { StateFolder } from './link/state-folder.ts'
import { withTimeout } from './link/time-limit.ts'
import { askBy, type ProbeMeans } from './probe/ask.ts'
import { Probes } from './probe/probes.ts'

export interface DataPlaneOptions {
  readonly address: URL
  readonly mesh: string
  readonly name: string
  /** null: the Dataplane exists already. */
  readonly definition: Definition | null
  readonly ca: string | null
  readonly caPin: string | null
  readonly readToken: () => Promise<string>
  readonly stateDir: string
  readonly drainTimeMs: number
  readonly log: Logger
  readonly engine: Engine
  readonly probeMeans: ProbeMeans
  /** For `systemctl status`. */
  readonly onState: (state: string) => void
}

/** How long to wait for the word that clients were told. */
const GOODBYE_MS = 5_000
const FIRST_IDENTITY_MS = 12_000

export class DataPlane {
  readonly #options: DataPlaneOptions
  readonly #log: Logger
  readonly #engine: Engine
  readonly #folder: StateFolder
  readonly #probes: Probes
  #keeper: IdentityKeeper | null = null
  #link: Link | null = null
  #statusServer: Server | null = null
  #snapshot: { readonly version: string; readonly appliedAtMs: number } | null = null
  /** What runs, by section name. */
  #sections: Readonly<Record<string, unknown>> = {}
  #lastFault = ''
  #lastTold = ''
  readonly #startedAtMs = Date.now()
  #onServing: () => void = () => {}
  #onGivenUp: (error: CodedError) => void = () => {}

  constructor(options: DataPlaneOptions) {
    this.#options = options
    this.#log = options.log
    this.#engine = options.engine
    this.#folder = new StateFolder(options.stateDir, options.log)
    const ask = askBy(options.probeMeans)
    this.#probes = new Probes({ ask, log: options.log, onChange: () => this.#tellReadiness() })
  }

  /**
   * Resolves when the data plane serves: from the last good snapshot at once, else from the first one that the control
   * plane sends. Throws a CodedError where trying again cannot help.
   */
  async start(): Promise<void> {
    const { address, mesh, name, log, definition } = this.#options
    const serving = new Promise<void>((resolve, reject) => {
      this.#onServing = resolve
      this.#onGivenUp = reject
    })
    const installation = await this.#folder.open({ mesh, name })
    this.#keeper = new IdentityKeeper({
      log,
      held: await this.#resumeIdentity(),
      canIssue: () => this.#link?.isConnected ?? false,
      issue: csr => this.#link?.issue(csr) ?? Promise.reject(new Error('no link')),
      onIdentity: held => this.#takeIdentity(held),
    })
    const stored = await this.#resume()
    await this.#serveStatus()
    this.#link = new Link({
      address,
      mesh,
      name,
      ca: this.#options.ca,
      checkPin: this.#options.caPin === null ? null : pinCheck(this.#options.caPin, address.hostname),
      readToken: this.#options.readToken,
      hello: {
        ...installation,
        dataplane: definition?.value ?? null,
        dpVersion: VERSION,
        features: FEATURES,
        host: hostname(),
      },
      stored,
      log,
      apply: (snapshot, raw) => this.#apply(snapshot, raw),
      answer: topic => this.#answer(topic),
      onFault: fault => this.#fault(fault),
      onConnected: () => {
        this.#lastFault = ''
        this.#lastTold = ''
        this.#tellCertificate()
        this.#tellReadiness()
        this.#tellState()
      },
    })
    this.#link.start()
    await serving
  }

  /**
   * Goodbye, drain, close. The connection ends as soon as the listeners are closed: until then the control plane lists
   * the only endpoint of a service.
   */
  async stop(): Promise<void> {
    this.#probes.stop()
    this.#keeper?.rest()
    await this.#link?.leave(GOODBYE_MS)
    const drained = this.#engine.drain(this.#options.drainTimeMs)
    await this.#link?.stop()
    await drained
    await new Promise<void>(resolve => {
      if (this.#statusServer === null) return resolve()
      this.#statusServer.close(() => resolve())
      this.#statusServer.closeAllConnections()
    })
    await this.#folder.close()
  }

  async #answer(topic: Topic): Promise<AnswerValue> {
    switch (topic) {
      case 'configuration':
        return { version: this.#snapshot?.version ?? '', sections: this.#sections }
      case 'statistics':
        return this.#probes.addTo(await this.#engine.status())
      default:
        throw new CodedError('data-plane.unknown-topic', `this data plane is too old to tell its ${topic}`)
    }
  }

  async status(): Promise<DataPlaneStatus> {
    const held = this.#keeper?.held ?? null
    return {
      mesh: this.#options.mesh,
      name: this.#options.name,
      version: VERSION,
      pid: process.pid,
      startedAtMs: this.#startedAtMs,
      controlPlane: {
        address: this.#options.address.origin,
        isConnected: this.#link?.isConnected ?? false,
        lastFault: this.#lastFault,
      },
      snapshot: this.#snapshot,
      certificate:
        held === null
          ? null
          : { uris: held.uris, notBeforeMs: held.notBeforeMs, notAfterMs: held.notAfterMs },
      engine: this.#probes.addTo(await this.#engine.status()),
    }
  }

  /** The held identity is used whatever else is there: the first snapshot finds it good and asks for none. */
  async #resumeIdentity(): Promise<Identity | null> {
    const identity = await this.#folder.identity()
    if (identity === null) return null
    try {
      this.#engine.setIdentity(identity)
      return identity
    } catch (error) {
      await this.#folder.discardIdentity(messageOf(error))
      return null
    }
  }

  /** Runs what the state folder holds; what cannot run is left and the control plane asked for all. */
  async #resume(): Promise<StoredSnapshot | null> {
    const stored = await this.#folder.snapshot()
    if (stored === null) return null
    const loaded = load(stored)
    const outcome = loaded.ok ? await this.#engine.apply(loaded.snapshot) : loaded
    if (!outcome.ok) {
      this.#log.error(
        { violations: outcome.violations },
        'the last good snapshot cannot run; waiting for the control plane',
      )
      return null
    }
    this.#log.info({ version: formatVersion(stored.version) }, 'serving from the last good snapshot')
    if (loaded.ok) {
      this.#serving(stored, loaded.snapshot)
      // renews in time; what is missing is asked for with the first snapshot
      this.#ensureIdentity(loaded.snapshot).catch(() => {})
    }
    return stored
  }

  /** Throws when the identity cannot be had now; the keeper goes on trying. */
  async #ensureIdentity({ identity, trust }: Snapshot): Promise<void> {
    if (identity === null) return this.#keeper?.rest()
    await this.#keeper?.ensure(identity, trust.get(identity.trustDomain)?.roots ?? [])
  }

  /** Calls go on without it. */
  async #serveStatus(): Promise<void> {
    try {
      this.#statusServer = await serveStatus(join(this.#folder.path, 'status.sock'), () => this.status())
    } catch (error) {
      this.#log.error({ err: error }, '`vmesh-dp status` will not work')
    }
  }

  async #apply(snapshot: Snapshot, stored: StoredSnapshot): Promise<ApplyOutcome> {
    try {
      await withTimeout(this.#ensureIdentity(snapshot), FIRST_IDENTITY_MS)
    } catch (error) {
      const text = 'not the certificate that it should have; asking again'
      this.#log.error({ reason: messageOf(error) }, text)
    }
    const outcome = await this.#engine.apply(snapshot)
    if (!outcome.ok) {
      if (this.#snapshot === null) {
        const faults = outcome.violations.map(({ path, message }) => `${path}: ${message}`).join('; ')
        this.#onGivenUp(new CodedError('data-plane.cannot-run', `the first snapshot cannot run: ${faults}`))
      }
      return outcome
    }
    this.#serving(stored, snapshot)
    await this.#folder.keepSnapshot(stored)
    return outcome
  }

  #serving(stored: StoredSnapshot, { listeners }: Snapshot): void {
    this.#snapshot = { version: formatVersion(stored.version), appliedAtMs: Date.now() }
    this.#sections = valuesOf(stored)
    this.#probes.watch(listeners)
    this.#onServing()
    this.#tellCertificate()
    this.#tellState()
  }

  /** Once it runs a snapshot: before that it is not known whether one is to be used. */
  #tellCertificate(): void {
    if (this.#snapshot !== null) this.#link?.report(this.#keeper?.inUse ?? null)
  }

  #tellReadiness(): void {
    this.#link?.tellReadiness(this.#probes.report)
  }

  async #takeIdentity(identity: Identity): Promise<void> {
    this.#engine.setIdentity(identity)
    await this.#folder.keepIdentity(identity)
  }

  /** Only who never served gives up; a running daemon goes on with what it has. */
  #fault(fault: LinkFault): void {
    const { definition } = this.#options
    const where = fault.violations.map(
      violation => definition?.describe(violation) ?? `${violation.path}: ${violation.message}`,
    )
    const message = [fault.message, ...where].join('\n  ')
    if (fault.permanent && this.#snapshot === null) {
      return this.#onGivenUp(new CodedError(fault.code, message, { details: { permanent: true } }))
    }
    // the same sentence again and again is noise, also with another time or age in it
    const told = message.replaceAll(/\d+/g, '#')
    if (told !== this.#lastTold) this.#log.warn({ code: fault.code, reason: message }, 'no control plane')
    this.#lastTold = told
    this.#lastFault = message
    this.#tellState()
  }

  #tellState(): void {
    const link =
      this.#link?.isConnected === true ? 'connected' : `control plane: ${this.#lastFault || 'connecting'}`
    this.#options.onState(`snapshot ${this.#snapshot?.version ?? 'none'}; ${link}`)
  }
}
