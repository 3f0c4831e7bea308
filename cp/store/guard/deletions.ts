/**
 * What stands in the way of a deletion, and what goes with it (kuma-api 1.7): a Mesh takes all that is in it, a
 * Dataplane its insight.
 */
import type { Resource, ResourceKey, Violation } from '../../kinds/kind.ts'
import type { MeshSpec } from '../../kinds/mesh/mesh.ts'
import { kinds } from '../../kinds/registry.ts'
import type { Store, Write } from '../store.ts'

export type Reader = Pick<Store, 'get' | 'list'>

export async function deletionViolations(read: Reader, key: ResourceKey): Promise<readonly Violation[]> {
  if (key.type === 'Mesh') {
    const dataplanes = await read.list('Dataplane', key.name)
    if (dataplanes.length === 0) return []
    return [{ field: 'mesh', message: 'unable to delete mesh, there are still some dataplanes attached' }]
  }
  if (key.type !== 'Secret') return []
  const mesh = (await read.get({ type: 'Mesh', mesh: '', name: key.mesh })) as Resource<MeshSpec> | null
  for (const backend of mesh?.spec.mtls?.backends ?? []) {
    const isUsed =
      key.name === `${key.mesh}.ca-builtin-cert-${backend.name}` ||
      key.name === `${key.mesh}.ca-builtin-key-${backend.name}` ||
      [backend.conf?.cert?.secret, backend.conf?.key?.secret].includes(key.name)
    if (!isUsed) continue
    const message = `The secret "${key.name}" that you are trying to remove is currently in use in Mesh "${key.mesh}" in mTLS backend "${backend.name}". Please remove the reference from the "${backend.name}" backend before removing the secret.`
    return [{ field: 'name', message }]
  }
  return []
}

/** What is deleted in the same commit, without the resource itself. */
export async function alsoDeleted(read: Reader, key: ResourceKey): Promise<readonly Write[]> {
  if (key.type === 'Dataplane') return [{ op: 'delete', key: { ...key, type: 'DataplaneInsight' } }]
  if (key.type !== 'Mesh') return []
  const types = kinds.filter(kind => kind.scope === 'Mesh').map(kind => kind.type)
  const lists = await Promise.all(types.map(type => read.list(type, key.name)))
  return lists.flat().map(resource => ({ op: 'delete', key: resource }))
}
