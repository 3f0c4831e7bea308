/**
 * The URI names of a certificate, read from its DER (RFC 5280 §4.2.1.6). Text forms of the names are not used: a
 * comma or quote inside one name can make it look like two. What is malformed has no names at all.
 */

/** OID 2.5.29.17 as it stands in a certificate. */
const SUBJECT_ALT_NAME = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x11])
const SEQUENCE = 0x30
const BOOLEAN = 0x01
const OCTET_STRING = 0x04
/** `[6]` IA5String in GeneralName. */
const URI = 0x86
/** `[3]` of TBSCertificate. */
const EXTENSIONS = 0xa3

/** In the order of the certificate; empty for a certificate without URI names and for one that is malformed. */
export function readUris(der: Buffer): readonly string[] {
  try {
    const certificate = new DerReader(der).enter(SEQUENCE)
    const fields = certificate.enter(SEQUENCE)
    while (!fields.isAt(EXTENSIONS)) {
      if (fields.isDone) return []
      fields.skip()
    }
    const found = altNamesOf(fields.enter(EXTENSIONS).enter(SEQUENCE))
    // Two extensions of one kind are forbidden, and nobody says which of them would count.
    const [names] = found
    return found.length === 1 && names !== undefined ? urisOf(names) : []
  } catch (error) {
    if (error instanceof MalformedDer) return []
    throw error
  }
}

function altNamesOf(extensions: DerReader): Buffer[] {
  const found: Buffer[] = []
  while (!extensions.isDone) {
    const extension = extensions.enter(SEQUENCE)
    const oid = extension.skip()
    if (extension.isAt(BOOLEAN)) extension.skip()
    const value = extension.content(OCTET_STRING)
    if (oid.equals(SUBJECT_ALT_NAME)) found.push(value)
  }
  return found
}

function urisOf(der: Buffer): string[] {
  const names = new DerReader(der).enter(SEQUENCE)
  const uris: string[] = []
  while (!names.isDone) {
    if (!names.isAt(URI)) {
      names.skip()
      continue
    }
    const uri = names.content(URI).toString('latin1')
    if (!/^[\x21-\x7e]+$/.test(uri)) throw new MalformedDer('a URI holds something else than visible ASCII')
    uris.push(uri)
  }
  return uris
}

class MalformedDer extends Error {}

/** Walks over the values of one constructed value; throws MalformedDer for lengths that do not fit. */
class DerReader {
  readonly #der: Buffer
  #at = 0

  constructor(der: Buffer) {
    this.#der = der
  }

  get isDone(): boolean {
    return this.#at >= this.#der.length
  }

  isAt(tag: number): boolean {
    return this.#der[this.#at] === tag
  }

  /** The content of the next value, which has to have that tag. */
  content(tag: number): Buffer {
    if (!this.isAt(tag)) throw new MalformedDer('another value was expected')
    const { bodyAt, end } = this.#bounds()
    this.#at = end
    return this.#der.subarray(bodyAt, end)
  }

  enter(tag: number): DerReader {
    return new DerReader(this.content(tag))
  }

  /** The next value as it stands, with its tag. */
  skip(): Buffer {
    const start = this.#at
    this.#at = this.#bounds().end
    return this.#der.subarray(start, this.#at)
  }

  #bounds(): { bodyAt: number; end: number } {
    const first = this.#der[this.#at + 1] ?? 0xff
    let bodyAt = this.#at + 2
    let length = first
    if (first >= 0x80) {
      const count = first & 0x7f
      if (count < 1 || count > 3) throw new MalformedDer('a length is out of range')
      length = 0
      for (const byte of this.#der.subarray(bodyAt, bodyAt + count)) length = length * 256 + byte
      bodyAt += count
    }
    const end = bodyAt + length
    if (end > this.#der.length) throw new MalformedDer('a value is longer than its frame')
    return { bodyAt, end }
  }
}
