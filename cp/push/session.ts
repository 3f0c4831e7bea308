/**
 * One data plane's connection: hello → (registered, welcome, first snapshot) → snapshots and acknowledgements, signing
 * requests, and in the end leave or silence. A table says which frame is welcome in which state.
 */
import { randomUUID } from 'node:crypto'
import { CodedError, messageOf } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { WebSocket } from '#base/websocket.ts'
import type { Ack, FromControlPlane, FromDataPlane, Hello, Refuse, Reject } from '#contract/messages.ts'
import { formatVersion } from '#contract/snapshot.ts'
import { OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from '#contract/version.ts'
import type { Resource } from '../kinds/kind.ts'
import type { DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import type { ProxySnapshot } from '../snapshot/builder.ts'
import type { PushContext } from './context.ts'
import { leave } from './farewell.ts'
import type { InsightState, Subscription } from './insights.ts'
import { issueFor } from './issue.ts'
import { Outbox } from './outbox.ts'
import type { Proof, ProxySession } from './proxy-session.ts'
import { register } from './registration.ts'
import type { Holder } from './sessions.ts'

type State = 'new' | 'joining' | 'live' | 'leaving' | 'closed'

const WELCOME_IN: Readonly<Record<FromDataPlane['type'], readonly State[]>> = {
  hello: ['new'],
  ack: ['live', 'leaving'],
  refuse: ['live', 'leaving'],
  issue: ['live'],
  report: ['live', 'leaving'],
  leave: ['live'],
}

export interface SessionOptions {
  readonly context: PushContext
  readonly socket: WebSocket
  readonly mesh: string
  readonly name: string
  /** Peer address, for messages and status. */
  readonly remote: string
  /** What the token proved; checked again when the Dataplane changes. */
  readonly proof: Proof
}

export class Session implements ProxySession {
  readonly mesh: string
  readonly name: string
  readonly log: Logger
  readonly proof: Proof
  readonly #socket: WebSocket
  readonly #context: PushContext
  readonly #remote: string
  #state: State = 'new'
  #holder: Holder | null = null
  #outbox: Outbox | null = null
  #subscription: Subscription | null = null
  #insight: InsightState | null = null
  /** The daemon made the Dataplane, so it goes with the daemon. */
  #isRegisteredByDaemon = false
  #work: Promise<void> = Promise.resolve()

  constructor(options: SessionOptions) {
    this.#context = options.context
    this.mesh = options.mesh
    this.name = options.name
    this.proof = options.proof
    this.#socket = options.socket
    this.#remote = options.remote
    this.log = options.context.log.child({ mesh: this.mesh, dataplane: this.name })
    this.#socket.on('message', (data, isBinary) => this.#receive(isBinary ? '' : String(data)))
    this.#socket.on('ping', () => this.#heard())
    this.#socket.on('close', () => this.#closed())
    this.#socket.on('error', error => this.log.warn({ err: error }, 'connection of a data plane failed'))
  }

  /** Nothing is on its way to it. */
  get isSettled(): boolean {
    return this.#outbox?.isSettled ?? true
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
    this.log.info({ code, reason: message }, 'data plane turned away')
    this.send({ type: 'reject', code, message, violations, permanent })
    this.#socket.close(1008, code)
  }

  /** It is silent: no goodbye. */
  cut(): void {
    this.#socket.terminate()
  }

  /** Ends in good order; the data plane comes back by itself. */
  close(): void {
    this.#socket.close(1001)
  }

  #receive(text: string): void {
    this.#heard()
    let frame: FromDataPlane
    try {
      frame = JSON.parse(text) as FromDataPlane
    } catch {
      return this.reject('push.bad-frame', 'a frame was not JSON', false)
    }
    if (!WELCOME_IN[frame.type]?.includes(this.#state)) {
      // a frame that crossed our goodbye is no fault
      if (this.#state === 'closed' || this.#state === 'leaving') return
      return this.reject('push.bad-frame', `frame ${String(frame.type)} does not fit here`, false)
    }
    switch (frame.type) {
      case 'hello':
        this.#state = 'joining'
        return this.#later(() => this.#join(frame))
      case 'ack':
        return this.#acknowledged(frame)
      case 'refuse':
        return this.#refused(frame)
      case 'issue':
        return this.#later(() => issueFor(this.#context, this, frame))
      case 'report':
        return
      case 'leave':
        this.#state = 'leaving'
        return this.#later(() => leave(this.#context, this))
    }
  }

  /** Frames that need the store are handled one after another. */
  #later(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      const code = error instanceof CodedError ? error.code : 'push.internal'
      this.log.error({ err: error }, 'a frame of a data plane could not be handled')
      this.reject(code, messageOf(error), false)
    })
  }

  async #join(hello: Hello): Promise<void> {
    const { sessions, insights, scheduler } = this.#context
    if (hello.protocol < OLDEST_PROTOCOL_VERSION || hello.protocol > PROTOCOL_VERSION) {
      const message = `protocol ${hello.protocol} is not spoken here (${OLDEST_PROTOCOL_VERSION} to ${PROTOCOL_VERSION}); install the same version on both sides`
      return this.reject('push.protocol', message, true)
    }
    const host = hello.host === '' ? this.#remote : `${hello.host} (${this.#remote})`
    const { instance, incarnation } = hello
    const claim = sessions.claim(this, { mesh: this.mesh, name: this.name, instance, incarnation, host })
    if (!claim.ok) return this.reject(claim.code, claim.message, claim.permanent)
    this.#holder = claim.holder
    claim.replaced?.reject('push.replaced', 'a newer connection of this data plane took over', false)
    const registered = await register(this.#context, this, hello)
    if (!registered.ok) {
      sessions.release(claim.holder)
      return this.reject(registered.code, registered.message, registered.permanent, registered.violations)
    }
    this.#isRegisteredByDaemon = registered.byDaemon
    if (this.#socket.readyState !== this.#socket.OPEN || !sessions.isHeldBy(claim.holder)) return
    this.#subscription = this.#newSubscription(hello)
    this.#insight = insights.open(this.mesh, this.name, this.#subscription)
    const { pingMs, leaseMs, controlPlane } = this.#context
    this.send({ type: 'welcome', protocol: PROTOCOL_VERSION, controlPlane, pingMs, leaseMs })
    this.#outbox = new Outbox(frame => this.#sendSnapshot(frame), hello.have)
    this.#state = 'live'
    const snapshot = scheduler.connect(this.mesh, this.name)
    if (snapshot !== null) this.offer(snapshot)
    this.log.info({ address: this.#remote, version: hello.dpVersion }, 'data plane connected')
  }

  #newSubscription(hello: Hello): Subscription {
    const now = Date.now()
    return {
      id: randomUUID(),
      controlPlane: this.#context.controlPlane,
      connectTimeMs: now,
      disconnectTimeMs: null,
      updateTimeMs: now,
      sent: 0,
      acknowledged: 0,
      rejected: 0,
      dpVersion: hello.dpVersion,
      address: this.#remote,
      appliedVersion: hello.have === null ? '' : formatVersion(hello.have.version),
      refusal: '',
    }
  }

  #sendSnapshot(frame: string): void {
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
    this.#context.onSettled()
  }

  #refused(refuse: Refuse): void {
    if (this.#outbox?.refuse(refuse.version) !== true) return
    const reasons = refuse.violations.map(({ path, message }) => `${path}: ${message}`).join('; ')
    this.log.warn({ version: formatVersion(refuse.version), reasons }, 'data plane refused a snapshot')
    this.#note(subscription => {
      subscription.rejected++
      subscription.refusal = `${formatVersion(refuse.version)}: ${reasons}`
    })
    this.#context.onSettled()
  }

  #note(change: (subscription: Subscription) => void): void {
    if (this.#subscription === null || this.#insight === null) return
    change(this.#subscription)
    this.#subscription.updateTimeMs = Date.now()
    this.#context.insights.touch(this.#insight)
  }

  #heard(): void {
    if (this.#holder !== null) this.#holder.lastHeardMs = Date.now()
  }

  #closed(): void {
    const wasLeaving = this.#state === 'leaving'
    this.#state = 'closed'
    this.#note(subscription => {
      subscription.disconnectTimeMs = Date.now()
    })
    this.#outbox = null
    const holder = this.#holder
    if (holder === null) return
    const { sessions, scheduler } = this.#context
    sessions.detach(holder)
    // a successor that took over keeps the name, its Dataplane and its snapshots
    if (!sessions.isHeldBy(holder)) return
    scheduler.disconnect(this.mesh, this.name)
    this.#context.onSettled()
    if (!wasLeaving) return
    sessions.release(holder)
    if (this.#isRegisteredByDaemon) this.#later(() => this.#context.removeDataplane(this.mesh, this.name))
  }
}
