/** What HTTP can carry (RFC 9110, RFC 3986), asked of texts that people write before they are put into messages. */

/** Whoever changes one of these changes where a message ends, or what becomes of its connection. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** `name`: of a header, in any case. */
export function isOfConnection(name: string): boolean {
  return OF_THE_CONNECTION.has(name.toLowerCase())
}

/** A path, or what becomes part of one: visible ASCII characters without `?` and `#`, which end a path. */
export function isPathText(text: string): boolean {
  return /^[!"$->@-~]*$/.test(text)
}

/** A host with or without a port, or what one is made of (`\1`). */
export function isHostText(text: string): boolean {
  return /^[A-Za-z0-9\-._~%!$&'()*+;=:[\]\\]*$/.test(text)
}
