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
import { concerns } from './concern.ts'
import { instancesFrom, type Rotation } from './instances.ts'
import { NamesByService } from './names-by-service.ts'
import { Readiness, type ToldReadiness } from './readiness.ts'

/** Which data planes a change can touch: all of the mesh, or these. */
export type Touched = 'all' | ReadonlySet<string>

const NOBODY: ReadonlySet<string> = new Set()

interface Entry {
  readonly resource: Resource<DataplaneSpec>
  readonly inbounds: readonly DataplaneInbound[]
  /** Those of its outbounds. */
  readonly callsServices: ReadonlySet<string>
  /** Others that its last snapshot was made of: routes send calls there; null: none was made. */
  askedFor: readonly string[] | null
  rotation: Rotation
  readiness: Readiness
}

export class MeshIndex implements MeshView {
  #mesh: Resource<MeshSpec>
  /** null: not known yet. */
  #roots: readonly string[] | null = null
  readonly #dataplanes = new Map<string, Entry>()
  /** Service → data planes that offer it. */
  #providers = new NamesByService()
  /** Service → data planes that call it: by an outbound, or since their last snapshot was made of it. */
  #callers = new NamesByService()
  /** All but Dataplanes, by type and name. */
  readonly #resources = new Map<string, Map<string, Resource>>()
  /** By type; computed when asked for, dropped when one of them changes. */
  readonly #lists = new Map<string, readonly Resource[]>()
  /** Computed when asked for; dropped when a provider changes. */
  readonly #instances = new Map<string, readonly Instance[]>()

  /** What is asked for while a snapshot is made. */
  #asked: Set<string> | null = null

  constructor(mesh: Resource<MeshSpec>) {
    this.#mesh = mesh
  }

  /** The same mesh at this moment: what happens to one is nothing to the other. Results that were kept are shared. */
  copy(): MeshIndex {
    const copy = new MeshIndex(this.#mesh)
    copy.#roots = this.#roots
    for (const [name, entry] of this.#dataplanes) copy.#dataplanes.set(name, { ...entry })
    copy.#providers = this.#providers.copy()
    copy.#callers = this.#callers.copy()
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
    this.#asked?.add(service)
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

  /** Makes a snapshot, and remembers of which services: changes of those touch the data plane until the next one. */
  watching<T>(name: string, make: () => T): T {
    const asked = new Set<string>()
    this.#asked = asked
    try {
      return make()
    } finally {
      this.#asked = null
      this.#setAskedFor(name, asked)
    }
  }

  /** No snapshot was made of them: which services they call is known by their outbounds alone. */
  unwatchedNames(): readonly string[] {
    return [...this.#dataplanes].flatMap(([name, { askedFor }]) => (askedFor === null ? [name] : []))
  }

  /** Data planes that call a service of `name`. */
  callersOf(name: string): ReadonlySet<string> {
    const callers = new Set<string>()
    for (const service of servicesOf(this.#dataplanes.get(name))) {
      for (const caller of this.#callers.of(service)) callers.add(caller)
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

  /** As `change`, where nobody asks whom it touches: the mesh is read for the first time. */
  load(resource: Resource): void {
    if (resource.type === 'Dataplane') {
      const dataplane = resource as Resource<DataplaneSpec>
      this.#setDataplane(resource.name, dataplane, Readiness.UNKNOWN.presuming(inboundsOf(dataplane.spec)))
    } else this.#setResource(resource, resource)
  }

  /** Takes over one changed resource of the mesh; `after` null: it was deleted. */
  change(key: ResourceKey, after: Resource | null): Touched {
    if (key.type === 'Dataplane') return this.#setDataplane(key.name, after as Resource<DataplaneSpec> | null)
    const kind = kindByType(key.type)
    if (kind === undefined || kind.readOnly || kind.adminOnly) return NOBODY
    // what is not enforced is looked at by the inspect API only
    const isEnforced = kind.isPolicy && kind.notEnforced === null
    const touched = new Set<string>()
    if (isEnforced) this.#addConcerned(this.#resources.get(key.type)?.get(key.name), touched)
    this.#setResource(key, after)
    if (isEnforced) this.#addConcerned(after, touched)
    return touched
  }

  #setResource({ type, name }: ResourceKey, resource: Resource | null): void {
    const ofType = this.#resources.get(type) ?? new Map<string, Resource>()
    this.#resources.set(type, ofType)
    this.#lists.delete(type)
    if (resource === null) ofType.delete(name)
    else ofType.set(name, resource)
  }

  #addConcerned(policy: Resource | null | undefined, touched: Set<string>): void {
    if (policy === null || policy === undefined) return
    for (const [name, { resource }] of this.#dataplanes) {
      if (!touched.has(name) && concerns(this, policy, resource)) touched.add(name)
    }
  }

  setRotation(name: string, rotation: Rotation): Touched {
    const entry = this.#dataplanes.get(name)
    if (entry === undefined || entry.rotation === rotation) return NOBODY
    // who is not in cannot be lost
    if (rotation === 'lost' && entry.rotation !== 'in') return NOBODY
    // it has stopped: whoever starts anew has to say anew how its applications are
    if (rotation === 'out' && entry.rotation === 'left') entry.readiness = Readiness.UNKNOWN
    entry.rotation = rotation
    return this.#touchServices(servicesOf(entry))
  }

  rotation(name: string): Rotation | undefined {
    return this.#dataplanes.get(name)?.rotation
  }

  /** `told`: by `ADDRESS:PORT`; null: its daemon cannot probe. */
  setReadiness(name: string, told: ToldReadiness | null): Touched {
    const entry = this.#dataplanes.get(name)
    if (entry === undefined) return NOBODY
    const { readiness } = entry
    entry.readiness = readiness.told(told).limitedTo(entry.inbounds)
    const changed = entry.inbounds.filter(
      inbound => readiness.isReady(inbound) !== entry.readiness.isReady(inbound),
    )
    return this.#touchServices(changed.map(({ service }) => service))
  }

  /** undefined: there is no such Dataplane. */
  readiness(name: string): Readiness | undefined {
    return this.#dataplanes.get(name)?.readiness
  }

  #setDataplane(
    name: string,
    resource: Resource<DataplaneSpec> | null,
    readiness = Readiness.UNKNOWN,
  ): Touched {
    const before = this.#dataplanes.get(name)
    const services = new Set(servicesOf(before))
    this.#providers.remove(services, name)
    this.#callers.remove(calledBy(before), name)
    this.#dataplanes.delete(name)
    if (resource !== null) {
      const inbounds = inboundsOf(resource.spec)
      const callsServices = new Set(outboundsOf(resource.spec).map(outbound => outbound.service))
      const entry: Entry = {
        resource,
        inbounds,
        callsServices,
        askedFor: before?.askedFor?.filter(service => !callsServices.has(service)) ?? null,
        rotation: before?.rotation ?? 'in',
        readiness: before?.readiness.following(before.inbounds, inbounds) ?? readiness,
      }
      this.#dataplanes.set(name, entry)
      for (const service of servicesOf(entry)) services.add(service)
      this.#providers.add(servicesOf(entry), name)
      this.#callers.add(calledBy(entry), name)
    }
    return new Set([...this.#touchServices(services), name])
  }

  #setAskedFor(name: string, services: ReadonlySet<string>): void {
    const entry = this.#dataplanes.get(name)
    if (entry === undefined) return
    this.#callers.remove(entry.askedFor ?? [], name)
    entry.askedFor = [...services].filter(service => !entry.callsServices.has(service))
    this.#callers.add(entry.askedFor, name)
  }

  #touchServices(services: Iterable<string>): ReadonlySet<string> {
    const touched = new Set<string>()
    for (const service of services) {
      this.#instances.delete(service)
      for (const caller of this.#callers.of(service)) touched.add(caller)
    }
    return touched
  }

  #computeInstances(service: string): readonly Instance[] {
    const providers = [...this.#providers.of(service)].sort()
    const entries = providers.flatMap(name => {
      const entry = this.#dataplanes.get(name)
      return entry === undefined ? [] : [{ name, ...entry }]
    })
    return instancesFrom(service, entries)
  }
}

function calledBy(entry: Entry | undefined): readonly string[] {
  return entry === undefined ? [] : [...entry.callsServices, ...(entry.askedFor ?? [])]
}

function servicesOf(entry: Entry | undefined): readonly string[] {
  return entry === undefined ? [] : entry.inbounds.map(inbound => inbound.service)
}
