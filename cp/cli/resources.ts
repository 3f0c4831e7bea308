/** Kinds and paths as commands need them: KIND words → kinds, resources → path segments, lists page by page. */
import { usageError } from '#base/command-line.ts'
import { nearest } from '#base/text/nearest.ts'
import type { Kind } from '../kinds/kind.ts'
import { kindByArgument, kinds } from '../kinds/registry.ts'
import type { ApiClient } from './client.ts'
import { readProblem, refused } from './errors.ts'
import { at, list, type Shown } from './output.ts'

/** Items of a list request; the most that the API gives at once. */
const PAGE = 1_000

/** Throws a usage error with the nearest word, or all words. */
export function kindNamed(word: string): Kind {
  const kind = kindByArgument(word)
  if (kind !== undefined) return kind
  const words = kindWords()
  const guess = nearest(word, words)
  throw usageError(
    `unknown KIND ${JSON.stringify(word)}; ${guess === undefined ? `there are ${words.join(', ')}` : `did you mean ${guess}?`}`,
  )
}

/** What can be typed for KIND, singular and plural. */
export function kindWords(): readonly string[] {
  return kinds.flatMap(kind => [kind.singular, kind.plural]).sort()
}

/** Of one resource, or of the list without a name. */
export function segmentsOf(kind: Kind, mesh: string, name?: string): readonly string[] {
  const scope = kind.scope === 'Mesh' ? ['meshes', mesh, kind.path] : [kind.path]
  return name === undefined ? scope : [...scope, name]
}

/** `dataplane default/web-1`, `mesh default`. */
export function labelOf(kind: Kind, mesh: string, name: string): string {
  return `${kind.singular} ${kind.scope === 'Mesh' ? `${mesh}/${name}` : name}`
}

/** All items, following pages. Throws `cli.refused`. */
export async function listAll(client: ApiClient, segments: readonly string[]): Promise<readonly Shown[]> {
  const items: Shown[] = []
  for (let offset = '0'; ; ) {
    const page = await listPage(client, segments, { size: String(PAGE), offset })
    items.push(...page.items)
    // an empty page with a next one would go on for ever
    if (page.nextOffset === null || page.items.length === 0) return items
    offset = page.nextOffset
  }
}

export interface Page {
  readonly items: readonly Shown[]
  readonly total: number
  readonly nextOffset: string | null
}

/** The address in `next` is the server's view of itself; only its offset counts. */
export async function listPage(
  client: ApiClient,
  segments: readonly string[],
  query: Readonly<Record<string, string>>,
): Promise<Page> {
  const answer = await client.send('GET', segments, { query })
  if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text), segments[1])
  const body = client.parse(answer)
  const next = at(body, 'next')
  const total = at(body, 'total')
  const items = list(at(body, 'items')).filter(isShown)
  return {
    items,
    total: typeof total === 'number' ? total : items.length,
    nextOffset:
      typeof next === 'string'
        ? (URL.parse(next, 'http://server')?.searchParams.get('offset') ?? null)
        : null,
  }
}

function isShown(item: unknown): item is Shown {
  return typeof item === 'object' && item !== null && !Array.isArray(item)
}
