/**
 * The vocabulary of fields that kinds share, and its rules with Kuma's messages (kuma-api 4.3). Schemas say the
 * shape; the functions answer violations for values whose shape is right.
 */
import { isIP } from 'node:net'
import { z } from 'zod'
import { formatGoDuration, formatProtobufDuration, readGoDuration } from '#base/duration.ts'
import { fieldAt, keyAt } from './field-path.ts'
import type { Violation } from './kind.ts'

export type Tags = Readonly<Record<string, string>>

export const PROTOCOL_TAG = 'kuma.io/protocol'
export const ZONE_TAG = 'kuma.io/zone'
export const PROTOCOLS = ['grpc', 'http', 'http2', 'kafka', 'tcp'] as const

/** Tag → value. */
export const tagsSchema = z.record(z.string(), z.string())

/** A Go duration, kept as protobuf prints it (`3600s`): flat kinds. */
export const protobufDuration = durationPrintedBy(formatProtobufDuration)
/** A Go duration, kept as Go prints it (`1h0m0s`): kinds with a `spec`. */
export const goDuration = durationPrintedBy(formatGoDuration)

function durationPrintedBy(print: (ns: bigint) => string) {
  return z.string().transform((value, context) => {
    const read = readGoDuration(value)
    if (read.ok) return print(read.ns)
    context.issues.push({ code: 'custom', message: read.message, input: value })
    return z.NEVER
  })
}

export function violation(field: string, message: string): Violation {
  return { field, message }
}

export function whenStored(found: Violation): Violation {
  return { ...found, whenStored: true }
}

export function portViolations(port: number | undefined, field: string): Violation[] {
  const isPort = port !== undefined && port >= 1 && port <= 65535
  return isPort ? [] : [violation(field, 'port must be in the range [1, 65535]')]
}

/** Left out is fine; zero and less are not. */
export function positiveDurationViolations(duration: string | undefined, field: string): Violation[] {
  if (duration === undefined) return []
  const read = readGoDuration(duration)
  return read.ok && read.ns > 0n ? [] : [violation(field, 'must have a positive value')]
}

export function positiveViolations(value: number | undefined, field: string): Violation[] {
  return value === undefined || value > 0 ? [] : [violation(field, 'must have a positive value')]
}

/** An address that others can call: IP or DNS name, not the unspecified one. */
export function addressViolations(address: string, field: string): Violation[] {
  if (address === '') return [violation(field, "address can't be empty")]
  if (isUnspecified(address)) return [violation(field, 'must not be 0.0.0.0 or ::')]
  if (isHost(address)) return []
  return [violation(field, 'address has to be valid IP address or domain name')]
}

/** `name` is that of the field in the message, as Kuma has it. */
export function ipViolations(address: string | undefined, field: string, name: string): Violation[] {
  if (address === undefined || address === '') return []
  if (isIP(address) === 0) return [violation(field, `${name} has to be valid IP address`)]
  return isUnspecified(address) ? [violation(field, 'must not be 0.0.0.0 or ::')] : []
}

/** Names and values of tags, sorted by name. */
export function tagViolations(tags: Tags, path: string): Violation[] {
  return sortedKeys(tags).flatMap(name => oneTagViolations(name, tags[name] ?? '', path))
}

function oneTagViolations(name: string, value: string, path: string): Violation[] {
  const field = keyAt(path, name)
  const violations: Violation[] = []
  if (name === '') violations.push(violation(path, 'tag name must be non-empty'))
  if (!/^[a-zA-Z0-9.\-_:/]*$/.test(name)) {
    violations.push(
      violation(
        field,
        'tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores',
      ),
    )
  }
  if (value === '') violations.push(violation(field, 'tag value must be non-empty'))
  if (!/^[a-zA-Z0-9.\-_:]*$/.test(value)) {
    violations.push(
      violation(field, 'tag value must consist of alphanumeric characters, dots, dashes and underscores'),
    )
  }
  return violations
}

/** A selector: as tags, and a value may be `*`. */
export function selectorViolations(tags: Tags | undefined, path: string): Violation[] {
  if (tags === undefined || Object.keys(tags).length === 0)
    return [violation(path, 'must have at least one tag')]
  return sortedKeys(tags).flatMap(name => {
    const value = tags[name] ?? ''
    if (value === '*') return oneTagViolations(name, 'any', path)
    if (/^[a-zA-Z0-9.\-_:/]+$/.test(value)) return oneTagViolations(name, 'any', path)
    const rule =
      value === ''
        ? 'tag value must be non-empty'
        : 'tag value must consist of alphanumeric characters, dots, dashes, slashes and underscores or be "*"'
    return [...oneTagViolations(name, 'any', path), violation(keyAt(path, name), rule)]
  })
}

/** Second and later uses of a name among `names`. */
export function usedNameViolations(
  names: readonly string[],
  fieldOf: (index: number) => string,
): Violation[] {
  const isRepeated = repeated(names)
  return names.flatMap((name, index) =>
    isRepeated[index] === true
      ? [
          violation(
            fieldAt(fieldOf(index), 'name'),
            `${JSON.stringify(name)} name is already used for another backend`,
          ),
        ]
      : [],
  )
}

/** For each value whether it stands earlier in the list too. */
export function repeated(values: readonly unknown[]): readonly boolean[] {
  const seen = new Set<unknown>()
  return values.map(value => {
    const isThere = seen.has(value)
    seen.add(value)
    return isThere
  })
}

/** The form of an address in which equal addresses are equal texts. */
export function canonicalAddress(address: string): string {
  if (isIP(address) === 6) {
    const host = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1)
    const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(host)
    if (mapped === null) return host
    const bits = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)]
    return bits.flatMap(word => [word >> 8, word & 255]).join('.')
  }
  const lower = address.toLowerCase().replace(/\.$/, '')
  return lower === 'localhost' ? '127.0.0.1' : lower
}

export function sortedKeys(map: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(map).sort()
}

function isUnspecified(address: string): boolean {
  return isIP(address) !== 0 && ['0.0.0.0', '::'].includes(canonicalAddress(address))
}

/** An IP address or a DNS name. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || isDnsName(text)
}

/** What looks like an IPv4 address and is none (`10.0.0.300`) is no name either. */
export function isDnsName(text: string): boolean {
  return (
    text.length <= 253 &&
    /^[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62}(\.[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62})*\.?$/.test(text) &&
    !/(^|\.)\d+\.?$/.test(text)
  )
}
