/**
 * Resources as the control plane shows them → what of them is stored and does nothing yet. Loaded only where it is asked:
 * with it come the schemas of the kinds.
 */
import type { Kind, Unenforced } from '../../kinds/kind.ts'
import type { KindName } from '../../kinds/names/kind-name.ts'
import { unenforcedOf } from '../../kinds/show.ts'
import { readResource } from '../../kinds/validate.ts'
import type { Shown } from '../output.ts'

/** Of one resource; the field is empty for all of it. */
export type Finder = (item: Shown) => readonly Pick<Unenforced, 'field' | 'message'>[]

export async function unenforcedFinder(name: KindName): Promise<Finder> {
  const kind: Kind = await name.load()
  return item => {
    const read = readResource(kind, item)
    return read.ok ? unenforcedOf(kind, read.draft) : []
  }
}
