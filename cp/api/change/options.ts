/**
 * The parameters of a write: `?dryRun=true`, maybe with `affected=false`, and `?wait=applied&timeout=30s`. A wrong value
 * refuses the write.
 */
import { goDurationMs } from '#base/duration.ts'
import { didYouMean } from '#base/text/nearest.ts'
import type { Violation } from '../../kinds/kind.ts'
import type { Answer } from '../http/answer.ts'
import { invalid } from '../problem.ts'

export type ChangeOptions =
  | {
      readonly ok: true
      readonly isDryRun: boolean
      /** A dry run names the data planes that would change: long work where they are many. */
      readonly namesAffected: boolean
      /** How long to wait for data planes; null: not at all. */
      readonly waitMs: number | null
    }
  | { readonly ok: false; readonly answer: Answer }

export type Timeout =
  | { readonly ok: true; readonly ms: number }
  | { readonly ok: false; readonly message: string }

const DEFAULT_TIMEOUT_MS = 30_000
const MAX_TIMEOUT_MS = 300_000

/** @param others parameters that the operation has besides those of every write */
export function readChangeOptions(query: URLSearchParams, others: readonly string[] = []): ChangeOptions {
  const violations = unknownParameters(query, [...PARAMETERS, ...others])
  const [dryRun, affected] = [query.get('dryRun'), query.get('affected')]
  const wait = query.get('wait')
  const timeout = readTimeout(query)
  for (const [field, value] of Object.entries({ dryRun, affected })) {
    if (value === null || ['true', 'false', ''].includes(value)) continue
    violations.push({ field, message: `must be true or false, not ${JSON.stringify(value)}` })
  }
  if (wait !== null && wait !== 'applied') {
    violations.push({ field: 'wait', message: `must be applied, not ${JSON.stringify(wait)}` })
  }
  if (!timeout.ok) violations.push({ field: 'timeout', message: timeout.message })
  if (violations.length > 0 || !timeout.ok) {
    return { ok: false, answer: invalid('Could not process a resource', violations) }
  }
  return {
    ok: true,
    isDryRun: dryRun !== null && dryRun !== 'false',
    namesAffected: affected !== 'false',
    waitMs: wait === null ? null : timeout.ms,
  }
}

/** Of every write; `output` says in which form it is answered. */
const PARAMETERS = ['dryRun', 'affected', 'wait', 'timeout', 'acceptUnenforced', 'format', 'output']

/** One that is misspelt would be a write that was only to be tried. */
function unknownParameters(query: URLSearchParams, known: readonly string[]): Violation[] {
  const unknown = [...new Set(query.keys())].filter(name => !known.includes(name))
  return unknown.map(field => ({ field, message: `there is no such parameter${didYouMean(field, known)}` }))
}

/** At most five minutes. */
export function readTimeout(query: URLSearchParams): Timeout {
  const text = query.get('timeout')
  if (text === null) return { ok: true, ms: DEFAULT_TIMEOUT_MS }
  const ms = goDurationMs(text)
  if (ms === null || ms < 0) return { ok: false, message: 'must be a duration like 30s' }
  return ms > MAX_TIMEOUT_MS ? { ok: false, message: 'must be at most 5m' } : { ok: true, ms }
}
