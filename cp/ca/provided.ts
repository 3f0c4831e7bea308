/**
 * The `provided` backend: the operator gives the CA of a mesh, certificate and key, as DataSources in `conf` (kuma-api
 * 4.4). Secrets are read anew for each certificate, so a new CA counts as soon as both of its secrets are there; files
 * once for each write of the Mesh, so that what signs is what members were told to trust.
 */
import { CodedError } from '#base/errors.ts'
import type { DataSource } from '../kinds/data-source.ts'
import type { Resource } from '../kinds/kind.ts'
import type { MeshSpec } from '../kinds/mesh/mesh.ts'
import type { MtlsBackend } from '../kinds/mesh/mesh-mtls.ts'
import type { Store } from '../store/store.ts'
import { readDataSource } from './data-source.ts'
import { type CaMaterial, type CaSource, PemAuthority } from './pem-authority.ts'

export class ProvidedAuthority extends PemAuthority {
  constructor(store: Store, nowMs: () => number = Date.now) {
    super(new ProvidedSource(store), nowMs)
  }
}

/** A backend of a stored Mesh, and the Mesh. */
export async function storedBackend(
  store: Pick<Store, 'get'>,
  mesh: string,
  backend: string,
): Promise<{ mesh: Resource<MeshSpec>; backend: MtlsBackend } | null> {
  const stored = (await store.get({ type: 'Mesh', mesh: '', name: mesh })) as Resource<MeshSpec> | null
  const found = stored?.spec.mtls?.backends?.find(one => one.name === backend)
  return stored === null || found === undefined ? null : { mesh: stored, backend: found }
}

class ProvidedSource implements CaSource {
  readonly remedy = 'correct `conf.cert` and `conf.key` of the backend, or the secrets that they name'
  readonly #store: Store
  /** By mesh, backend and field: as many as Meshes name. */
  readonly #files = new Map<string, { readonly revision: number; readonly text: string }>()

  constructor(store: Store) {
    this.#store = store
  }

  async material(mesh: string, backend: string): Promise<CaMaterial> {
    const found = await storedBackend(this.#store, mesh, backend)
    if (found === null) throw new CodedError('ca.source', 'there is no such backend')
    const { cert, key } = found.backend.conf ?? {}
    return {
      certificatePem: await this.#read(found.mesh, backend, 'cert', cert),
      privateKeyPem: await this.#read(found.mesh, backend, 'key', key),
    }
  }

  async #read(
    mesh: Resource<MeshSpec>,
    backend: string,
    field: 'cert' | 'key',
    source: DataSource | undefined,
  ): Promise<string> {
    if (source === undefined) throw new CodedError('ca.source', `conf.${field} has to be defined`)
    if (!source.file) return readDataSource(this.#store, mesh.name, source)
    const id = `${mesh.name}/${backend}/${field}`
    const known = this.#files.get(id)
    if (known?.revision === mesh.revision) return known.text
    const text = await readDataSource(this.#store, mesh.name, source)
    this.#files.set(id, { revision: mesh.revision, text })
    return text
  }
}
