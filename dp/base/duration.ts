/**
 * Durations and sizes as people write them: Go durations (`1h30m`, `500ms`), the one-unit durations of meshes
 * (`30d`), sizes in bytes (`16MiB`); and back, as Go and as protobuf print them. Durations are nanoseconds in a
 * bigint, since Go's reach over 290 years; a wrong text is a value with Go's message. Pure.
 */

export type DurationResult =
  | { readonly ok: true; readonly ns: bigint }
  | { readonly ok: false; readonly message: string }

const NS_PER_MS = 1_000_000n
const NS_PER_SECOND = 1_000_000_000n
/** Go keeps durations in 64 bits. */
const MAX_NS = 2n ** 63n - 1n

const GO_UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: NS_PER_MS,
  s: NS_PER_SECOND,
  m: 60n * NS_PER_SECOND,
  h: 3600n * NS_PER_SECOND,
}

/** What Go's `time.ParseDuration` accepts, with its messages: `time: unknown unit "d" in duration "1d"`. */
export function readGoDuration(text: string): DurationResult {
  const fault = (what: string): DurationResult => ({
    ok: false,
    message: `time: ${what} duration ${JSON.stringify(text)}`,
  })
  const isNegative = text.startsWith('-')
  let rest = text.replace(/^[-+]/, '')
  if (rest === '0') return { ok: true, ns: 0n }
  if (rest === '') return fault('invalid')
  let ns = 0n
  while (rest !== '') {
    const match = /^(\d*)(?:\.(\d*))?([^\d.]*)/.exec(rest)
    const [whole, digits = '', fraction = '', unit = ''] = match ?? ['']
    if (digits === '' && fraction === '') return fault('invalid')
    if (unit === '') return fault('missing unit in')
    const unitNs = GO_UNITS[unit]
    if (unitNs === undefined) return fault(`unknown unit ${JSON.stringify(unit)} in`)
    ns += BigInt(digits === '' ? 0 : digits) * unitNs
    if (fraction !== '') ns += (BigInt(fraction) * unitNs) / 10n ** BigInt(fraction.length)
    if (ns > MAX_NS) return fault('invalid')
    rest = rest.slice(whole.length)
  }
  return { ok: true, ns: isNegative ? -ns : ns }
}

/** ms, with a fraction for what is shorter; null for a text that is not a Go duration. */
export function goDurationMs(text: string): number | null {
  const read = readGoDuration(text)
  return read.ok ? Number(read.ns) / 1e6 : null
}

/** As Go prints a duration: `1m30s`, `1h0m0s`, `500ms`, `1.5µs`, `0s`. */
export function formatGoDuration(ns: bigint): string {
  if (ns < 0n) return `-${formatGoDuration(-ns)}`
  if (ns === 0n) return '0s'
  if (ns < 1_000n) return `${ns}ns`
  if (ns < NS_PER_MS) return `${decimal(ns, 3)}µs`
  if (ns < NS_PER_SECOND) return `${decimal(ns, 6)}ms`
  const minutes = ns / (60n * NS_PER_SECOND)
  const seconds = `${decimal(ns % (60n * NS_PER_SECOND), 9)}s`
  if (minutes === 0n) return seconds
  if (minutes < 60n) return `${minutes}m${seconds}`
  return `${minutes / 60n}h${minutes % 60n}m${seconds}`
}

/** As protobuf's JSON prints a duration: seconds with 0, 3, 6 or 9 digits: `3600s`, `0.500s`. */
export function formatProtobufDuration(ns: bigint): string {
  if (ns < 0n) return `-${formatProtobufDuration(-ns)}`
  const fraction = (ns % NS_PER_SECOND)
    .toString()
    .padStart(9, '0')
    .replace(/(000)+$/, '')
  return `${ns / NS_PER_SECOND}${fraction === '' ? '' : `.${fraction}`}s`
}

const HOUR_MS = 3_600_000
const MESH_UNITS_MS: Readonly<Record<string, number>> = {
  y: 365 * 24 * HOUR_MS,
  w: 7 * 24 * HOUR_MS,
  d: 24 * HOUR_MS,
  h: HOUR_MS,
  m: 60_000,
  s: 1000,
  ms: 1,
}

/** ms of a number with one unit (`1d`, `10y`; a year has 365 days) or of `0`; null for everything else. */
export function meshDurationMs(text: string): number | null {
  if (text === '0') return 0
  const match = /^(\d+)(y|w|d|h|m|s|ms)$/.exec(text)
  const unitMs = MESH_UNITS_MS[match?.[2] ?? '']
  return unitMs === undefined ? null : Number(match?.[1]) * unitMs
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  K: 1000,
  KB: 1000,
  M: 1000 ** 2,
  MB: 1000 ** 2,
  G: 1000 ** 3,
  GB: 1000 ** 3,
  KI: 1024,
  KIB: 1024,
  MI: 1024 ** 2,
  MIB: 1024 ** 2,
  GI: 1024 ** 3,
  GIB: 1024 ** 3,
}

/** Bytes of `16MiB`, `64k`, `1.5GB`, `100`, whatever the case of the unit; null for everything else. */
export function byteSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s?([a-z]*)$/i.exec(text.trim())
  const unit = SIZE_UNITS[(match?.[2] ?? '?').toUpperCase()]
  return unit === undefined ? null : Math.round(Number(match?.[1]) * unit)
}

/** In the largest binary unit that leaves no fraction: `16MiB`, `1536KiB`, `100B`. */
export function formatByteSize(bytes: number): string {
  for (const [unit, size] of [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`
  }
  return `${bytes}B`
}

/** `value` / 10^`digits` without trailing zeros. */
function decimal(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits)
  const fraction = (value % unit).toString().padStart(digits, '0').replace(/0+$/, '')
  return `${value / unit}${fraction === '' ? '' : `.${fraction}`}`
}
