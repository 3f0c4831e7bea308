/**
 * The values of Secrets and GlobalSecrets as text: in the store they are base64 in `data`, as the API shows them.
 * One place, so that encryption at rest has one place to come to.
 */
import type { Resource, ResourceDraft, ResourceKey } from '../kinds/kind.ts'
import type { Store } from './store.ts'

/** A secret of the mesh, or of the whole control plane when `mesh` is empty. */
export function secretKey(mesh: string, name: string): ResourceKey {
  return { type: mesh === '' ? 'GlobalSecret' : 'Secret', mesh, name }
}

/** What to commit to store `text` under this key. */
export function secretDraft(key: ResourceKey, text: string): ResourceDraft {
  return { ...key, labels: {}, spec: { data: Buffer.from(text).toString('base64') } }
}

/** Empty for a secret without data. */
export function secretText(secret: Pick<Resource, 'spec'>): string {
  const { spec } = secret
  const data = typeof spec === 'object' && spec !== null && 'data' in spec ? spec.data : undefined
  return typeof data === 'string' ? Buffer.from(data, 'base64').toString() : ''
}

/** null: there is no such secret. */
export async function readSecret(store: Pick<Store, 'get'>, key: ResourceKey): Promise<string | null> {
  const secret = await store.get(key)
  return secret === null ? null : secretText(secret)
}
