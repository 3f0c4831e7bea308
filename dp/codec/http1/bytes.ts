/** Which bytes may stand where in an HTTP/1.1 head (RFC 9110 §5.5, §5.6.2; RFC 9112 §3), as tables of 0 and 1. */

/** Names of fields and methods. */
export const TOKEN = table(byte => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte)))
/** Values of fields: visible characters, spaces, tabs and bytes above ASCII; no other control character. */
export const VALUE = table(byte => byte === 9 || (byte >= 0x20 && byte !== 0x7f))
/** Request targets: visible characters and bytes above ASCII, no `#`: a fragment is cut off by some and kept by others. */
export const TARGET = table(byte => byte > 0x20 && byte !== 0x7f && byte !== 0x23)
/** Value of a hexadecimal digit plus one; 0 for other bytes. */
export const HEX = hexTable()

export function isSpaceCode(code: number): boolean {
  return code === 0x20 || code === 9
}

function table(isMember: (byte: number) => boolean): Uint8Array {
  const members = new Uint8Array(256)
  for (let byte = 0; byte < 256; byte++) members[byte] = isMember(byte) ? 1 : 0
  return members
}

function hexTable(): Uint8Array {
  const values = new Uint8Array(256)
  for (const [digit, character] of [...'0123456789abcdef'].entries()) {
    values[character.charCodeAt(0)] = digit + 1
    values[character.toUpperCase().charCodeAt(0)] = digit + 1
  }
  return values
}
