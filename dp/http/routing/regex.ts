/** Regular expressions of the RE2 syntax, matched in linear time whatever they are. The only import of the library. */
import { RE2JS } from 're2js'

/** What `\0` to `\9` stand for. */
const GROUP = /\\(\d)/g

export class Regex {
  readonly #pattern: RE2JS

  /** Throws where `pattern` is none. */
  constructor(pattern: string) {
    this.#pattern = compiled(pattern)
  }

  /** The whole text. */
  fits(text: string): boolean {
    return this.#pattern.testExact(text)
  }

  /** Each part that fits becomes `substitution`, where `\1` is what the first group took. */
  replaceAll(text: string, substitution: string): string {
    const matcher = this.#pattern.matcher(text)
    let result = ''
    let at = 0
    while (matcher.find()) {
      const part = substitution.replace(GROUP, (_, group) =>
        Number(group) > matcher.groupCount() ? '' : (matcher.group(Number(group)) ?? ''),
      )
      result += text.slice(at, matcher.start()) + part
      at = matcher.end()
    }
    return result + text.slice(at)
  }
}

/** Why it is none, in words; ''. */
export function regexFault(pattern: string): string {
  try {
    compiled(pattern)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Every snapshot is looked at before it is taken over, and most patterns are in the next one too. */
const known = new Map<string, RE2JS>()
/** Beyond it all are forgotten, those of policies that are gone too. */
const MOST_KNOWN = 1_000

function compiled(pattern: string): RE2JS {
  const found = known.get(pattern)
  if (found !== undefined) return found
  const made = RE2JS.compile(pattern)
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(pattern, made)
  return made
}
