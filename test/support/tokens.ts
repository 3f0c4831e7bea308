/** A store with signing keys, and tokens made with them: what tests of callers need. */
import { dataplaneKeys, newSigningKeyDraft, USER_KEYS } from '../../cp/auth/keys.ts'
import type { DataplaneClaims, Tokens } from '../../cp/auth/tokens.ts'
import { createMemoryStore } from '../../cp/store/memory-store.ts'
import { secretDraft, secretKey } from '../../cp/store/secrets.ts'
import type { Store } from '../../cp/store/store.ts'

/** A memory store with the signing keys of users and of these meshes. */
export async function storeWithKeys(...meshes: readonly string[]): Promise<Store> {
  const store = createMemoryStore()
  const sets = [USER_KEYS, ...meshes.map(dataplaneKeys)]
  const drafts = await Promise.all(sets.map(set => newSigningKeyDraft(set)))
  await store.commit(drafts.map(resource => ({ op: 'put', resource })))
  return store
}

/** A data-plane token of a mesh without further restrictions than those given. */
export function dataplaneToken(
  tokens: Tokens,
  claims: Partial<DataplaneClaims> & { readonly mesh: string },
  validForMs?: number,
): Promise<string> {
  return tokens.issueDataplaneToken({ name: '', tags: {}, type: '', workload: '', ...claims }, validForMs)
}

export async function putSecret(store: Store, mesh: string, name: string, text: string): Promise<void> {
  await store.commit([{ op: 'put', resource: secretDraft(secretKey(mesh, name), text) }])
}

export async function deleteSecret(store: Store, mesh: string, name: string): Promise<void> {
  await store.commit([{ op: 'delete', key: secretKey(mesh, name) }])
}

/** Header or claims of a JWT, not verified. */
export function partOf(token: string, part: 'header' | 'claims'): Record<string, unknown> {
  const text = token.split('.')[part === 'header' ? 0 : 1] ?? ''
  return JSON.parse(Buffer.from(text, 'base64url').toString())
}
