/**
 * When to compile, and for whom: store changes and losses of data planes → the connected data planes they can touch
 * → new snapshots, given to `onSnapshot`. Changes that arrive together are compiled together; long runs give way to
 * other work. Where nothing changes, nothing is computed.
 */
import type { Logger } from '#base/log.ts'
import type { Version } from '#contract/snapshot.ts'
import { FEATURES } from '#contract/version.ts'
import type { CertificateAuthority } from '../ca/ca.ts'
import { isCaSecret } from '../ca/mesh-authority.ts'
import type { Resource } from '../kinds/kind.ts'
import { enabledBackend, type MeshSpec } from '../kinds/mesh/mesh.ts'
import { kinds } from '../kinds/registry.ts'
import type { Change, Store } from '../store/store.ts'
import { buildSnapshot, type ProxySnapshot } from './builder.ts'
import type { Rotation } from './instances.ts'
import { MeshIndex, type Touched } from './mesh-view.ts'
import type { ToldReadiness } from './readiness.ts'

/** How long changes wait for company. */
const COALESCE_MS = 5
/** Compiling gives way to sockets after this long. */
const SLICE_MS = 8

/** The first and the last of the commits that may have changed a snapshot. */
export interface Cause {
  readonly from: number
  readonly to: number
}

interface Made {
  readonly snapshot: ProxySnapshot | null
  /** null: other than commits, or not known. */
  readonly cause: Cause | null
}

export interface SchedulerOptions {
  readonly store: Store
  readonly ca: CertificateAuthority
  readonly log: Logger
  /** `snapshot` null: the Dataplane was deleted. */
  readonly onSnapshot: (mesh: string, name: string, snapshot: ProxySnapshot | null) => void
}

export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #meshes = new Map<string, MeshIndex>()
  /** Connected data planes: mesh → name → last snapshot. */
  readonly #proxies = new Map<string, Map<string, Made>>()
  /** Mesh → name → why. */
  readonly #dirty = new Map<string, Map<string, Cause | null>>()
  #timer: NodeJS.Timeout | null = null
  #isFlushing = false
  /** Roots that are being read. */
  readonly #loads = new Set<Promise<void>>()
  #revision = 0
  #stopWatching: () => void = () => {}
  #idleWaiters: (() => void)[] = []

  constructor(options: SchedulerOptions) {
    this.#options = options
  }

  /** Reads the store once, then follows its feed. */
  async start(): Promise<void> {
    const { store } = this.#options
    this.#revision = store.revision()
    for (const mesh of await store.list('Mesh'))
      this.#meshes.set(mesh.name, new MeshIndex(mesh as Resource<MeshSpec>))
    for (const kind of kinds) {
      if (kind.scope !== 'Mesh' || kind.readOnly || kind.adminOnly) continue
      for (const resource of await store.list(kind.type)) this.#meshes.get(resource.mesh)?.load(resource)
    }
    for (const index of this.#meshes.values()) await this.#loadRoots(index, null)
    this.#stopWatching = store.watch(this.#revision, changes => this.#take(changes))
  }

  stop(): void {
    this.#stopWatching()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#dirty.clear()
    this.#tellIdle()
  }

  mesh(name: string): MeshIndex | undefined {
    return this.#meshes.get(name)
  }

  /**
   * The data plane is connected, and can do what it announces: from now on its snapshots are built. Returns the present one; null: there is no such
   * Dataplane, or the roots of its mesh are not known yet.
   */
  connect(mesh: string, name: string, features: readonly string[] = FEATURES): ProxySnapshot | null {
    if (!features.includes('service-probes')) this.setReadiness(mesh, name, null)
    const proxies = this.#proxies.get(mesh) ?? new Map<string, Made>()
    this.#proxies.set(mesh, proxies)
    const snapshot = this.#build(mesh, name, null)
    proxies.set(name, { snapshot, cause: null })
    this.setRotation(mesh, name, 'in')
    return snapshot
  }

  disconnect(mesh: string, name: string): void {
    const proxies = this.#proxies.get(mesh)
    proxies?.delete(name)
    if (proxies?.size === 0) this.#proxies.delete(mesh)
  }

  snapshot(mesh: string, name: string): ProxySnapshot | null {
    return this.#proxies.get(mesh)?.get(name)?.snapshot ?? null
  }

  /** Commits that made its snapshot differ from the one before; null: not they alone, or it is the first. */
  cause(mesh: string, name: string): Cause | null {
    return this.#proxies.get(mesh)?.get(name)?.cause ?? null
  }

  setRotation(mesh: string, name: string, rotation: Rotation): void {
    const index = this.#meshes.get(mesh)
    if (index !== undefined) this.#touch(mesh, index.setRotation(name, rotation), null)
  }

  /** What the daemon tells of its applications; null: it cannot probe them. */
  setReadiness(mesh: string, name: string, told: ToldReadiness | null): void {
    const index = this.#meshes.get(mesh)
    if (index !== undefined) this.#touch(mesh, index.setReadiness(name, told), null)
  }

  /** Resolves when no change waits to be compiled. */
  idle(): Promise<void> {
    if (this.#timer === null && !this.#isFlushing) return Promise.resolve()
    return new Promise(resolve => this.#idleWaiters.push(resolve))
  }

  /** As `idle`, and no roots are being read: what follows from all commits up to now is compiled. */
  async caughtUp(): Promise<void> {
    while (this.#loads.size > 0) await Promise.all(this.#loads)
    await this.idle()
  }

  #take(changes: readonly Change[]): void {
    for (const change of changes) {
      this.#revision = change.revision
      const cause = { from: change.revision, to: change.revision }
      if (change.key.type === 'Mesh') this.#takeMesh(change, cause)
      else {
        const index = this.#meshes.get(change.key.mesh)
        if (index === undefined) continue
        if (change.key.type === 'Secret' && isCaSecret(index.mesh, change.key.name))
          void this.#loadRoots(index, cause)
        else this.#touch(change.key.mesh, index.change(change.key, change.after), cause)
      }
    }
  }

  #takeMesh({ key, after }: Change, cause: Cause): void {
    const index = this.#meshes.get(key.name)
    if (after === null) {
      this.#meshes.delete(key.name)
      this.#touch(key.name, 'all', cause)
      return
    }
    const mesh = after as Resource<MeshSpec>
    if (index === undefined) {
      const created = new MeshIndex(mesh)
      this.#meshes.set(key.name, created)
      void this.#loadRoots(created, cause)
    } else {
      this.#touch(key.name, index.setMesh(mesh), cause)
      void this.#loadRoots(index, cause)
    }
  }

  #loadRoots(index: MeshIndex, cause: Cause | null): Promise<void> {
    const load = this.#readRoots(index, cause).finally(() => this.#loads.delete(load))
    this.#loads.add(load)
    return load
  }

  async #readRoots(index: MeshIndex, cause: Cause | null): Promise<void> {
    const mesh = index.mesh
    const backend = enabledBackend(mesh.spec)
    try {
      const roots = backend === undefined ? [] : await this.#options.ca.roots(mesh.name, backend.name)
      // the mesh may have turned to another backend, or be gone, meanwhile
      const isWanted = enabledBackend(index.mesh.spec)?.name === backend?.name
      if (isWanted && this.#meshes.get(mesh.name) === index)
        this.#touch(mesh.name, index.setRoots(roots), cause)
    } catch (error) {
      this.#options.log.error({ err: error, mesh: mesh.name }, 'cannot read the roots of the mesh')
    }
  }

  #touch(mesh: string, touched: Touched, cause: Cause | null): void {
    const connected = this.#proxies.get(mesh)
    if (connected === undefined || connected.size === 0) return
    const dirty = this.#dirty.get(mesh) ?? new Map<string, Cause | null>()
    for (const name of touched === 'all' ? connected.keys() : touched) {
      if (connected.has(name)) dirty.set(name, together(dirty.get(name), cause))
    }
    if (dirty.size === 0) return
    this.#dirty.set(mesh, dirty)
    if (this.#timer === null && !this.#isFlushing) this.#timer = setTimeout(() => this.#flush(), COALESCE_MS)
  }

  /** Compiles what is dirty, a slice at a time; meshes take turns. */
  #flush(): void {
    this.#timer = null
    this.#isFlushing = true
    const until = performance.now() + SLICE_MS
    for (const [mesh, names] of this.#dirty) {
      for (const [name, cause] of names) {
        names.delete(name)
        this.#rebuild(mesh, name, cause)
        if (performance.now() <= until) continue
        this.#dirty.delete(mesh)
        if (names.size > 0) this.#dirty.set(mesh, names)
        setImmediate(() => this.#flush())
        return
      }
      this.#dirty.delete(mesh)
    }
    this.#isFlushing = false
    this.#tellIdle()
  }

  #tellIdle(): void {
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const resolve of waiters) resolve()
  }

  /** A data plane that cannot be compiled keeps what it has; the others go on. */
  #rebuild(mesh: string, name: string, cause: Cause | null): void {
    const proxies = this.#proxies.get(mesh)
    const last = proxies?.get(name)?.snapshot
    if (proxies === undefined || last === undefined) return
    try {
      const snapshot = this.#build(mesh, name, last)
      if (snapshot === last) return
      proxies.set(name, { snapshot, cause })
      this.#options.onSnapshot(mesh, name, snapshot)
    } catch (error) {
      this.#options.log.error(
        { err: error, mesh, dataplane: name },
        'cannot make the snapshot of a data plane',
      )
    }
  }

  /** `last` itself when nothing changed or nothing can be said yet; null: there is no such Dataplane. */
  #build(mesh: string, name: string, last: ProxySnapshot | null): ProxySnapshot | null {
    const index = this.#meshes.get(mesh)
    if (index === undefined) return null
    if (!index.isComplete && index.dataplane(name) !== undefined) return last
    return index.watching(name, () => buildSnapshot(index, name, this.version(), last))
  }

  version(): Version {
    return { epoch: this.#options.store.epoch, revision: this.#revision }
  }
}

/** @param known undefined: there is none yet */
function together(known: Cause | null | undefined, more: Cause | null): Cause | null {
  if (known === undefined || more === null) return more
  if (known === null || (known.from <= more.from && more.to <= known.to)) return known
  return { from: Math.min(known.from, more.from), to: Math.max(known.to, more.to) }
}
