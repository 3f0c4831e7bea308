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
  /** `remark`: a token was sent and the caller is admin without it; whether it would have been good. */
  | { readonly ok: true; readonly user: User; readonly remark?: string }
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
  const token = hasToken ? authorization.slice('Bearer '.length).trim() : null
  if (settings.localhostIsAdmin && loopbackRefusal(request) === null) {
    return {
      ok: true,
      user: ADMIN_USER,
      ...(token === null ? {} : { remark: await remarkOn(token, tokens) }),
    }
  }
  if (token !== null) return userOfToken(token, tokens)
  const isCertified = request.isTls && request.hasTrustedClientCertificate
  return { ok: true, user: isCertified ? ADMIN_USER : ANONYMOUS }
}

/** Who tests roles on the host of the control plane, or has a wrong token, would not notice. */
async function remarkOn(token: string, tokens: Tokens): Promise<string> {
  const found = await userOfToken(token, tokens)
  const what = found.ok
    ? `not used (it is of ${found.user.name})`
    : `not used, and is not valid: ${found.reason}`
  return `${what}; callers on this machine are admin`
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
