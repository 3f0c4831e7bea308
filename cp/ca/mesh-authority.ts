/** The CA of every mesh, whatever type its backend has: asks the Mesh who signs for it. */
import type { ResourceDraft } from '../kinds/kind.ts'
import { enabledBackend, type MeshSpec } from '../kinds/mesh/mesh.ts'
import type { Store } from '../store/store.ts'
import { BuiltinAuthority, builtinCaKeys } from './builtin.ts'
import type { CertificateAuthority, IssuedCertificate, IssueRequest } from './ca.ts'
import { ProvidedAuthority, storedBackend } from './provided.ts'

export class MeshAuthority implements CertificateAuthority {
  readonly #store: Store
  readonly #builtin: CertificateAuthority
  readonly #provided: CertificateAuthority

  constructor(store: Store, nowMs: () => number = Date.now) {
    this.#store = store
    this.#builtin = new BuiltinAuthority(store, nowMs)
    this.#provided = new ProvidedAuthority(store, nowMs)
  }

  async roots(mesh: string, backend: string): Promise<readonly string[]> {
    return (await this.#of(mesh, backend)).roots(mesh, backend)
  }

  async issue(request: IssueRequest): Promise<IssuedCertificate> {
    return (await this.#of(request.mesh, request.backend)).issue(request)
  }

  async #of(mesh: string, backend: string): Promise<CertificateAuthority> {
    const found = await storedBackend(this.#store, mesh, backend)
    return found?.backend.type === 'provided' ? this.#provided : this.#builtin
  }
}

/** Is this Secret of the mesh a part of the CA that signs for it now? */
export function isCaSecret(mesh: Pick<ResourceDraft<MeshSpec>, 'name' | 'spec'>, secret: string): boolean {
  const backend = enabledBackend(mesh.spec)
  if (backend === undefined) return false
  const { cert, key } = builtinCaKeys(mesh.name, backend.name)
  const { conf } = backend
  return [cert.name, key.name, conf?.cert?.secret, conf?.key?.secret].includes(secret)
}
