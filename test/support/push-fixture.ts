/**
 * The control plane from the store to the sessions, in this process: a memory store with one mesh, the scheduler, and
 * sessions on sockets that are no sockets, so that a test decides what comes before what.
 */
import { EventEmitter } from 'node:events'
import { silentLogger } from '#base/log.ts'
import type { WebSocket } from '#base/websocket.ts'
import type { FromControlPlane, FromDataPlane, Hello } from '#contract/messages.ts'
import { PROTOCOL_VERSION } from '#contract/version.ts'
import { BuiltinAuthority, builtinCaSecrets } from '../../cp/ca/builtin.ts'
import type { CertificateAuthority } from '../../cp/ca/ca.ts'
import type { Resource, ResourceDraft } from '../../cp/kinds/kind.ts'
import type { DataplaneSpec } from '../../cp/kinds/proxy/dataplane.ts'
import { createPushContext, type PushContext } from '../../cp/push/context.ts'
import type { Proof } from '../../cp/push/proxy-session.ts'
import { Session } from '../../cp/push/session.ts'
import { Scheduler } from '../../cp/snapshot/scheduler.ts'
import type { FeedOptions } from '../../cp/store/changes.ts'
import { createGuardedStore } from '../../cp/store/guarded-store.ts'
import { createMemoryStore } from '../../cp/store/memory-store.ts'
import type { Store } from '../../cp/store/store.ts'
import { aMesh } from './resources.ts'

type FrameOf<Type extends FromControlPlane['type']> = Extract<FromControlPlane, { type: Type }>

class FakeSocket extends EventEmitter {
  readonly OPEN = 1
  readonly CLOSED = 3
  readyState = 1
  readonly sent: FromControlPlane[] = []

  send(text: string): void {
    if (this.readyState === this.OPEN) this.sent.push(JSON.parse(text) as FromControlPlane)
    this.emit('sent')
  }

  /** The other side has not answered yet: `drop` does. */
  close(): void {
    this.readyState = 2
    this.emit('sent')
  }

  terminate(): void {
    this.drop()
  }

  drop(): void {
    if (this.readyState === this.CLOSED) return
    this.readyState = this.CLOSED
    this.emit('close')
    this.emit('sent')
  }
}

/** The data plane's end. */
export class FakeDaemon {
  readonly session: Session
  readonly #socket = new FakeSocket()
  #taken = 0

  constructor(context: PushContext, name: string, proof: Proof) {
    this.session = new Session({
      context,
      socket: this.#socket as unknown as WebSocket,
      mesh: 'default',
      name,
      remote: '192.168.0.9',
      proof,
      onClosed: () => {},
    })
  }

  get isClosing(): boolean {
    return this.#socket.readyState !== 1
  }

  get frames(): readonly FromControlPlane[] {
    return this.#socket.sent
  }

  says(frame: FromDataPlane): void {
    this.saysText(JSON.stringify(frame))
  }

  saysText(text: string): void {
    this.#socket.emit('message', Buffer.from(text), false)
  }

  hello(hello: Partial<Hello> = {}): void {
    this.says({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      instance: 'vm-1',
      incarnation: 1,
      dataplane: null,
      dpVersion: '0',
      features: [],
      have: null,
      host: 'vm',
      ...hello,
    })
  }

  /** The next frame of that type; those before it are passed over. */
  async hears<Type extends FromControlPlane['type']>(type: Type): Promise<FrameOf<Type>> {
    for (;;) {
      const at = this.#socket.sent.findIndex((frame, i) => i >= this.#taken && frame.type === type)
      if (at >= 0) {
        this.#taken = at + 1
        return this.#socket.sent[at] as FrameOf<Type>
      }
      await new Promise(resolve => this.#socket.once('sent', resolve))
    }
  }

  /** Takes the next snapshot and acknowledges it; answers its sections. */
  async acknowledges(): Promise<Readonly<Record<string, unknown>>> {
    const { version, sections } = await this.hears('snapshot')
    this.says({ type: 'ack', version, bundles: {} })
    return sections
  }

  drop(): void {
    this.#socket.drop()
  }
}

export interface PushFixture {
  readonly store: Store
  readonly context: PushContext
  /** Commits of the guarded store (registrations, removals) wait for it, and fail with it. */
  gate: Promise<void>
  /** Certificates wait for it. */
  signing: Promise<void>
  put(...resources: readonly ResourceDraft[]): Promise<void>
  daemon(name: string, proof?: Proof): FakeDaemon
  /** A daemon that registered `dataplane` and runs its first snapshot. */
  live(dataplane: Resource<DataplaneSpec>, hello?: Partial<Hello>): Promise<FakeDaemon>
  has(name: string): Promise<boolean>
  /** Data planes that callers of `service` get. */
  serving(service: string): readonly string[]
}

export async function startPush(
  t: import('tap').Test,
  options: { readonly leaseMs?: number; readonly zone?: string; readonly feed?: FeedOptions } = {},
): Promise<PushFixture> {
  const { leaseMs = 60_000, zone = 'default', feed } = options
  const store = createMemoryStore(feed === undefined ? {} : { feed })
  const log = silentLogger()
  const builtin = new BuiltinAuthority(store)
  const ca: CertificateAuthority = {
    roots: (mesh, backend) => builtin.roots(mesh, backend),
    issue: async request => {
      await fixture.signing
      return builtin.issue(request)
    },
  }
  const secrets = await builtinCaSecrets('default', 'ca-1', undefined)
  await store.commit([aMesh(), ...secrets].map(resource => ({ op: 'put', resource })))
  const slowly: Store = {
    ...store,
    commit: async writes => {
      await fixture.gate
      return store.commit(writes)
    },
  }
  const scheduler = new Scheduler({
    store,
    ca,
    log,
    onSnapshot: (mesh, name, snapshot) => context.sessions.get(mesh, name)?.offer(snapshot),
  })
  const context = createPushContext({
    store,
    guarded: createGuardedStore({ store: slowly, zone, hooks: [], log }),
    scheduler,
    ca,
    log,
    controlPlane: 'cp-1',
    zone,
    pingMs: 5_000,
    leaseMs,
    flushMs: 60_000,
  })
  await context.insights.start()
  await scheduler.start()
  const daemons: FakeDaemon[] = []
  t.teardown(async () => {
    for (const daemon of daemons) daemon.drop()
    scheduler.stop()
    context.sessions.stop()
    await context.insights.stop()
  })
  const fixture: PushFixture = {
    store,
    context,
    gate: Promise.resolve(),
    signing: Promise.resolve(),
    put: async (...resources) => {
      await store.commit(resources.map(resource => ({ op: 'put', resource })))
    },
    daemon: (name, proof = { fits: () => null }) => {
      const daemon = new FakeDaemon(context, name, proof)
      daemons.push(daemon)
      return daemon
    },
    live: async (dataplane, hello = {}) => {
      const daemon = fixture.daemon(dataplane.name)
      daemon.hello({ dataplane: documentOf(dataplane), ...hello })
      await daemon.hears('welcome')
      await daemon.acknowledges()
      return daemon
    },
    has: async name => (await store.get({ type: 'Dataplane', mesh: 'default', name })) !== null,
    serving: service =>
      (scheduler.mesh('default')?.instancesOf(service) ?? [])
        .filter(instance => instance.isServing)
        .map(instance => instance.dataplane),
  }
  return fixture
}

/** What can be done without waiting for anybody outside is done. */
export async function atRest(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve))
}

/** Names of Dataplanes as they are deleted from now on. */
export function deletions(t: import('tap').Test, { store }: Pick<PushFixture, 'store'>): readonly string[] {
  const names: string[] = []
  const stop = store.watch(store.revision(), changes => {
    for (const { key, after } of changes) if (key.type === 'Dataplane' && after === null) names.push(key.name)
  })
  t.teardown(stop)
  return names
}

/** As it stands in a file. */
export function documentOf(dataplane: Resource<DataplaneSpec>): object {
  const { type, mesh, name, labels, spec } = dataplane
  return { type, mesh, name, labels, ...spec }
}
