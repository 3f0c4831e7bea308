/**
 * YAML (1.2, with merge keys), and JSON as a part of it: text → documents that know the line of each field, and
 * values → readable text. Field paths are written as Kuma writes them: `networking.inbound[0].tags["kuma.io/service"]`.
 * The only import of yaml.
 */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  stringify,
} from 'yaml'
import { CodedError, codeOf, messageOf } from './errors.ts'

export interface YamlDocument {
  readonly value: unknown
  /** Line of the document's first field, from 1. */
  readonly line: number
  /** Line of a field, from 1; of the nearest parent that exists where the field does not. */
  lineOf(fieldPath: string): number
  /** As `lineOf`, with the column, from 1. */
  positionOf(fieldPath: string): Position
}

export interface Position {
  readonly line: number
  readonly column: number
}

/** Documents refer to an anchor at most this often: a small text cannot become a huge value. */
const MAX_ALIASES = 100
/** The parser looks through all anchors for each alias. */
const MAX_ALIASES_IN_ALL = 1000

/**
 * All documents of a text; empty ones are left out. Throws `yaml.syntax` (`FILE:LINE:COLUMN: what`, also in
 * `details`) for the first fault.
 * @param shown the name of the text in messages: a path
 */
export function parseDocuments(text: string, shown: string): readonly YamlDocument[] {
  const lines = new LineCounter()
  // the parser compares each key with all before it, so that is done here
  const uniqueKeys = false
  const options = {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    stringKeys: true,
    uniqueKeys,
  } as const
  const documents = parseAllDocuments(text.replace(/^\uFEFF/, ''), options)
  return [...documents].flatMap(document => {
    const [fault] = document.errors
    if (fault !== undefined) throw syntaxError(shown, lines, fault.pos[0], fault.message, fault)
    const { contents } = document
    const unfit = faultOf(contents, { aliases: 0 })
    if (unfit !== undefined) {
      const at = (isNode(unfit.node) ? unfit.node.range?.[0] : undefined) ?? 0
      throw syntaxError(shown, lines, at, unfit.message, undefined)
    }
    if (contents === null || (isScalar(contents) && contents.value === null)) return []
    return [documentOf(document, contents, lines, shown)]
  })
}

/**
 * Exactly one document, which may come from anybody: one that would keep the parser busy for seconds is not parsed.
 * Throws `yaml.syntax`, `yaml.flood` for that, `yaml.documents` when there are more or none.
 */
export function parseDocument(text: string, shown: string): YamlDocument {
  const flood = floodIn(text)
  if (flood !== null) throw new CodedError('yaml.flood', `${shown}: ${flood}`)
  const documents = parseDocuments(text, shown)
  const [document] = documents
  if (document === undefined || documents.length > 1) {
    throw new CodedError('yaml.documents', `${shown}: expected one document, found ${documents.length}`)
  }
  return document
}

/** Block style, keys in their order, long lines not folded; ends with a newline. */
export function stringifyYaml(value: unknown): string {
  // quoted also where only YAML 1.1 would read something else (`yes`, `1_000`)
  return stringify(value, {
    lineWidth: 0,
    indentSeq: false,
    aliasDuplicateObjects: false,
    compat: 'yaml-1.1',
  })
}

/** Several documents, `---` between them. */
export function stringifyDocuments(values: readonly unknown[]): string {
  return values.map(value => stringifyYaml(value)).join('---\n')
}

/** `networking.inbound[0].tags["kuma.io/service"]` → its steps; what is not of that form is taken as far as it is. */
export function splitFieldPath(path: string): readonly (string | number)[] {
  const steps: (string | number)[] = []
  for (const match of path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)) {
    const [, index, key, name] = match
    if (index !== undefined) steps.push(Number(index))
    else steps.push(key === undefined ? (name ?? '') : key.replace(/\\(.)/g, '$1'))
  }
  return steps
}

/** Words and signs of one document: half a second of parsing. */
const MAX_TOKENS = 100_000
/** Of `[` and `{`, and of `- ` and `? ` in one line: the parser's recursion ends at some hundreds. */
const MAX_NESTING = 100
/** The next token is a text, whatever it looks like. */
const TEXT_FOLLOWS = '\u001F'

/** Splitting into tokens takes a tenth of the time of parsing, and can end early. */
function floodIn(text: string): string | null {
  let [tokens, brackets, inLine] = [0, 0, 0]
  let isText = false
  for (const token of new Lexer().lex(text)) {
    if (++tokens > MAX_TOKENS) return `more than ${MAX_TOKENS} words and signs in YAML; send it as JSON`
    if (isText) isText = false
    else if (token === TEXT_FOLLOWS) isText = true
    else if (token === '[' || token === '{') brackets++
    else if (token === ']' || token === '}') brackets--
    else if (token === '-' || token === '?') inLine++
    else if (/^[\r\n]/.test(token)) inLine = 0
    if (brackets + (brackets === 0 ? inLine : 0) > MAX_NESTING)
      return `nested more than ${MAX_NESTING} levels deep`
  }
  return null
}

function documentOf(
  document: Document.Parsed,
  contents: Node,
  lines: LineCounter,
  shown: string,
): YamlDocument {
  const start = positionOfNode(contents, lines) ?? { line: 1, column: 1 }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (error) {
    throw syntaxError(shown, lines, contents.range?.[0] ?? 0, messageOf(error), error)
  }
  const positionOf = (fieldPath: string): Position => {
    let found = start
    let place: unknown = contents
    for (const step of splitFieldPath(fieldPath)) {
      const next = stepInto(resolve(place, document), step)
      if (next === undefined) break
      found = positionOfNode(isPair(next) ? next.key : next, lines) ?? found
      place = isPair(next) ? next.value : next
    }
    return found
  }
  return { value, line: start.line, lineOf: fieldPath => positionOf(fieldPath).line, positionOf }
}

interface NodeFault {
  readonly node: unknown
  readonly message: string
}

/** A key that its mapping has already, or an alias too many. @param seen counts through a document */
function faultOf(node: unknown, seen: { aliases: number }): NodeFault | undefined {
  if (isAlias(node) && ++seen.aliases > MAX_ALIASES_IN_ALL) {
    return { node, message: `more than ${MAX_ALIASES_IN_ALL} aliases` }
  }
  if (isSeq(node)) return firstFound(node.items, item => faultOf(item, seen))
  if (!isMap(node)) return undefined
  const names = new Set<unknown>()
  return firstFound(node.items, ({ key, value }) => {
    const name: unknown = isScalar(key) ? key.value : key
    if (names.has(name)) return { node: key, message: 'Map keys must be unique' }
    names.add(name)
    return faultOf(value, seen)
  })
}

function firstFound<Item, Found>(
  items: readonly Item[],
  find: (item: Item) => Found | undefined,
): Found | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

function resolve(place: unknown, document: Document.Parsed): unknown {
  return isAlias(place) ? place.resolve(document) : place
}

function stepInto(place: unknown, step: string | number): Pair | Node | undefined {
  if (isMap(place)) return place.items.find(pair => isField(pair.key, String(step)))
  if (!isSeq(place) || typeof step !== 'number') return undefined
  const item = place.items[step]
  return isNode(item) ? item : undefined
}

/** Files may use the snake_case names of Kuma's older formats; paths never do. */
function isField(key: unknown, step: string): boolean {
  const name = isScalar(key) ? String(key.value) : String(key)
  return name === step || name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) === step
}

function positionOfNode(node: unknown, lines: LineCounter): Position | undefined {
  const at = isNode(node) ? node.range?.[0] : undefined
  if (at === undefined) return undefined
  const { line, col } = lines.linePos(at)
  return { line, column: col }
}

/** For what the parser says in words of its own. */
const HINTS: Readonly<Record<string, string>> = {
  NON_STRING_KEY:
    'a key must be text; a value that begins with { has to be quoted, a template to be filled in',
  RESOURCE_EXHAUSTION: 'nested too deeply',
}

function syntaxError(
  shown: string,
  lines: LineCounter,
  at: number,
  what: string,
  cause: unknown,
): CodedError {
  const { line, col } = lines.linePos(at)
  const message = HINTS[codeOf(cause)] ?? what.replace(/^([A-Z])(?=[a-z])/, letter => letter.toLowerCase())
  return new CodedError('yaml.syntax', `${shown}:${line}:${col}: not valid YAML: ${message}`, {
    cause,
    details: { line, column: col },
  })
}
