/**
 * A request as routes look at it, whichever version of HTTP it came in. Two objects, each used for one request after the
 * other: what they show is valid until the next one.
 */
import { isFieldAt } from '../../codec/http1/fields.ts'
import type { ResponseHead } from '../../codec/http1/response-head.ts'
import { AUTHORITY_AT, PATH_AT } from '../../codec/http2/bridge/heads.ts'
import type { FieldList } from '../../codec/http2/field-list.ts'

export interface RequestView {
  readonly method: string
  /** With the query. */
  readonly target: string
  /** `name`: in lower case. Several lines of one name joined by `,`; undefined: there is none. */
  field(name: string): string | undefined
}

class TextView implements RequestView {
  method = ''
  target = ''
  #text = ''
  /** What was looked for last: routes often ask for the same. */
  #name = ''
  #value: string | undefined

  /** `text`: start line and field lines, each with its CRLF. */
  of(text: string): this {
    const methodEnd = text.indexOf(' ')
    this.#text = text
    this.#name = ''
    this.method = text.slice(0, methodEnd)
    this.target = text.slice(methodEnd + 1, text.indexOf(' ', methodEnd + 1))
    return this
  }

  field(name: string): string | undefined {
    if (name !== this.#name) {
      this.#name = name
      this.#value = this.#find(name)
    }
    return this.#value
  }

  #find(name: string): string | undefined {
    return fieldInText(this.#text, name)
  }
}

class FieldsView implements RequestView {
  #fields: FieldList | null = null

  /** `fields`: begins with `:method`, `:scheme`, `:authority`, `:path`. */
  of(fields: FieldList): this {
    this.#fields = fields
    return this
  }

  get method(): string {
    return this.#fields?.values[0] ?? ''
  }

  get target(): string {
    return this.#fields?.values[PATH_AT] ?? ''
  }

  field(name: string): string | undefined {
    const fields = this.#fields
    if (fields === null) return undefined
    if (name === 'host') return fields.values[AUTHORITY_AT]
    let found: string | undefined
    for (let at = PATH_AT + 1; at < fields.length; at++)
      if (fields.names[at] === name) found = joined(found, fields.values[at] ?? '')
    return found
  }
}

export const TEXT_VIEW = new TextView()
export const FIELDS_VIEW = new FieldsView()

/** Of a response. `name`: in lower case. */
export function fieldOf({ block, text }: ResponseHead, name: string): string | undefined {
  return block === null ? fieldInText(text, name) : block.fields.get(name)
}

/** Text of a configuration as the values of fields are held: Latin-1, one character a byte. */
export function asSeen(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function fieldInText(text: string, name: string): string | undefined {
  let found: string | undefined
  let at = text.indexOf('\r\n') + 2
  while (at < text.length) {
    const end = text.indexOf('\r\n', at)
    if (isFieldAt(text, at, name)) found = joined(found, text.slice(at + name.length + 1, end).trim())
    at = end + 2
  }
  return found
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`
}
