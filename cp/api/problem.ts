/**
 * The one place where what went wrong becomes a response (kuma-api 1.4). In: a title and what is wrong, or whatever
 * was thrown. Out: the error body with Kuma's deprecated duplicates, which kumactl 2.5 prints. A fault that the
 * catalogue does not know is logged with its cause under an id that the caller is told.
 */
import { CodedError } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import { firstFew, moreFaults } from '#base/text/first-few.ts'
import { ERRORS } from '../errors.ts'
import type { Violation } from '../kinds/kind.ts'
import type { Answer } from './http/answer.ts'

export interface Problem {
  readonly status: number
  readonly title: string
  readonly detail?: string
  readonly violations?: readonly Violation[]
  /** Under which the log tells more. */
  readonly instance?: string
  readonly headers?: Readonly<Record<string, string>>
}

export const INVALID = 'Resource is not valid'

export function problem({ status, title, detail = '', violations, instance, headers }: Problem): Answer {
  const parameters = violations === undefined || violations.length === 0 ? null : bounded(violations)
  const value = {
    type: '/std-errors',
    status,
    title,
    ...(detail === '' ? {} : { detail }),
    ...(instance === undefined ? {} : { instance }),
    ...(parameters === null
      ? {}
      : { invalid_parameters: parameters.map(({ field, message }) => ({ field, reason: message })) }),
    ...(detail === '' ? {} : { details: detail }),
    ...(parameters === null ? {} : { causes: parameters.map(({ field, message }) => ({ field, message })) }),
  }
  return { status, value, ...(headers === undefined ? {} : { headers }) }
}

/** Whoever sends very many faults, or long ones, is not answered at that length, twice. */
function bounded(violations: readonly Violation[]): readonly Violation[] {
  const few = firstFew(violations, count => ({ field: '', message: moreFaults(count) }))
  return few.map(({ field, message }) => ({ field: shortened(field), message: shortened(message) }))
}

const LONGEST = 2_000

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

/** Faults of the input: all of them, or the first hundred. */
export function invalid(title: string, violations: readonly Violation[]): Answer {
  return problem({ status: 400, title, detail: INVALID, violations })
}

export function notFound(title: string): Answer {
  return problem({ status: 404, title, detail: 'Not found' })
}

/** @param reason what is wrong with the token, or that there is none; beside Kuma's sentence */
export function unauthenticated(reason: string): Answer {
  return problem({
    status: 401,
    title: 'Invalid authentication data',
    detail: 'Unauthenticated',
    violations: [{ field: 'Authorization', message: `${reason}; ${NEW_TOKEN}` }],
    headers: { 'www-authenticate': 'Bearer' },
  })
}

/**
 * @param detail Kuma's sentence of `access.ts`
 * @param advice what would be needed, or why nobody took the caller for an admin
 */
export function accessDenied(detail: string, advice: Violation | null): Answer {
  const violations = advice === null ? [] : [advice]
  return problem({ status: 403, title: 'Access Denied', detail, violations })
}

const NEW_TOKEN = 'get a new one from an admin (vmeshctl generate user-token)'

export interface Failure {
  /** Title of an error that has none of its own. */
  readonly operation: string
  /** Of the request, for log and answer. */
  readonly id: string
  readonly method: string
  readonly path: string
}

/** Whatever a handler threw → its answer. */
export function problemOf(error: unknown, failure: Failure, log: Logger): Answer {
  const { operation, ...where } = failure
  const known = error instanceof CodedError ? ERRORS[error.code] : undefined
  if (known === undefined || !(error instanceof CodedError)) {
    log.error({ err: error, ...where }, 'request failed')
    return problem({ status: 500, title: operation, detail: 'Internal Server Error', instance: where.id })
  }
  const { status, title, detail = error.message, isRetryable } = known
  // nothing is wrong here when a data plane cannot be asked
  if (status >= 500 && !error.code.startsWith('push.')) log.error({ err: error, ...where }, 'request failed')
  return problem({
    status,
    title: title ?? operation,
    detail,
    ...(status >= 500 ? { instance: where.id } : {}),
    headers: {
      ...(status === 503 && isRetryable ? { 'retry-after': '1' } : {}),
      ...(error.code === 'api.too-large' ? { connection: 'close' } : {}),
    },
  })
}
