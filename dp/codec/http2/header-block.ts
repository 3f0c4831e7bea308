/**
 * What a header block said (RFC 9113 §8): one reused object, filled by the HPACK decoder field by field. Pseudo-headers
 * become members, the rest a list; what HTTP/2 forbids, or could be read in two ways behind us, is a fault.
 */

import { readLength } from '../http1/fields.ts'
import {
  AUTHORITY,
  BAD_NAME,
  BAD_VALUE,
  BANNED,
  CONTENT_LENGTH,
  COOKIE,
  HOST,
  METHOD,
  ORDINARY,
  PATH,
  PROTOCOL,
  SCHEME,
  STATUS,
} from './field-kinds.ts'
import { FieldList } from './field-list.ts'
import type { FieldSink } from './hpack/decoder.ts'
import { ENTRY_BYTES } from './hpack/decoder-table.ts'

export const REQUEST = 0
export const RESPONSE = 1
export const TRAILERS = 2
export type BlockForm = typeof REQUEST | typeof RESPONSE | typeof TRAILERS

const NONE: readonly number[] = []
const ALLOWED_PSEUDO: readonly (readonly number[])[] = [
  [METHOD, SCHEME, AUTHORITY, PATH, PROTOCOL],
  [STATUS],
  NONE,
]

/** Valid until the next block of any connection is read; copy what has to stay. */
export class HeaderBlock implements FieldSink {
  method = ''
  scheme = ''
  /** Of `:authority`, or of Host without it; Host itself is not in `fields`. */
  authority = ''
  path = ''
  /** Of an extended CONNECT (RFC 8441); ''. */
  protocol = ''
  /** Of a response; 0. */
  status = 0
  /** -1: no Content-Length. */
  contentLength = -1
  /** Everything but pseudo-headers and Host, in order; cookies joined to one (RFC 9113 §8.2.3). */
  readonly fields = new FieldList()
  /** Why the message is malformed; ''. */
  fault = ''
  /** Over the limits; `fields` is not complete then. */
  isTooLarge = false
  #form: BlockForm = REQUEST
  #maxBytes = 0
  #maxFields = 0
  #bytes = 0
  #count = 0
  /** Bit of each pseudo-header that came. */
  #pseudo = 0
  #hasRegular = false
  #host = ''
  #cookieAt = -1

  /** `maxBytes`: counted as SETTINGS_MAX_HEADER_LIST_SIZE is, 32 a field on top. */
  begin(form: BlockForm, maxBytes: number, maxFields: number): void {
    this.#form = form
    this.#maxBytes = maxBytes
    this.#maxFields = maxFields
    this.#bytes = 0
    this.#count = 0
    this.#pseudo = 0
    this.#hasRegular = false
    this.#host = ''
    this.#cookieAt = -1
    this.method = ''
    this.scheme = ''
    this.authority = ''
    this.path = ''
    this.protocol = ''
    this.status = 0
    this.contentLength = -1
    this.fields.clear()
    this.fault = ''
    this.isTooLarge = false
  }

  onField(name: string, value: string, kind: number, isSecret: boolean): void {
    this.#bytes += name.length + value.length + ENTRY_BYTES
    if (this.#bytes > this.#maxBytes || ++this.#count > this.#maxFields) {
      this.isTooLarge = true
      return
    }
    if (kind === ORDINARY) {
      this.#hasRegular = true
      this.fields.add(name, value, isSecret)
    } else if (kind <= PROTOCOL) this.#onPseudo(name, value, kind)
    else this.#onSpecial(name, value, kind, isSecret)
  }

  /** To be called behind the last field: looks at the whole. */
  conclude(): void {
    if (this.fault !== '' || this.isTooLarge) return
    if (this.#form === REQUEST) this.#concludeRequest()
    else if (this.#form === RESPONSE && this.status === 0) this.fault = 'no :status'
  }

  #onPseudo(name: string, value: string, kind: number): void {
    const bit = 1 << kind
    if (!(ALLOWED_PSEUDO[this.#form] ?? NONE).includes(kind)) this.#refuse(`${name} does not belong here`)
    else if (this.#hasRegular) this.#refuse(`${name} behind other fields`)
    else if ((this.#pseudo & bit) !== 0) this.#refuse(`two ${name}`)
    this.#pseudo |= bit
    if (kind === METHOD) this.method = value
    else if (kind === SCHEME) this.scheme = value
    else if (kind === AUTHORITY) this.authority = value
    else if (kind === PATH) this.path = value
    else if (kind === STATUS) this.status = Number(value)
    else this.protocol = value
  }

  #onSpecial(name: string, value: string, kind: number, isSecret: boolean): void {
    this.#hasRegular = true
    if (kind === COOKIE) this.#addCookie(value, isSecret)
    else if (kind === CONTENT_LENGTH) {
      if (this.contentLength >= 0) this.#refuse('two content-length fields')
      this.contentLength = readLength(value)
      if (this.contentLength < 0) this.#refuse('content-length')
      // In the one spelling that nobody misreads.
      this.fields.add(name, String(this.contentLength))
    } else if (kind === HOST) {
      if (this.#host !== '') this.#refuse('two host fields')
      this.#host = value
    } else if (kind === BAD_NAME) this.#refuse('bad field name')
    else if (kind === BAD_VALUE) this.#refuse(`bad value of ${name}`)
    else if (kind === BANNED) this.#refuse(`${name} is not of HTTP/2`)
  }

  #addCookie(value: string, isSecret: boolean): void {
    if (this.#cookieAt < 0) {
      this.#cookieAt = this.fields.length
      this.fields.add('cookie', value, isSecret)
    } else this.fields.setValue(this.#cookieAt, `${this.fields.values[this.#cookieAt]}; ${value}`)
  }

  #concludeRequest(): void {
    if (this.method === '') return this.#refuse('no :method')
    if (this.authority === '') this.authority = this.#host
    else if (this.#host !== '' && this.#host.toLowerCase() !== this.authority.toLowerCase()) {
      return this.#refuse('host differs from :authority')
    }
    if (this.authority === '') return this.#refuse('no :authority')
    if (this.method === 'CONNECT' && this.protocol === '') {
      if (this.scheme !== '' || this.path !== '') this.#refuse(':scheme or :path of a CONNECT')
      return
    }
    if (this.protocol !== '' && this.method !== 'CONNECT') return this.#refuse(':protocol without CONNECT')
    if (this.scheme === '') return this.#refuse('no :scheme')
    if (!this.path.startsWith('/') && !(this.path === '*' && this.method === 'OPTIONS')) this.#refuse(':path')
  }

  #refuse(fault: string): void {
    if (this.fault === '') this.fault = fault
  }
}
