/**
 * Revoked tokens: a secret that lists their ids with commas between them (kuma-api 7.3). Stricter than Kuma: spaces
 * and line ends around an id do not count, so `a, b` revokes `b`.
 */
import type { ResourceKey } from '../kinds/kind.ts'
import { readSecret, secretKey } from '../store/secrets.ts'
import type { Store } from '../store/store.ts'

export const USER_REVOCATIONS: ResourceKey = secretKey('', 'user-token-revocations')

export function dataplaneRevocations(mesh: string): ResourceKey {
  return secretKey(mesh, `dataplane-token-revocations-${mesh}`)
}

export function parseRevocations(text: string): ReadonlySet<string> {
  const ids = text.split(',').map(id => id.trim())
  return new Set(ids.filter(id => id !== ''))
}

export class Revocations {
  readonly #store: Store
  /** By mesh and name of the list: one entry for each that exists. */
  readonly #lists = new Map<string, { readonly text: string; readonly ids: ReadonlySet<string> }>()

  constructor(store: Store) {
    this.#store = store
  }

  /** `id`: the `jti` of a token whose signature was verified. */
  async isRevoked(list: ResourceKey, id: string): Promise<boolean> {
    const name = `${list.mesh}/${list.name}`
    const text = await readSecret(this.#store, list)
    if (text === null) {
      this.#lists.delete(name)
      return false
    }
    let known = this.#lists.get(name)
    if (known?.text !== text) {
      known = { text, ids: parseRevocations(text) }
      this.#lists.set(name, known)
    }
    return known.ids.has(id.trim())
  }
}
