/**
 * The token of the admin that a fresh control plane makes and keeps as GlobalSecret `admin-user-token` (kuma-api
 * 5.7), so that the first admin of another machine has something to begin with.
 */
import { readSecret, secretDraft, secretKey } from '../store/secrets.ts'
import type { Store } from '../store/store.ts'
import { USER_KEYS } from './keys.ts'
import { DEFAULT_VALID_FOR_MS, type Tokens } from './tokens.ts'
import { ADMIN } from './user.ts'

export const ADMIN_TOKEN = secretKey('', 'admin-user-token')

/**
 * Stores the first user token signing key and the admin token where they are missing; `true` when it made the
 * token. A token that is there stays, valid or not. Throws what the store throws.
 */
export async function ensureAdminToken(store: Store, tokens: Tokens): Promise<boolean> {
  const keys = await tokens.keys.missing(USER_KEYS)
  if (keys.length > 0)
    await store.commit(keys.map(resource => ({ op: 'put', resource, expectedRevision: 0 })))
  if ((await readSecret(store, ADMIN_TOKEN)) !== null) return false
  const token = await tokens.issueUserToken({ name: ADMIN, groups: [ADMIN] }, DEFAULT_VALID_FOR_MS)
  await store.commit([{ op: 'put', resource: secretDraft(ADMIN_TOKEN, token), expectedRevision: 0 }])
  return true
}
