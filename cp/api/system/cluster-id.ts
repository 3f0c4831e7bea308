/** The identity of this control plane's store: a UUID, made once and kept as Config `kuma-cluster-id` as in Kuma. */
import { randomUUID } from 'node:crypto'
import { codeOf } from '#base/errors.ts'
import type { Store } from '../../store/store.ts'

const KEY = { type: 'Config', mesh: '', name: 'kuma-cluster-id' }

/** Throws what the store throws. */
export async function ensureClusterId(store: Store): Promise<string> {
  const stored = await store.get(KEY)
  const known = stored?.spec
  if (typeof known === 'object' && known !== null && 'config' in known && typeof known.config === 'string') {
    return known.config
  }
  const config = randomUUID()
  try {
    const expectedRevision = stored?.revision ?? 0
    await store.commit([{ op: 'put', resource: { ...KEY, labels: {}, spec: { config } }, expectedRevision }])
    return config
  } catch (error) {
    if (codeOf(error) === 'store.conflict') return ensureClusterId(store)
    throw error
  }
}
