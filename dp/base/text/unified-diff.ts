/**
 * Two texts → their unified diff, as `diff -u` prints it without the times: what would change, for people. By lines,
 * with the longest common subsequence; texts whose middle is very large are shown as taken out and put in whole.
 */

const CONTEXT = 3
/** Cells of the table of the comparison. */
const MAX_CELLS = 4_000_000

interface Edit {
  readonly sign: ' ' | '-' | '+'
  readonly line: string
}

/** Empty when the texts are equal; else ends with a newline. */
export function unifiedDiff(
  before: string,
  after: string,
  names: { readonly from: string; readonly to: string },
): string {
  if (before === after) return ''
  const edits = editsOf(linesOf(before), linesOf(after))
  const hunks = hunksOf(edits).map(([from, to]) => hunkText(edits, from, to))
  return `--- ${names.from}\n+++ ${names.to}\n${hunks.join('')}`
}

function linesOf(text: string): readonly string[] {
  if (text === '') return []
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
}

function editsOf(a: readonly string[], b: readonly string[]): readonly Edit[] {
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++
  const keep = (line: string): Edit => ({ sign: ' ', line })
  return [
    ...a.slice(0, head).map(keep),
    ...middleEdits(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(keep),
  ]
}

function middleEdits(a: readonly string[], b: readonly string[]): readonly Edit[] {
  const width = b.length + 1
  if ((a.length + 1) * width > MAX_CELLS) {
    return [...a.map((line): Edit => ({ sign: '-', line })), ...b.map((line): Edit => ({ sign: '+', line }))]
  }
  // lengths of the longest common subsequences of what is left from (i, j) on
  const common = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number): number => common[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const edits: Edit[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]]
    if (left !== undefined && left === right) {
      edits.push({ sign: ' ', line: left })
      i++
      j++
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      edits.push({ sign: '-', line: left })
      i++
    } else if (right !== undefined) {
      edits.push({ sign: '+', line: right })
      j++
    }
  }
  return edits
}

/** Ranges of edits with their context; those that touch are one. */
function hunksOf(edits: readonly Edit[]): readonly (readonly [from: number, to: number])[] {
  const hunks: [number, number][] = []
  for (const [index, { sign }] of edits.entries()) {
    if (sign === ' ') continue
    const from = Math.max(0, index - CONTEXT)
    const to = Math.min(edits.length, index + CONTEXT + 1)
    const last = hunks.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = to
    else hunks.push([from, to])
  }
  return hunks
}

function hunkText(edits: readonly Edit[], from: number, to: number): string {
  const inside = edits.slice(from, to)
  const count = (all: readonly Edit[], other: '-' | '+'): number =>
    all.filter(({ sign }) => sign !== other).length
  const range = (other: '-' | '+'): string => {
    const length = count(inside, other)
    const start = count(edits.slice(0, from), other) + (length === 0 ? 0 : 1)
    return `${start},${length}`
  }
  const lines = inside.map(({ sign, line }) => `${sign}${line}\n`)
  return `@@ -${range('+')} +${range('-')} @@\n${lines.join('')}`
}
