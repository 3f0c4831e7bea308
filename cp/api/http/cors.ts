/**
 * Answers to pages of other sites (kuma-api 1.1): only those whose origin matches a setting may read. A pattern has to fit
 * the whole origin; in Kuma a part is enough.
 */
import { CodedError, messageOf } from '#base/errors.ts'

export interface Cors {
  /** Headers for the answer to a page of this origin; none: the browser keeps the answer from it. */
  headers(origin: string | undefined): Readonly<Record<string, string>>
  /** Answer to the question before a request; null: not allowed. */
  preflight(origin: string | undefined, methods: readonly string[]): Readonly<Record<string, string>> | null
}

/** null: no other site may. Throws `settings.invalid` for what is no regular expression. */
export function corsFor(patterns: readonly string[]): Cors | null {
  if (patterns.length === 0) return null
  const tests = patterns.map(patternOf)
  const headers = (origin: string | undefined): Readonly<Record<string, string>> =>
    origin !== undefined && tests.some(test => test.test(origin))
      ? {
          'access-control-allow-origin': origin,
          'access-control-expose-headers': 'Access-Control-Allow-Origin, ETag, Warning',
          vary: 'Origin',
        }
      : {}
  return {
    headers,
    preflight(origin, methods) {
      const allowed = headers(origin)
      if (Object.keys(allowed).length === 0) return null
      return {
        ...allowed,
        'access-control-allow-methods': methods.join(', '),
        'access-control-allow-headers': 'Authorization, Content-Type, If-Match, If-None-Match',
      }
    },
  }
}

function patternOf(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`)
  } catch (error) {
    const message = `apiServer.corsAllowedDomains: ${JSON.stringify(pattern)} is no regular expression: ${messageOf(error)}`
    throw new CodedError('settings.invalid', message, { cause: error, details: { permanent: true } })
  }
}
