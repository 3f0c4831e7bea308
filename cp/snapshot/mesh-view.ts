/**
 * The index of one mesh that matching and compiling read: data planes, the instances of each service, who calls
 * which service, policies by type, roots. Fed with changes; each feeding answers which data planes it can touch.
 */
import type { Resource, ResourceKey } from '../kinds/kind.ts'
import { enabledBackend, type MeshSpec } from '../kinds/mesh/mesh.ts'
import {
  type DataplaneInbound,
  type DataplaneSpec,
  inboundsOf,
  outboundsOf,
} from '../kinds/proxy/dataplane.ts'
import { kindByType } from '../kinds/registry.ts'
import type { Instance, MeshView } from '../match/view.ts'

/**
 * `lost`: its lease ran out; `left`: it said goodbye and may still finish calls; `out`: it serves nobody, as after its
 * goodbye or when it could not run its first snapshot.
 */
export type Rotation = 'in' | 'lost' | 'left' | 'out'

/** Which data planes a change can touch: all of the mesh, or these. */
export type Touched = 'all' | ReadonlySet<string>

const NOBODY: ReadonlySet<string> = new Set()

interface Entry {
  readonly resource: Resource<DataplaneSpec>
  readonly inbounds: readonly DataplaneInbound[]
  readonly callsServices: ReadonlySet<string>
  rotation: Rotation
}

export class MeshIndex implements MeshView {
  #mesh: Resource<MeshSpec>
  /** null: not known yet. */
  #roots: readonly string[] | null = null
  readonly #dataplanes = new Map<string, Entry>()
  /** Service → data planes that offer it. */
  readonly #providers = new Map<string, Set<string>>()
  /** Service → data planes with an outbound for it. */
  readonly #callers = new Map<string, Set<string>>()
  /** All but Dataplanes, by type and name. */
  readonly #resources = new Map<string, Map<string, Resource>>()
  /** By type; computed when asked for, dropped when one of them changes. */
  readonly #lists = new Map<string, readonly Resource[]>()
  /** Computed when asked for; dropped when a provider changes. */
  readonly #instances = new Map<string, readonly Instance[]>()

  constructor(mesh: Resource<MeshSpec>) {
    this.#mesh = mesh
  }

  /** The same mesh at this moment: what happens to one is nothing to the other. Results that were kept are shared. */
  copy(): MeshIndex {
    const copy = new MeshIndex(this.#mesh)
    copy.#roots = this.#roots
    for (const [name, entry] of this.#dataplanes) copy.#dataplanes.set(name, { ...entry })
    for (const [service, names] of this.#providers) copy.#providers.set(service, new Set(names))
    for (const [service, names] of this.#callers) copy.#callers.set(service, new Set(names))
    for (const [type, byName] of this.#resources) copy.#resources.set(type, new Map(byName))
    for (const [service, instances] of this.#instances) copy.#instances.set(service, instances)
    for (const [type, list] of this.#lists) copy.#lists.set(type, list)
    return copy
  }

  get mesh(): Resource<MeshSpec> {
    return this.#mesh
  }

  dataplane(name: string): Resource<DataplaneSpec> | undefined {
    return this.#dataplanes.get(name)?.resource
  }

  policies(type: string): readonly Resource[] {
    return this.resources(type)
  }

  resources(type: string): readonly Resource[] {
    let list = this.#lists.get(type)
    if (list === undefined) {
      list = [...(this.#resources.get(type)?.values() ?? [])]
      this.#lists.set(type, list)
    }
    return list
  }

  /** The Mesh, its Dataplanes, and what is in it besides. */
  *all(): Iterable<Resource> {
    yield this.#mesh
    for (const { resource } of this.#dataplanes.values()) yield resource
    for (const byName of this.#resources.values()) yield* byName.values()
  }

  roots(): readonly string[] {
    return this.#roots ?? []
  }

  /** Without the roots of a mesh that has mTLS nothing can be compiled: nobody could be trusted. */
  get isComplete(): boolean {
    return this.#roots !== null || enabledBackend(this.#mesh.spec) === undefined
  }

  instancesOf(service: string): readonly Instance[] {
    let instances = this.#instances.get(service)
    if (instances === undefined) {
      instances = this.#computeInstances(service)
      this.#instances.set(service, instances)
    }
    return instances
  }

  dataplaneNames(): Iterable<string> {
    return this.#dataplanes.keys()
  }

  /** Data planes with an outbound for a service of `name`. */
  callersOf(name: string): ReadonlySet<string> {
    const callers = new Set<string>()
    for (const service of servicesOf(this.#dataplanes.get(name))) {
      for (const caller of this.#callers.get(service) ?? NOBODY) callers.add(caller)
    }
    return callers
  }

  setMesh(mesh: Resource<MeshSpec>): Touched {
    // of another backend, or of none
    if (enabledBackend(mesh.spec)?.name !== enabledBackend(this.#mesh.spec)?.name) this.#roots = null
    this.#mesh = mesh
    // clusters depend on the mesh's TLS settings
    this.#instances.clear()
    return 'all'
  }

  setRoots(roots: readonly string[]): Touched {
    const known = this.#roots
    if (known !== null && roots.length === known.length && roots.every((root, i) => root === known[i]))
      return NOBODY
    this.#roots = roots
    return 'all'
  }

  /** Takes over one changed resource of the mesh; `after` null: it was deleted. */
  change(key: ResourceKey, after: Resource | null): Touched {
    if (key.type === 'Dataplane') return this.#setDataplane(key.name, after as Resource<DataplaneSpec> | null)
    const kind = kindByType(key.type)
    if (kind === undefined || kind.readOnly || kind.adminOnly) return NOBODY
    const ofType = this.#resources.get(key.type) ?? new Map<string, Resource>()
    this.#resources.set(key.type, ofType)
    this.#lists.delete(key.type)
    if (after === null) ofType.delete(key.name)
    else ofType.set(key.name, after)
    // what is not enforced is looked at by the inspect API only
    return kind.isPolicy && kind.notEnforced === null ? 'all' : NOBODY
  }

  setRotation(name: string, rotation: Rotation): Touched {
    const entry = this.#dataplanes.get(name)
    if (entry === undefined || entry.rotation === rotation) return NOBODY
    // who is not in cannot be lost
    if (rotation === 'lost' && entry.rotation !== 'in') return NOBODY
    entry.rotation = rotation
    return this.#touchServices(servicesOf(entry))
  }

  rotation(name: string): Rotation | undefined {
    return this.#dataplanes.get(name)?.rotation
  }

  #setDataplane(name: string, resource: Resource<DataplaneSpec> | null): Touched {
    const before = this.#dataplanes.get(name)
    const services = new Set(servicesOf(before))
    for (const service of services) remove(this.#providers, service, name)
    for (const service of before?.callsServices ?? NOBODY) remove(this.#callers, service, name)
    this.#dataplanes.delete(name)
    if (resource !== null) {
      const entry: Entry = {
        resource,
        inbounds: inboundsOf(resource.spec),
        callsServices: new Set(outboundsOf(resource.spec).map(outbound => outbound.service)),
        rotation: before?.rotation ?? 'in',
      }
      this.#dataplanes.set(name, entry)
      for (const service of servicesOf(entry)) {
        services.add(service)
        add(this.#providers, service, name)
      }
      for (const service of entry.callsServices) add(this.#callers, service, name)
    }
    return new Set([...this.#touchServices(services), name])
  }

  #touchServices(services: Iterable<string>): ReadonlySet<string> {
    const touched = new Set<string>()
    for (const service of services) {
      this.#instances.delete(service)
      for (const caller of this.#callers.get(service) ?? NOBODY) touched.add(caller)
    }
    return touched
  }

  #computeInstances(service: string): readonly Instance[] {
    const providers = [...(this.#providers.get(service) ?? NOBODY)].sort()
    const entries = providers.flatMap(name => this.#dataplanes.get(name) ?? [])
    const staying = entries.filter(entry => entry.rotation === 'in' || entry.rotation === 'lost')
    const lost = staying.filter(entry => entry.rotation === 'lost')
    // a control plane that lost sight of more than half of a service is more likely blind than right
    const trustsLosses = lost.length * 2 <= staying.length
    // a new array each time, also an empty one: what is made of it is kept by its identity
    return entries.flatMap(entry =>
      entry.inbounds
        .filter(inbound => inbound.service === service && inbound.state !== 'Ignored')
        .map(inbound => ({
          dataplane: entry.resource.name,
          address: inbound.advertisedAddress,
          port: inbound.port,
          protocol: inbound.protocol,
          tags: inbound.tags,
          isServing:
            inbound.state === 'Ready' &&
            (isKept(entry, staying.length) || (entry.rotation === 'lost' && !trustsLosses)),
        })),
    )
  }
}

/** Whoever leaves as the last one of a service stays listed until its listener closes (the session ends). */
function isKept(entry: Entry, staying: number): boolean {
  return entry.rotation === 'in' || (entry.rotation === 'left' && staying === 0)
}

function servicesOf(entry: Entry | undefined): readonly string[] {
  return entry === undefined ? [] : entry.inbounds.map(inbound => inbound.service)
}

function add(index: Map<string, Set<string>>, key: string, name: string): void {
  const names = index.get(key)
  if (names === undefined) index.set(key, new Set([name]))
  else names.add(name)
}

function remove(index: Map<string, Set<string>>, key: string, name: string): void {
  const names = index.get(key)
  names?.delete(name)
  if (names?.size === 0) index.delete(key)
}
