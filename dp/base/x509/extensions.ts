/**
 * Certificate extensions (RFC 5280 §4.2): written for a new certificate, and the names and key usages of one that
 * is read. Names are taken from the DER, where a comma in one name cannot look like the start of another.
 */
import { isIP, isIPv4, SocketAddress } from 'node:net'
import { CodedError } from '../errors.ts'
import {
  type Asn1,
  bitString,
  bitsOf,
  boolean,
  bytesOf,
  context,
  derText,
  integer,
  isBoolean,
  isContext,
  objectId,
  octetString,
  oidOf,
  parseDer,
  partsOf,
  sequence,
} from './asn1.ts'

const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
] as const

export type KeyUsage = (typeof KEY_USAGES)[number]
export type ExtendedKeyUsage = 'serverAuth' | 'clientAuth'

export interface ExtensionOptions {
  readonly uris?: readonly string[]
  readonly dnsNames?: readonly string[]
  /** IPv4 or IPv6. */
  readonly ips?: readonly string[]
  /** May sign others, `pathLength` CAs deep (any number when undefined); left out: a leaf. */
  readonly ca?: { readonly pathLength?: number }
  readonly keyUsage: readonly KeyUsage[]
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[]
}

export interface Names {
  readonly uris: readonly string[]
  readonly dnsNames: readonly string[]
  readonly ips: readonly string[]
}

/** Extension values by OID, DER as binary strings. */
export type Extensions = ReadonlyMap<string, string>

const OID = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const
const OID_OF_PURPOSE = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const
const URI = 6
const DNS = 2
const IP = 7

/**
 * The list that goes into `[3]` of a certificate. The SAN is critical when the subject is empty, as RFC 5280
 * §4.2.1.6 demands. Throws `x509.bad-name` for a name that a SAN cannot carry.
 */
export function buildExtensions(
  options: ExtensionOptions,
  keyIds: { readonly subject: string; readonly authority: string; readonly isSubjectEmpty: boolean },
): Asn1 {
  const list = [
    extension(OID.basicConstraints, true, basicConstraints(options.ca)),
    extension(OID.keyUsage, true, usageBits(options.keyUsage)),
  ]
  if (options.extendedKeyUsage !== undefined && options.extendedKeyUsage.length > 0) {
    const purposes = options.extendedKeyUsage.map(purpose => objectId(OID_OF_PURPOSE[purpose]))
    list.push(extension(OID.extendedKeyUsage, false, sequence(...purposes)))
  }
  list.push(
    extension(OID.subjectKeyIdentifier, false, octetString(keyIds.subject)),
    extension(OID.authorityKeyIdentifier, false, sequence(context(0, keyIds.authority))),
  )
  const names = [
    ...(options.uris ?? []).map(uri => context(URI, ascii(uri))),
    ...(options.dnsNames ?? []).map(name => context(DNS, ascii(name))),
    ...(options.ips ?? []).map(ip => context(IP, ipBytes(ip))),
  ]
  if (names.length > 0) list.push(extension(OID.subjectAltName, keyIds.isSubjectEmpty, sequence(...names)))
  return sequence(...list)
}

/** Throws a plain error when the list is malformed. */
export function readExtensions(list: Asn1 | undefined): Extensions {
  if (list === undefined) return new Map()
  return new Map(
    partsOf(list).map(item => {
      const [oid, second, third] = partsOf(item)
      return [oidOf(oid), bytesOf(isBoolean(second) ? third : second)]
    }),
  )
}

/** Names in the order of the certificate; kinds of names that nobody here uses are left out. */
export function readNames(extensions: Extensions): Names {
  const value = extensions.get(OID.subjectAltName)
  const names = value === undefined ? [] : partsOf(parseDer(value))
  const ofKind = (tag: number) => names.filter(name => isContext(name, tag)).map(name => bytesOf(name))
  return { uris: ofKind(URI), dnsNames: ofKind(DNS), ips: ofKind(IP).map(printIp) }
}

/** Empty when the certificate does not restrict it. */
export function readKeyUsage(extensions: Extensions): readonly KeyUsage[] {
  const value = extensions.get(OID.keyUsage)
  if (value === undefined) return []
  const bits = bitsOf(parseDer(value))[0] ?? 0
  return KEY_USAGES.filter((_usage, index) => (bits & (0x80 >> index)) !== 0)
}

/** What basicConstraints says; without them it is none. */
export function readSaysCa(extensions: Extensions): boolean {
  const value = extensions.get(OID.basicConstraints)
  const [first] = value === undefined ? [] : partsOf(parseDer(value))
  return isBoolean(first) && bytesOf(first) !== '\x00'
}

/** Binary string, or undefined when the certificate has none. */
export function readSubjectKeyId(extensions: Extensions): string | undefined {
  const value = extensions.get(OID.subjectKeyIdentifier)
  return value === undefined ? undefined : bytesOf(parseDer(value))
}

function extension(oid: string, isCritical: boolean, value: Asn1): Asn1 {
  const critical = isCritical ? [boolean(true)] : []
  return sequence(objectId(oid), ...critical, octetString(derText(value)))
}

function basicConstraints(ca: ExtensionOptions['ca']): Asn1 {
  if (ca === undefined) return sequence()
  const depth = ca.pathLength === undefined ? [] : [integer(String.fromCharCode(ca.pathLength))]
  return sequence(boolean(true), ...depth)
}

/** DER cuts the zeros after the last set bit. */
function usageBits(usages: readonly KeyUsage[]): Asn1 {
  const bits = usages.reduce((sum, usage) => sum | (0x80 >> KEY_USAGES.indexOf(usage)), 0)
  const unused = bits === 0 ? 0 : 31 - Math.clz32(bits & -bits)
  return bitString(bits === 0 ? '' : String.fromCharCode(bits), unused)
}

/** Both URIs and DNS names are IA5 strings; a control character or a space never belongs to one. */
function ascii(name: string): string {
  if (/^[\x21-\x7e]+$/.test(name)) return name
  throw new CodedError(
    'x509.bad-name',
    `${JSON.stringify(name)} cannot be a name in a certificate: only printable ASCII without spaces can`,
  )
}

function ipBytes(ip: string): string {
  if (isIPv4(ip)) return String.fromCharCode(...ip.split('.').map(Number))
  if (isIP(ip) !== 6 || ip.includes('%')) {
    throw new CodedError('x509.bad-name', `${JSON.stringify(ip)} is not an IP address without a zone`)
  }
  const words = withoutDottedTail(ip).split('::')
  const head = hexWords(words[0] ?? '')
  const tail = hexWords(words[1] ?? '')
  const zeros = new Array<number>(8 - head.length - tail.length).fill(0)
  return String.fromCharCode(...[...head, ...zeros, ...tail].flatMap(word => [word >> 8, word & 0xff]))
}

/** `::ffff:1.2.3.4` → `::ffff:102:304`. */
function withoutDottedTail(ip: string): string {
  return ip.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a: string, b: string, c: string, d: string) => {
    const word = (high: string, low: string) => ((Number(high) << 8) | Number(low)).toString(16)
    return `${word(a, b)}:${word(c, d)}`
  })
}

function hexWords(text: string): number[] {
  return text === '' ? [] : text.split(':').map(word => Number.parseInt(word, 16))
}

/** Shortest form; bytes of a wrong length are shown in hexadecimal, so that they match no address. */
function printIp(text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length === 4) return bytes.join('.')
  const hex = bytes.toString('hex')
  if (bytes.length !== 16) return hex
  return new SocketAddress({ address: (hex.match(/.{4}/g) ?? []).join(':'), family: 'ipv6' }).address
}
