/** Before the first write: whether the meshes that documents are in exist, or come with them. */
import type { ApiClient } from '../client.ts'
import { failed } from '../errors.ts'
import { lineText, type ResourceDocument } from './documents.ts'

/** Throws `cli.failed` with the place of each document whose mesh is nowhere. */
export async function requireMeshes(
  client: ApiClient,
  documents: readonly ResourceDocument[],
): Promise<void> {
  const own = new Set(documents.filter(({ kind }) => kind.type === 'Mesh').map(({ name }) => name))
  const used = new Set(documents.map(({ mesh }) => mesh).filter(mesh => mesh !== '' && !own.has(mesh)))
  const missing = new Set<string>()
  for (const mesh of used) {
    // who may not read meshes hears of it with the write
    const { status } = await client.send('GET', ['meshes', mesh])
    if (status === 404) missing.add(mesh)
  }
  const lines = documents
    .filter(({ mesh }) => missing.has(mesh))
    .map(
      ({ mesh, place }) =>
        `${lineText(place('mesh'))}: there is no mesh ${JSON.stringify(mesh)}; apply a Mesh of that name first`,
    )
  if (lines.length === 0) return
  throw failed(`nothing was sent:\n${lines.join('\n')}`)
}
