/**
 * Durations as people write them (Go's form, which Kuma uses everywhere: `30s`, `1h30m`, `500ms`) ↔ milliseconds.
 */

const MS_OF_UNIT: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}

/** Milliseconds, with a fraction where the text has one; null for what Go's `time.ParseDuration` refuses. */
export function parseDuration(text: string): number | null {
  const sign = text.startsWith('-') ? -1 : 1
  const rest = text.replace(/^[+-]/, '')
  if (rest === '0') return 0
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return null
  let ms = 0
  for (const [, number, unit] of rest.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    ms += Number(number) * (MS_OF_UNIT[unit ?? ''] ?? 0)
  }
  return sign * ms
}

/** As Go prints it: `72h0m0s`, `1m30s`, `1.5s`, `500ms`, `0s`. Finer than a microsecond is rounded. */
export function formatDuration(ms: number): string {
  const sign = ms < 0 ? '-' : ''
  const micros = Math.round(Math.abs(ms) * 1_000)
  if (micros === 0) return '0s'
  if (micros < 1_000) return `${sign}${micros}µs`
  if (micros < 1_000_000) return `${sign}${micros / 1_000}ms`
  const minutes = Math.floor(micros / 60_000_000)
  const seconds = (micros - minutes * 60_000_000) / 1_000_000
  if (minutes === 0) return `${sign}${seconds}s`
  const hours = Math.floor(minutes / 60)
  return hours === 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${hours}h${minutes % 60}m${seconds}s`
}
