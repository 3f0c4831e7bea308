/**
 * JSON texts that say a key twice: `JSON.parse` keeps the last one without a word, and what the sender wrote before it
 * would vanish. In: a text that is JSON. Out: the first repeated key, with its place.
 */
export interface RepeatedKey {
  readonly key: string
  /** From 1. */
  readonly line: number
  readonly column: number
}

export function repeatedKey(json: string): RepeatedKey | null {
  // keys of the objects around a place; null for a list
  const around: (Set<unknown> | null)[] = []
  const marks = /["{}[\]]/g
  for (let mark = marks.exec(json); mark !== null; mark = marks.exec(json)) {
    const { 0: character, index } = mark
    if (character === '{') around.push(new Set())
    else if (character === '[') around.push(null)
    else if (character !== '"') around.pop()
    else {
      marks.lastIndex = endOfString(json, index)
      const keys = around.at(-1) ?? null
      if (keys === null || !isKey(json, marks.lastIndex)) continue
      const key: unknown = JSON.parse(json.slice(index, marks.lastIndex))
      if (keys.has(key)) return { key: String(key), ...placeOf(json, index) }
      keys.add(key)
    }
  }
  return null
}

/** @param start of its opening quote */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1)
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1)
  return end + 1
}

function isEscaped(json: string, at: number): boolean {
  let first = at
  while (json[first - 1] === '\\') first--
  return (at - first) % 2 === 1
}

function isKey(json: string, end: number): boolean {
  const colon = /\s*:/y
  colon.lastIndex = end
  return colon.test(json)
}

function placeOf(json: string, at: number): { readonly line: number; readonly column: number } {
  const before = json.slice(0, at).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
