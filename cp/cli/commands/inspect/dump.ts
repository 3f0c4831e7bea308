/** What a proxy runs, as it tells it itself: printed as it comes. */
import type { ApiClient } from '../../client.ts'
import { readProblem, refused } from '../../errors.ts'
import type { World } from '../../world.ts'

const SEGMENTS = { 'config-dump': 'xds', stats: 'stats', clusters: 'clusters', config: '_config' } as const

/** @param segments of the proxy. Throws `cli.refused`. */
export async function printDump(
  client: ApiClient,
  segments: readonly string[],
  type: keyof typeof SEGMENTS,
  world: World,
  query: Readonly<Record<string, string>> = {},
): Promise<void> {
  const accept = type === 'stats' || type === 'clusters' ? 'text/plain, application/json' : 'application/json'
  const answer = await client.send('GET', [...segments, SEGMENTS[type]], { query, accept })
  if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text), segments[1])
  world.out(answer.text.endsWith('\n') ? answer.text : `${answer.text}\n`)
}
