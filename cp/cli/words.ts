/** What people write in several flags alike: pairs of key and value. */
import { usageError } from '#base/command-line.ts'

/** `key=value` → map; the last of a key counts. Throws a usage error that names the flag. */
export function pairsOf(pairs: readonly string[], flag: string): Readonly<Record<string, string>> {
  return Object.fromEntries(listedPairs(pairs, flag))
}

/** As `pairsOf`, in the order given; values of one key add up. */
export function listedPairs(
  pairs: readonly string[],
  flag: string,
): readonly (readonly [key: string, value: string])[] {
  return pairs.map(pair => {
    const equals = pair.indexOf('=')
    if (equals < 1) throw usageError(`${flag} ${pair}: expected KEY=VALUE`)
    return [pair.slice(0, equals), pair.slice(equals + 1)] as const
  })
}
