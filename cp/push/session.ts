/**
 * One data plane's connection: hello → (registered, welcome, first snapshot) → snapshots and acknowledgements, signing
 * requests, and in the end leave or silence. A table says which frame is welcome in which state.
 */
import { codeOf, messageOf } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import { firstFew, moreFaults } from '#base/text/first-few.ts'
import type { WebSocket } from '#base/websocket.ts'
import type { Ack, FromControlPlane, Hello, Refuse, Reject } from '#contract/messages.ts'
import { formatVersion } from '#contract/snapshot.ts'
import { MAX_FRAME_BYTES, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from '#contract/version.ts'
import type { Resource } from '../kinds/kind.ts'
import type { DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import type { ProxySnapshot } from '../snapshot/builder.ts'
import type { PushContext } from './context.ts'
import { type Delivery, Outbox } from './delivery/outbox.ts'
import { depart, leave } from './farewell.ts'
import { readFrame, type SessionState, WELCOME_IN } from './frames.ts'
import { certificateReported, issueFor } from './issue.ts'
import type { Proof, ProxySession } from './proxy-session.ts'
import { type Registration, register } from './registration.ts'
import type { Holder } from './sessions.ts'
import { type InsightState, newSubscription, type Subscription } from './subscription.ts'

export interface SessionOptions {
  readonly context: PushContext
  readonly socket: WebSocket
  readonly mesh: string
  readonly name: string
  /** Peer address, for messages and status. */
  readonly remote: string
  /** What the token proved; checked again when the Dataplane changes. */
  readonly proof: Proof
  readonly onClosed: () => void
}

export class Session implements ProxySession {
  readonly mesh: string
  readonly name: string
  readonly proof: Proof
  readonly #socket: WebSocket
  readonly #context: PushContext
  readonly #remote: string
  #state: SessionState = 'new'
  #holder: Holder | null = null
  #outbox: Outbox | null = null
  #subscription: Subscription | null = null
  #features: readonly string[] = []
  #insight: InsightState | null = null
  /** The daemon made the Dataplane, so it goes with the daemon. */
  #isRegisteredByDaemon = false
  #isLeaving = false
  #isClosedByUs = false
  #work: Promise<void> = Promise.resolve()
  readonly #onClosed: () => void
  readonly #helloTimer: NodeJS.Timeout

  constructor(options: SessionOptions) {
    this.#context = options.context
    this.mesh = options.mesh
    this.name = options.name
    this.proof = options.proof
    this.#socket = options.socket
    this.#remote = options.remote
    this.#onClosed = options.onClosed
    this.#helloTimer = setTimeout(() => this.cut(), options.context.leaseMs)
    this.#socket.on('message', (data, isBinary) => this.#receive(isBinary ? '' : String(data)))
    this.#socket.on('ping', () => this.#heard())
    this.#socket.on('close', () => this.#closed())
    this.#socket.on('error', error => this.log.warn({ err: error }, 'connection of a data plane failed'))
  }

  /** Made anew, so that it has the level of now. */
  get log(): Logger {
    return this.#context.log.child({ mesh: this.mesh, dataplane: this.name })
  }

  get delivery(): Delivery | null {
    return this.#outbox
  }

  /** What its daemon can do; empty before hello. */
  get features(): readonly string[] {
    return this.#features
  }

  get insight(): InsightState | null {
    return this.#insight
  }

  send(frame: FromControlPlane): void {
    this.#socket.send(JSON.stringify(frame))
  }

  /** A newer snapshot; null: the Dataplane is gone. */
  offer(snapshot: ProxySnapshot | null): void {
    if (snapshot === null) {
      if (this.#state === 'live') this.reject('push.dataplane-deleted', 'the Dataplane was deleted', false)
    } else this.#outbox?.offer(snapshot)
  }

  /** The Dataplane changed: the token has to fit it still. */
  dataplaneChanged(dataplane: Resource<DataplaneSpec>): void {
    if (this.#state !== 'live') return
    const fault = this.proof.fits(dataplane)
    if (fault !== null) this.reject('push.token', fault, true)
  }

  /** Tells why and closes. `permanent`: trying again will not help until a person changes something. */
  reject(code: string, message: string, permanent: boolean, violations: Reject['violations'] = []): void {
    if (this.#state === 'ended' || this.#state === 'closed') return
    this.#state = 'ended'
    this.#outbox = null
    this.log.info({ code, reason: message }, 'data plane turned away')
    const few = firstFew(violations, count => ({ path: '', message: moreFaults(count) }))
    this.send({ type: 'reject', code, message, violations: few, permanent })
    this.#socket.close(1008, code)
  }

  /** It is silent: no goodbye. */
  cut(): void {
    this.#socket.terminate()
  }

  /** Ends in good order; the data plane comes back by itself. */
  close(): void {
    this.#isClosedByUs = true
    this.#socket.close(1001)
  }

  #receive(text: string): void {
    this.#heard()
    if (this.#state === 'ended' || this.#state === 'closed') return
    const read = readFrame(text)
    if ('fault' in read) return this.reject('push.bad-frame', read.fault, false)
    const { frame } = read
    if (!WELCOME_IN[frame.type].includes(this.#state)) {
      // a frame that crossed our goodbye is no fault
      if (this.#state === 'leaving') return
      return this.reject('push.bad-frame', `frame ${frame.type} does not fit here`, false)
    }
    switch (frame.type) {
      case 'hello':
        this.#state = 'joining'
        clearTimeout(this.#helloTimer)
        return this.#later(() => this.#join(frame))
      case 'ack':
        return this.#acknowledged(frame)
      case 'refuse':
        return this.#refused(frame)
      case 'issue':
        return this.#later(() => issueFor(this.#context, this, frame))
      case 'report':
        return certificateReported(this.#context, this, frame)
      case 'readiness':
        return this.#context.scheduler.setReadiness(this.mesh, this.name, frame.inbounds)
      case 'answer':
        return this.#context.questions.answered(this, frame)
      case 'leave':
        this.#state = 'leaving'
        this.#isLeaving = true
        return this.#later(async () => {
          // the name may be a successor's by now
          if (this.#isHolding()) await leave(this.#context, this)
        })
    }
  }

  /** Frames that need the store are handled one after another. */
  #later(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.log.error({ err: error }, 'a frame of a data plane could not be handled')
      this.reject(codeOf(error) || 'push.internal', messageOf(error), false)
    })
  }

  async #join(hello: Hello): Promise<void> {
    const { sessions, insights, scheduler } = this.#context
    if (hello.protocol < OLDEST_PROTOCOL_VERSION || hello.protocol > PROTOCOL_VERSION) {
      const message = `protocol ${hello.protocol} is not spoken here (${OLDEST_PROTOCOL_VERSION} to ${PROTOCOL_VERSION}); install the same version on both sides`
      return this.reject('push.protocol', message, true)
    }
    const host = hello.host === '' ? this.#remote : `${hello.host} (${this.#remote})`
    const { instance, incarnation, dpVersion } = hello
    const claim = sessions.claim(this, { mesh: this.mesh, name: this.name, instance, incarnation, host })
    if (!claim.ok) return this.reject(claim.code, claim.message, claim.permanent)
    const { holder } = claim
    this.#holder = holder
    claim.replaced?.reject('push.replaced', 'a newer connection of this data plane took over', false)
    const registered = await this.#register(hello).catch((error: unknown) => {
      sessions.release(holder)
      throw error
    })
    if (registered === null || this.#state !== 'joining' || !this.#isHolding()) return
    if (!registered.ok) {
      sessions.release(holder)
      return this.reject(registered.code, registered.message, registered.permanent, registered.violations)
    }
    this.#isRegisteredByDaemon = registered.byDaemon
    const { pingMs, leaseMs, controlPlane } = this.#context
    const appliedVersion = hello.have === null ? '' : formatVersion(hello.have.version)
    this.#subscription = newSubscription(
      { controlPlane, dpVersion, address: this.#remote, appliedVersion },
      Date.now(),
    )
    this.#insight = insights.open(this.mesh, this.name, this.#subscription)
    this.send({ type: 'welcome', protocol: PROTOCOL_VERSION, controlPlane, pingMs, leaseMs })
    this.#outbox = new Outbox(frame => this.#sendSnapshot(frame), hello.have)
    this.#features = hello.features
    this.#state = 'live'
    this.log.info({ address: this.#remote, version: hello.dpVersion }, 'data plane connected')
    const snapshot = scheduler.connect(this.mesh, this.name, hello.features)
    const dataplane = scheduler.mesh(this.mesh)?.dataplane(this.name)
    // both may have happened since it was registered
    if (dataplane === undefined) return this.offer(null)
    this.dataplaneChanged(dataplane)
    if (snapshot !== null) this.offer(snapshot)
  }

  /** null: the connection or the name was lost before it was its turn. */
  #register(hello: Hello): Promise<Registration | null> {
    return this.#context.turns.take(this.mesh, this.name, async () =>
      this.#state === 'joining' && this.#isHolding() ? register(this.#context, this, hello) : null,
    )
  }

  #isHolding(): boolean {
    return this.#holder !== null && this.#context.sessions.isHeldBy(this.#holder)
  }

  #sendSnapshot(frame: string): void {
    if (Buffer.byteLength(frame) > MAX_FRAME_BYTES) {
      const message = `its snapshot of ${Buffer.byteLength(frame)} bytes is larger than a frame may be (${MAX_FRAME_BYTES})`
      return this.reject('push.too-large', message, false)
    }
    if (this.#subscription !== null) this.#subscription.sent++
    this.#socket.send(frame)
  }

  #acknowledged(ack: Ack): void {
    if (this.#outbox?.acknowledge(ack.version) !== true) return
    this.#note(subscription => {
      subscription.acknowledged++
      subscription.appliedVersion = formatVersion(ack.version)
      subscription.refusal = ''
    })
    if (this.#state === 'live') this.#context.scheduler.setRotation(this.mesh, this.name, 'in')
    this.#context.settling.changed(this.mesh, this.name)
  }

  #refused(refuse: Refuse): void {
    if (this.#outbox?.refuse(refuse.version, refuse.violations) !== true) return
    const faults = refuse.violations.map(({ path, message }) => `${path}: ${message}`)
    const reasons = firstFew(faults, moreFaults).join('; ')
    this.log.warn({ version: formatVersion(refuse.version), reasons }, 'data plane refused a snapshot')
    this.#note(subscription => {
      subscription.rejected++
      subscription.refusal = `${formatVersion(refuse.version)}: ${reasons}`
    })
    // who runs nothing yet serves nobody
    if (this.#outbox?.acknowledged === null) this.#context.scheduler.setRotation(this.mesh, this.name, 'out')
    this.#context.settling.changed(this.mesh, this.name)
  }

  #note(change: (subscription: Subscription) => void): void {
    if (this.#subscription === null || this.#insight === null) return
    change(this.#subscription)
    this.#subscription.updateTimeMs = Date.now()
    this.#context.insights.touch(this.#insight)
  }

  #heard(): void {
    if (this.#holder !== null) this.#context.sessions.heard(this.#holder)
  }

  #closed(): void {
    this.#state = 'closed'
    clearTimeout(this.#helloTimer)
    this.#outbox = null
    if (!this.#isClosedByUs) {
      this.#note(subscription => {
        subscription.disconnectTimeMs = Date.now()
      })
    }
    const { sessions, scheduler, settling, questions } = this.#context
    settling.changed(this.mesh, this.name)
    questions.forget(this)
    this.#onClosed()
    const holder = this.#holder
    if (holder === null) return
    sessions.detach(holder)
    // a successor keeps the name, its Dataplane and its snapshots
    if (sessions.isTakenOver(holder)) return
    scheduler.disconnect(this.mesh, this.name)
    if (!this.#isLeaving) return
    depart(this.#context, holder, this.#isRegisteredByDaemon).catch((error: unknown) =>
      this.log.error({ err: error }, 'cannot delete the Dataplane of a data plane that stopped'),
    )
  }
}
