/**
 * Request → user (kuma-api 1.3): admin by loopback, else the user of a token, else admin by client certificate, else
 * anonymous. A token that is not valid is a 401 and never anonymous. What the user may do is decided in `access.ts`.
 */
import { CodedError } from '#base/errors.ts'
import { loopbackRefusal, type RequestFacts } from './loopback.ts'
import type { Tokens } from './tokens.ts'
import { ADMIN_USER, ANONYMOUS, AUTHENTICATED, type User } from './user.ts'

export interface AuthenticateSettings {
  readonly localhostIsAdmin: boolean
}

export type Authentication =
  /** `ignoresToken`: one was sent, and the caller is admin without it; nobody has looked at it. */
  | { readonly ok: true; readonly user: User; readonly ignoresToken?: true }
  /** Answer 401; the reason is for the log and the message, it tells nothing about our keys. */
  | { readonly ok: false; readonly reason: string }

/** Throws only what the store throws. */
export async function authenticate(
  request: RequestFacts,
  tokens: Tokens,
  settings: AuthenticateSettings,
): Promise<Authentication> {
  const { authorization } = request.headers
  const hasToken = typeof authorization === 'string' && authorization.startsWith('Bearer ')
  if (settings.localhostIsAdmin && loopbackRefusal(request) === null) {
    return { ok: true, user: ADMIN_USER, ...(hasToken ? { ignoresToken: true } : {}) }
  }
  if (hasToken) return userOfToken(authorization.slice('Bearer '.length).trim(), tokens)
  const isCertified = request.isTls && request.hasTrustedClientCertificate
  return { ok: true, user: isCertified ? ADMIN_USER : ANONYMOUS }
}

async function userOfToken(token: string, tokens: Tokens): Promise<Authentication> {
  try {
    const user = await tokens.verifyUserToken(token)
    return { ok: true, user: { name: user.name, groups: [...user.groups, AUTHENTICATED] } }
  } catch (error) {
    if (!(error instanceof CodedError) || !error.code.startsWith('auth.')) throw error
    return { ok: false, reason: error.message }
  }
}
