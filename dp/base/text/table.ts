/** Tables for people and scripts as kumactl prints them, and ages in whole units. */

/** Columns padded with three spaces; the last line ends with a newline. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, ...rows]
  const widths = titles.map((_, column) =>
    lines.reduce((widest, line) => Math.max(widest, (line[column] ?? '').length), 0),
  )
  return lines
    .map(line =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .map(line => `${line}\n`)
    .join('')
}

/** Whole units: `57s`, `3m`, `2h`, `4d`. `-` for what is no time. */
export function age(time: unknown, nowMs: number): string {
  const ms = typeof time === 'string' ? nowMs - Date.parse(time) : Number.NaN
  return Number.isFinite(ms) ? span(Math.max(0, ms)) : '-'
}

/** As `age`, for a length. */
export function span(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}
