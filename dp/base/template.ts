/**
 * Mustache templates over plain variables, as Kuma fills Dataplane files: `{{ name }}`, nested by dots, nothing
 * escaped. Stricter than Kuma: a variable without a value is an error that names it and its line, where Kuma writes
 * nothing. Go templates that are part of a resource (`{{ .DisplayName }}`, `{{ label "key" }}`) stay as they are. The only
 * import of mustache.
 */
import Mustache from 'mustache'
import { CodedError, messageOf } from './errors.ts'

/** What mustache makes of a template: type, value, start, end, and what is inside a section. */
type Token = readonly [type: string, value: string, start: number, end: number, inner?: unknown, at?: number]

interface Variables {
  readonly [name: string]: string | Variables
}

/**
 * @param variables by name; `a.b` fills `{{ a.b }}`
 * @param shown the name of the template in messages: a path
 * @param flag the option that gives a value, for the message: `--dataplane-var`
 * Throws `template.undefined-variable` with all of them in `details.names`, `template.syntax`,
 * `template.conflict` (`a` and `a.b` are both given).
 */
export function renderTemplate(
  text: string,
  variables: Readonly<Record<string, string>>,
  shown: string,
  flag = '--var',
): string {
  const actions: string[] = []
  const source = text.replace(GO_ACTION, action => `\uE000${actions.push(action) - 1}\uE001`)
  const rendered = render(source, nest(variables), shown, flag)
  return rendered.replace(HIDDEN, (hidden, index) => actions[Number(index)] ?? hidden)
}

/** No variable begins with a dot or consists of words. */
const GO_ACTION = /\{\{-?[ \t]*(?:\.[A-Za-z]|[A-Za-z]+[ \t]+["`.$(])[^{}\n]*\}\}/g
/** Characters for private use, in no text that people write. */
const HIDDEN = /\uE000(\d+)\uE001/g

function render(source: string, nested: Variables, shown: string, flag: string): string {
  const tokens = parse(source, shown)
  const missing = undefinedIn(tokens, nested)
  const [first] = missing
  if (first !== undefined) {
    const names = [...new Set(missing.map(one => one.name))]
    const list = missing.map(one => `${one.name} (line ${lineAt(source, one.at)})`).join(', ')
    throw new CodedError(
      'template.undefined-variable',
      `${shown}:${lineAt(source, first.at)}: no value for ${missing.length === 1 ? `variable ${first.name}` : `variables ${list}`}; ` +
        `give it with ${flag} ${names.map(name => `${name}=VALUE`).join(` ${flag} `)}`,
      { details: { names, line: lineAt(source, first.at) } },
    )
  }
  return Mustache.render(source, nested, {}, { escape: text => String(text) })
}

function parse(source: string, shown: string): readonly Token[] {
  try {
    return Mustache.parse(source) as unknown as readonly Token[]
  } catch (error) {
    const end = Number(/ at:? (\d+)$/.exec(messageOf(error))?.[1] ?? 0)
    // an unclosed tag is noticed at the end of the text
    const at = end < source.length ? end : Math.max(source.lastIndexOf('{{'), 0)
    const what = messageOf(error).replace(/ at:? \d+$/, '')
    const line = lineAt(source, at)
    throw new CodedError('template.syntax', `${shown}:${line}: ${what.toLowerCase()} of the template`, {
      cause: error,
      details: { line },
    })
  }
}

interface Missing {
  readonly name: string
  readonly at: number
}

/** Looks into sections only where they would be rendered. */
function undefinedIn(tokens: readonly Token[], variables: Variables): Missing[] {
  return tokens.flatMap(([type, name, at, , inner]): Missing[] => {
    const value = lookUp(variables, name)
    if (type === 'name' || type === '&' || type === '{')
      return typeof value === 'string' ? [] : [{ name, at }]
    // partials have no source here
    if (type === '>') return [{ name, at }]
    const isOpen = (type === '#' && isTrue(value)) || (type === '^' && !isTrue(value))
    return isOpen && Array.isArray(inner) ? undefinedIn(inner as readonly Token[], variables) : []
  })
}

function isTrue(value: string | Variables | undefined): boolean {
  return value !== undefined && value !== ''
}

function lookUp(variables: Variables, name: string): string | Variables | undefined {
  let value: string | Variables | undefined = variables
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || !Object.hasOwn(value, part)) return undefined
    value = value[part]
  }
  return value
}

function nest(variables: Readonly<Record<string, string>>): Variables {
  interface Open {
    [name: string]: string | Open
  }
  // without a prototype: any name may be a variable's
  const group = (): Open => Object.create(null)
  const root = group()
  for (const [name, value] of Object.entries(variables)) {
    const parts = name.split('.')
    const last = parts.pop() ?? ''
    let place = root
    for (const part of parts) {
      const found = Object.hasOwn(place, part) ? place[part] : undefined
      const next: Open | string = found ?? group()
      if (typeof next === 'string') throw conflict(name)
      place[part] = next
      place = next
    }
    if (Object.hasOwn(place, last)) throw conflict(name)
    place[last] = value
  }
  return root
}

function conflict(name: string): CodedError {
  return new CodedError(
    'template.conflict',
    `variable ${name} cannot have a value and parts at once; rename one of them`,
  )
}

/** Counted from 1. */
function lineAt(source: string, at: number): number {
  return source.slice(0, at).split('\n').length
}
