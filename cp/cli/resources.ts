/** Kinds and paths as commands need them: KIND words → kinds, resources → path segments and sentences. */
import { usageError } from '#base/command-line.ts'
import { didYouMean } from '#base/text/nearest.ts'
import type { KindName, Named } from '../kinds/names/kind-name.ts'
import { kindNames, nameByArgument } from '../kinds/names/kind-names.ts'
import type { ApiClient } from './client.ts'
import { failed, isMeshMissing, type Problem, readProblem, refused } from './errors.ts'
import { isShown } from './lists.ts'
import type { Shown } from './output.ts'

/** Arguments of commands about one resource. */
export const KIND_ARGUMENT = { value: 'KIND', doc: 'such as mesh, dataplane, secret' } as const
export const NAME_ARGUMENT = { value: 'NAME', doc: 'which' } as const

/** Throws a usage error with the nearest word, or with where all are listed. */
export function kindNamed(word: string): KindName {
  const kind = nameByArgument(word)
  if (kind !== undefined) return kind
  const hint = didYouMean(word, kindWords())
  throw usageError(`unknown TYPE: ${word}${hint === '' ? '; vmeshctl explain lists all' : hint}`)
}

/** What can be typed for KIND, singular and plural, sorted. */
export function kindWords(): readonly string[] {
  return [...new Set(kindNames.flatMap(kind => [kind.singular, kind.plural]))].sort()
}

/** Of one resource, or of the list without a name. */
export function segmentsOf(kind: Named, mesh: string, name?: string): readonly string[] {
  const scope = kind.scope === 'Mesh' ? ['meshes', mesh, kind.path] : [kind.path]
  return name === undefined ? scope : [...scope, name]
}

/** `dataplane default/web-1`, `mesh default`. */
export function labelOf(kind: Named, mesh: string, name: string): string {
  return `${kind.singular} ${kind.scope === 'Mesh' ? `${mesh}/${name}` : name}`
}

/** As kumactl says it: `resource type="Dataplane" mesh="default" name="web-1"`. */
export function formalLabelOf(kind: Pick<Named, 'type'>, mesh: string, name: string): string {
  return `resource type=${JSON.stringify(kind.type)} mesh=${JSON.stringify(mesh)} name=${JSON.stringify(name)}`
}

/** One resource, with its version where the control plane tells it. Throws `cli.failed` where it is not there. */
export async function getOne(
  client: ApiClient,
  kind: Named,
  mesh: string,
  name: string,
): Promise<{ readonly item: Shown; readonly etag: string }> {
  const answer = await client.send('GET', segmentsOf(kind, mesh, name))
  if (answer.status === 404) throw missing(kind, mesh, readProblem(404, answer.text))
  if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text), mesh)
  const body = client.parse(answer)
  return { item: isShown(body) ? body : {}, etag: answer.etag }
}

/** kumactl's sentence for what is asked for and not there; names the mesh where that is what is missing. */
export function missing(kind: Named, mesh: string, problem: Problem): Error {
  if (isMeshMissing(problem) || problem.detail !== 'Not found') return refused(problem, mesh)
  return failed(kind.scope === 'Mesh' ? `No resources found in ${mesh} mesh` : 'No resources found')
}
