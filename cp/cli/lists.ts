/** Lists of the API, page by page: path → items. */
import type { ApiClient } from './client.ts'
import { readProblem, refused } from './errors.ts'
import { at, list, type Shown } from './output.ts'

type Query = Readonly<Record<string, string | readonly string[]>>

/** Items of a list request; the most that the API gives at once. */
const PAGE = 1_000

/** All items, following pages. Throws `cli.refused`. */
export async function listAll(
  client: ApiClient,
  segments: readonly string[],
  query: Query = {},
): Promise<readonly Shown[]> {
  const items: Shown[] = []
  for (let offset = '0'; ; ) {
    const page = await listPage(client, segments, { ...query, size: String(PAGE), offset })
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
export async function listPage(client: ApiClient, segments: readonly string[], query: Query): Promise<Page> {
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

export function isShown(item: unknown): item is Shown {
  return typeof item === 'object' && item !== null && !Array.isArray(item)
}
