/**
 * The lookups that matching and compiling may do: one mesh at one moment. An interface without code;
 * `snapshot/mesh-view.ts` fulfils it.
 */
import type { Resource } from '../kinds/kind.ts'
import type { MeshSpec } from '../kinds/mesh/mesh.ts'
import type { DataplaneSpec } from '../kinds/proxy/dataplane.ts'

export interface MeshView {
  readonly mesh: Resource<MeshSpec>
  dataplane(name: string): Resource<DataplaneSpec> | undefined
  /**
   * All inbounds with this `kuma.io/service`, sorted by data plane and port. The same array until one of them
   * changes, so that results can be kept by its identity.
   */
  instancesOf(service: string): readonly Instance[]
  /** Policies of one type, in no order. The same array until one of them changes, as with `instancesOf`. */
  policies(type: string): readonly Resource[]
  /** Resources of any other type of the mesh that matching refers to (MeshService, MeshGateway), in no order. */
  resources(type: string): readonly Resource[]
  /** Roots of the mesh's enabled CA; empty without mTLS. The same array until they change. */
  roots(): readonly string[]
}

/** One inbound of one data plane, as its callers see it. */
export interface Instance {
  readonly dataplane: string
  /** Advertised address of the inbound. */
  readonly address: string
  readonly port: number
  readonly protocol: string
  readonly tags: Readonly<Record<string, string>>
  /** Ready, and its data plane is neither lost nor leaving. */
  readonly isServing: boolean
}
