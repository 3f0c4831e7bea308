/** Whether a client is one of those that something is for, by the URI names of its certificate. */
import type { ClientMatch } from '#contract/client-match.ts'

/** `sni`: the server name that it asked for; ''. */
export function fitsClient(
  { principals = [], prefixes = [], excluded = [], sni: wanted }: ClientMatch,
  uris: readonly string[],
  sni: string,
): boolean {
  return (
    (wanted === undefined || wanted === sni) &&
    principals.every(principal => uris.includes(principal)) &&
    prefixes.every(prefix => uris.some(uri => uri.startsWith(prefix))) &&
    !excluded.some(uri => uris.includes(uri))
  )
}
