/**
 * Go templates as names are made of them (kuma-api 4.13): text with `{{ .Field }}` and `{{ label "key" }}`, trim
 * markers and comments. In: a template and the values of its fields. Out: the text, or the fault in Go's words.
 * Control structures and the other functions of Go are refused: nothing but names is made here.
 */

export interface TemplateValues {
  /** By name: `Name` fills `{{ .Name }}`. */
  readonly fields: Readonly<Record<string, string>>
  /** Go's name for the whole of them, for messages; null: a map, in which a field that is not there is no fault. */
  readonly typeText: string | null
  /** Value of a label; undefined: there is no such label. Left out: templates know no labels. */
  label?(key: string): string | undefined
}

export type Rendered =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly isSyntax: boolean }

/** What may stand between the braces, for the reference. */
export const TEMPLATE_RULE = 'a Go template of text, .Field and label "key"'

export function renderGoTemplate(source: string, values: TemplateValues): Rendered {
  try {
    return {
      ok: true,
      text: partsOf(source)
        .map(part => evaluate(part, source, values))
        .join(''),
    }
  } catch (fault) {
    if (!(fault instanceof TemplateFault)) throw fault
    return { ok: false, message: fault.message, isSyntax: fault.isSyntax }
  }
}

/**
 * The text of a template filled with samples, where every label exists, as Kuma tries templates before it stores them;
 * or why it cannot be one, with Kuma's beginning of the sentence.
 */
export function tryGoTemplate(
  source: string,
  samples: Omit<TemplateValues, 'label'>,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string } {
  const rendered = renderGoTemplate(source, { ...samples, label: () => 'label' })
  if (rendered.ok) return rendered
  const what = rendered.isSyntax ? "couldn't parse template" : "couldn't render template with stub values"
  return { ok: false, message: `${what}: ${rendered.message}` }
}

type Token =
  | {
      readonly type: 'field' | 'word' | 'text' | 'number' | 'dot'
      readonly value: string
      readonly at: number
    }
  | { readonly type: 'pipe'; readonly at: number }

/** Commands of a pipeline, each with its operands; or text as it stands. */
type Part = string | readonly (readonly Exclude<Token, { type: 'pipe' }>[])[]

class TemplateFault extends Error {
  readonly isSyntax: boolean

  constructor(message: string, isSyntax: boolean) {
    super(message)
    this.isSyntax = isSyntax
  }
}

const SPACE = ' \t\r\n'
const KEYWORDS = 'block break continue define else end if range template with'.split(' ')
const CONSTANTS = ['true', 'false', 'nil']

function partsOf(source: string): Part[] {
  const parts: Part[] = []
  let isTrimmed = false
  for (let at = 0; at < source.length; ) {
    const open = source.indexOf('{{', at)
    const text = source.slice(at, open < 0 ? source.length : open)
    const isTrimming = open >= 0 && source[open + 2] === '-' && isSpace(source[open + 3])
    const left = isTrimmed ? text.trimStart() : text
    parts.push(isTrimming ? left.trimEnd() : left)
    if (open < 0) break
    const start = open + (isTrimming ? 3 : 2)
    const action = actionAt(source, start)
    if (action.commands !== null) parts.push(action.commands)
    isTrimmed = action.trimsNext
    at = action.end
  }
  return parts
}

interface Action {
  /** null: a comment. */
  readonly commands: Exclude<Part, string> | null
  readonly trimsNext: boolean
  readonly end: number
}

function actionAt(source: string, start: number): Action {
  const comment = /^\s*\/\*[\s\S]*?\*\/( -)?\}\}/.exec(source.slice(start))
  if (comment !== null) {
    return { commands: null, trimsNext: comment[1] !== undefined, end: start + comment[0].length }
  }
  const tokens: Token[] = []
  for (let at = start; ; ) {
    const close = /^(?:[ \t\r\n]-)?\}\}/.exec(source.slice(at, at + 4))
    if (close !== null) {
      const commands = commandsOf(tokens, source, at)
      return { commands, trimsNext: close[0].includes('-'), end: at + close[0].length }
    }
    if (isSpace(source[at])) at++
    else if (at >= source.length) throw syntax(source, at, 'unclosed action')
    else at = tokenAt(source, at, tokens)
  }
}

/** Adds the token there; answers where the next may be. */
function tokenAt(source: string, at: number, tokens: Token[]): number {
  const rest = source.slice(at)
  const found = /^(?:((?:\.[\p{L}_][\p{L}\p{Nd}_]*)+)|([\p{L}_][\p{L}\p{Nd}_]*)|([+-]?\d[\w.]*)|(\.))/u.exec(
    rest,
  )
  if (rest[0] === '|') {
    tokens.push({ type: 'pipe', at })
    return at + 1
  }
  if (rest[0] === '"' || rest[0] === '`') return textAt(source, at, tokens)
  if (found === null) throw syntax(source, at, strange(rest))
  const value = found[0]
  const next = rest.slice(value.length)
  if (found[3] === undefined && !/^(?:[\s.,|:()]|\}\}|$)/.test(next)) {
    throw syntax(source, at, `bad character ${codePoint(next)}`)
  }
  if (found[2] !== undefined && !CONSTANTS.includes(value)) checkWord(value, source, at)
  const type = found[1] !== undefined ? 'field' : found[4] !== undefined ? 'dot' : 'word'
  tokens.push({ type: found[3] !== undefined || CONSTANTS.includes(value) ? 'number' : type, value, at })
  return at + value.length
}

function checkWord(word: string, source: string, at: number): void {
  if (word === 'label') return
  if (KEYWORDS.includes(word)) throw syntax(source, at, `{{${word}}} is not supported here; ${SUPPORTED}`)
  throw syntax(source, at, `function ${JSON.stringify(word)} not defined`)
}

const SUPPORTED = 'write fields (.Name) and label "key" only'

function textAt(source: string, at: number, tokens: Token[]): number {
  const isRaw = source[at] === '`'
  const found = (isRaw ? /^`[^`]*`/ : /^"(?:[^"\\\n]|\\.)*"/).exec(source.slice(at))
  if (found === null) throw syntax(source, at, `unterminated ${isRaw ? 'raw ' : ''}quoted string`)
  const inner = found[0].slice(1, -1)
  const value = isRaw ? inner : inner.replace(/\\(.)/g, '$1')
  tokens.push({ type: 'text', value, at })
  return at + found[0].length
}

function commandsOf(tokens: readonly Token[], source: string, at: number): Exclude<Part, string> {
  const commands: Exclude<Token, { type: 'pipe' }>[][] = [[]]
  for (const token of tokens) {
    if (token.type === 'pipe') commands.push([])
    else commands.at(-1)?.push(token)
  }
  for (const [stage, command] of commands.entries()) {
    const first = command[0]
    if (first === undefined) throw syntax(source, at, 'missing value for command')
    const isConstant = first.type === 'number' || first.type === 'text' || first.type === 'dot'
    if (stage > 0 && isConstant) {
      throw syntax(source, at, `non executable command in pipeline stage ${stage + 1}`)
    }
    const odd = command.find(({ type }) => type === 'number' || type === 'dot')
    if (odd !== undefined) throw syntax(source, at, `${odd.value} is not supported here; ${SUPPORTED}`)
  }
  return commands
}

function evaluate(part: Part, source: string, values: TemplateValues): string {
  if (typeof part === 'string') return part
  let piped: string | undefined
  for (const [first, ...operands] of part) {
    if (first === undefined) continue
    const final: readonly string[] = piped === undefined ? [] : [piped]
    const given = [...operands.map(operand => operandText(operand, source, values)), ...final]
    if (first.type === 'word') piped = labelOf(first.at, given, source, values)
    else if (given.length === 0) piped = operandText(first, source, values)
    else if (first.type === 'field') {
      const message = `${first.value.slice(1)} has arguments but cannot be invoked as function`
      throw execution(source, first.at, first.value, message)
    } else {
      const shown = JSON.stringify(first.value)
      throw execution(source, first.at, shown, `can't give argument to non-function ${shown}`)
    }
  }
  return piped ?? ''
}

function operandText(
  { type, value, at }: Exclude<Token, { type: 'pipe' }>,
  source: string,
  values: TemplateValues,
): string {
  if (type === 'text') return value
  if (type === 'word') return labelOf(at, [], source, values)
  const name = value.slice(1)
  const found = Object.hasOwn(values.fields, name) ? values.fields[name] : undefined
  if (found !== undefined) return found
  if (values.typeText === null && !name.includes('.')) return '<no value>'
  throw execution(source, at, value, `can't evaluate field ${name} in type ${values.typeText ?? 'string'}`)
}

function labelOf(at: number, given: readonly string[], source: string, values: TemplateValues): string {
  if (values.label === undefined) throw syntax(source, at, 'function "label" not defined')
  const [key] = given
  if (key === undefined || given.length > 1) {
    throw execution(source, at, 'label', `wrong number of args for label: want 1 got ${given.length}`)
  }
  const value = values.label(key)
  if (value !== undefined) return value
  const message = `error calling label: label ${key} not found`
  throw execution(source, at, `label ${JSON.stringify(key)}`, message)
}

function syntax(source: string, at: number, message: string): TemplateFault {
  return new TemplateFault(`template: :${linesUntil(source, at).length}: ${message}`, true)
}

/** Places are told as Go tells them: the line from 1, the bytes before it in the line. */
function execution(source: string, at: number, node: string, message: string): TemplateFault {
  const lines = linesUntil(source, at)
  const column = Buffer.byteLength(lines.at(-1) ?? '')
  return new TemplateFault(
    `template: :${lines.length}:${column}: executing "" at <${node}>: ${message}`,
    false,
  )
}

function linesUntil(source: string, at: number): string[] {
  return source.slice(0, at).split('\n')
}

function strange(rest: string): string {
  if (rest[0] === ')') return 'unexpected right paren'
  if (/^[!-~]/.test(rest)) return `unexpected ${JSON.stringify(rest[0])} in command`
  return `unrecognized character in action: ${codePoint(rest)}`
}

function codePoint(text: string): string {
  const [character = ''] = text
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return `U+${hex} '${character}'`
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && SPACE.includes(character)
}
