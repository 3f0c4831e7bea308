/** Building blocks of the corpus: bytes as Latin-1 text, each with what is meant to become of it. */

export interface Hostile {
  readonly name: string
  readonly text: string
  /** Requests of it that go on to the application; at the one behind them the connection ends. */
  readonly passes: number
}

export const HOST = 'Host: b\r\n'
/** Follows everything: passes where what came before it ended where it was meant to. */
export const NEXT = 'GET /next HTTP/1.1\r\nHost: b\r\n\r\n'
/** No request begins like this: where nobody takes it for a body it is refused. */
export const BODY = '[[[[['
export const CHUNKS = '5\r\n[[[[[\r\n0\r\n\r\n'

/** Refused at once. */
export function refused(name: string, text: string): Hostile {
  return { name, text: text + NEXT, passes: 0 }
}

/** Passes, and so does what follows. */
export function passed(name: string, text: string): Hostile {
  return { name, text: text + NEXT, passes: 2 }
}

/** Passes without what should be its body: that is refused as a request. */
export function bare(name: string, text: string): Hostile {
  return { name, text: text + NEXT, passes: 1 }
}

export function post(fields: string, body: string): string {
  return `POST /a HTTP/1.1\r\n${HOST}${fields}\r\n${body}`
}

export function get(fields: string): string {
  return `GET /a HTTP/1.1\r\n${HOST}${fields}\r\n`
}

/** Printable. */
export function shown(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/** Control characters, separators, and some above ASCII: U+00A0 and U+0085 are white space to some. */
export const ODD_BYTES: readonly string[] = [
  ...Array.from({ length: 33 }, (_, code) => String.fromCharCode(code)),
  ...'"(),/:;<=>?@[\\]{}\x7f\x80\x85\xa0\xad\xc3\xe9\xff',
  ...'!#*+-._|~0Z',
]

export function isToken(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)
}
