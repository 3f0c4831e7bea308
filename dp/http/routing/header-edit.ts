/**
 * Changes of header fields, compiled when a snapshot is applied: what is removed or set goes, what is set or added comes
 * at the end. On the text of HTTP/1.1 and on the list of HTTP/2.
 */
import type { HeaderEdit as Config } from '#contract/route.ts'
import { dropNamed } from '../../codec/http1/fields.ts'
import type { ResponseHead } from '../../codec/http1/response-head.ts'
import type { FieldList } from '../../codec/http2/field-list.ts'
import { asSeen } from './request-view.ts'

/** One line more. */
export function addToResponse(head: ResponseHead, name: string, value: string): void {
  head.block?.fields.add(name, value)
  if (head.text !== '') head.text += `${name}: ${value}\r\n`
}

export class HeaderEdit {
  readonly #dropped: readonly string[]
  readonly #lines: readonly { readonly name: string; readonly value: string }[]
  readonly #text: string

  constructor({ remove, set, add }: Config) {
    this.#dropped = [...remove, ...set.map(({ name }) => name)]
    this.#lines = [...set, ...add].map(({ name, value }) => ({
      name,
      value: asSeen(value),
    }))
    this.#text = this.#lines.map(({ name, value }) => `${name}: ${value}\r\n`).join('')
  }

  /** `text`: start line and field lines, each with its CRLF. */
  editText(text: string): string {
    const fieldsAt = text.indexOf('\r\n') + 2
    const left = this.#dropped.length === 0 ? text : dropNamed(text, fieldsAt, this.#dropped)
    return left + this.#text
  }

  editFields(fields: FieldList): void {
    fields.drop(this.#dropped)
    for (const { name, value } of this.#lines) fields.add(name, value)
  }

  editResponse(head: ResponseHead): void {
    if (head.block !== null) this.editFields(head.block.fields)
    if (head.text !== '') head.text = this.editText(head.text)
  }
}
