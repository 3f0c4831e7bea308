/**
 * `apply --prune=KEY=VALUE`: every resource of the files gets that label; what carries it and is not in the files was
 * written by an earlier apply with the same label, and is deleted. Nothing without the label is ever touched.
 */
import { usageError } from '#base/command-line.ts'
import type { Named } from '../../kinds/names/kind-name.ts'
import { kindNames } from '../../kinds/names/kind-names.ts'
import type { ApiClient } from '../client.ts'
import { failed, readProblem, refused } from '../errors.ts'
import { listAll } from '../lists.ts'
import { at, text } from '../output.ts'
import { segmentsOf } from '../resources.ts'
import type { World } from '../world.ts'
import type { DocumentFault, ResourceDocument } from './documents.ts'

export interface Scope {
  readonly key: string
  readonly value: string
}

export interface Leftover {
  readonly kind: Named
  readonly mesh: string
  readonly name: string
}

/** Throws a usage error. Labels of Kuma's own say other things. */
export function scopeOf(flag: string): Scope {
  const equals = flag.indexOf('=')
  const [key, value] = [flag.slice(0, equals), flag.slice(equals + 1)]
  if (equals < 1 || value === '')
    throw usageError(`--prune ${flag}: expected a label, such as --prune=team=shop`)
  if (key.startsWith('kuma.io/'))
    throw usageError(`--prune ${flag}: labels of kuma.io/ belong to the control plane`)
  return { key, value }
}

/** The documents with the label; one that has another value there is a fault. */
export function labelled(
  documents: readonly ResourceDocument[],
  { key, value }: Scope,
): { readonly documents: readonly ResourceDocument[]; readonly faults: readonly DocumentFault[] } {
  const faults: DocumentFault[] = []
  const made = documents.map(document => {
    const labels = at(document.body, 'labels')
    const own = at(labels, key)
    if (own !== undefined && own !== value) {
      const message = `label ${key} is ${JSON.stringify(own)} here and ${JSON.stringify(value)} in --prune`
      faults.push({ place: document.place(`labels[${JSON.stringify(key)}]`), message })
    }
    const all = { ...(typeof labels === 'object' ? labels : {}), [key]: value }
    return { ...document, body: { ...document.body, labels: all } }
  })
  return { documents: made, faults }
}

/** What carries the label and is not among the documents; meshes last, for what is in them goes first. */
export async function leftovers(
  client: ApiClient,
  { key, value }: Scope,
  documents: readonly ResourceDocument[],
  world: World,
): Promise<readonly Leftover[]> {
  const kept = new Set(documents.map(({ kind, mesh, name }) => `${kind.type} ${mesh}/${name}`))
  const found: Leftover[] = []
  const writable = kindNames.filter(kind => !kind.readOnly)
  for (const kind of [
    ...writable.filter(kind => kind.type !== 'Mesh'),
    ...writable.filter(kind => kind.type === 'Mesh'),
  ]) {
    const items = await listAll(client, [kind.path], { [`filter[labels.${key}]`]: value }).catch(
      (error: unknown) => {
        world.err(
          `warning: ${kind.plural} are not looked at: ${error instanceof Error ? error.message : String(error)}\n`,
        )
        return []
      },
    )
    for (const item of items) {
      // the filter of the server is not trusted with deletions
      if (at(item, 'labels', key) !== value) continue
      const mesh = kind.scope === 'Mesh' ? text(item['mesh']) : ''
      const name = text(item['name'])
      if (!kept.has(`${kind.type} ${mesh}/${name}`)) found.push({ kind, mesh, name })
    }
  }
  return found
}

/**
 * What the control plane answers; undefined: it is gone already. Throws `cli.refused`, and `cli.failed` where a dry run would delete.
 */
export async function deleteLeftover(
  client: ApiClient,
  { kind, mesh, name }: Leftover,
  isDryRun: boolean,
): Promise<unknown> {
  // so that the answer tells its version; whoever waits does so afterwards
  const query = isDryRun ? { dryRun: 'true' } : { wait: 'applied', timeout: '0s' }
  const answer = await client.send('DELETE', segmentsOf(kind, mesh, name), { query })
  if (answer.status === 404) return undefined
  if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text), mesh)
  const body = client.parse(answer)
  if (isDryRun && at(body, 'dryRun') !== true) {
    throw failed(`the control plane deleted ${kind.type} ${JSON.stringify(name)}: it knows no dry runs`)
  }
  return body
}
