/** Clients as policies name them → as data planes know them: by the names in their certificates. */
import type { ClientMatch } from '#contract/client-match.ts'
import { SERVICE_TAG, tagUri, uriOfTag } from '../../kinds/spiffe.ts'
import type { SubsetRule } from '../../match/subset.ts'

/** Of a legacy selector: `*` is any value of a tag. undefined: all clients. */
export function clientsOfSelector(
  mesh: string,
  match: Readonly<Record<string, string>>,
): ClientMatch | undefined {
  const tags = Object.entries(match)
  const principals = tags
    .filter(([, value]) => value !== '*')
    .map(([tag, value]) => uriOfTag(mesh, tag, value))
  // whoever calls has a service
  const prefixes = tags
    .filter(([tag, value]) => value === '*' && tag !== SERVICE_TAG)
    .map(([tag]) => tagUri(tag, ''))
  return matchOf({ principals, prefixes, excluded: [] })
}

/** Of the tags that a rule of `from` stands for. undefined: all clients. */
export function clientsOfSubset(mesh: string, subset: SubsetRule['subset']): ClientMatch | undefined {
  const uris = (isNot: boolean): string[] =>
    subset.filter(({ not }) => not === isNot).map(({ key, value }) => uriOfTag(mesh, key, value))
  return matchOf({ principals: uris(false), prefixes: [], excluded: uris(true) })
}

function matchOf(
  lists: Readonly<Record<'principals' | 'prefixes' | 'excluded', string[]>>,
): ClientMatch | undefined {
  const said = Object.entries(lists)
    .filter(([, uris]) => uris.length > 0)
    .map(([name, uris]) => [name, uris.sort()])
  return said.length === 0 ? undefined : (Object.fromEntries(said) as ClientMatch)
}
