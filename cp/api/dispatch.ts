/**
 * What happens to every request before and after its handler, in this order: can the body and the answer be what the
 * caller says (415, 406), who asks (401), may they (403), the handler, and what it threw.
 */
import { randomUUID } from 'node:crypto'
import { type Action, accessRefusal } from '../auth/access.ts'
import { authenticate } from '../auth/authenticate.ts'
import { loopbackRefusal } from '../auth/loopback.ts'
import { ANONYMOUS, UNAUTHENTICATED, type User } from '../auth/user.ts'
import {
  type Answer,
  formatFor,
  NOT_ACCEPTABLE,
  type Rendered,
  render,
  UNSUPPORTED_MEDIA_TYPE,
} from './http/answer.ts'
import { isReadable } from './http/body.ts'
import { accessDenied, problemOf, unauthenticated } from './problem.ts'
import type { ApiContext, ApiRequest, Endpoint, IncomingFacts } from './request.ts'

/** Never throws. */
export async function dispatch(
  context: ApiContext,
  endpoint: Endpoint,
  facts: IncomingFacts,
): Promise<Rendered> {
  const { accept } = facts.headers
  const asked = typeof accept === 'string' ? accept : undefined
  const format = endpoint.producesText === true ? 'json' : formatFor(asked, facts.query.get('output'))
  if (endpoint.consumes !== undefined && !isReadable(contentTypeOf(facts), endpoint.consumes)) {
    return render(UNSUPPORTED_MEDIA_TYPE, 'json')
  }
  if (format === null) return render(NOT_ACCEPTABLE, 'json')
  const answer = await answerOf(context, endpoint, facts)
  // a caller that prefers YAML reads errors all the same: JSON is YAML
  return render(answer, answer.status >= 400 ? 'json' : format)
}

export function contentTypeOf({ headers }: Pick<IncomingFacts, 'headers'>): string | undefined {
  const type = headers['content-type']
  return typeof type === 'string' ? type : undefined
}

/** null: go on. For handlers whose right is checked inside. */
export function denied(context: ApiContext, request: ApiRequest, action: Action): Answer | null {
  const refusal = accessRefusal(request.user, action, context.access)
  return refusal === null ? null : accessDenied(refusal, adviceFor(request, request.user))
}

async function answerOf(context: ApiContext, endpoint: Endpoint, facts: IncomingFacts): Promise<Answer> {
  const { right, operation } = endpoint
  try {
    const who = await userOf(context, right.check, facts)
    if (!who.ok) {
      context.log.info({ method: facts.method, path: facts.path, reason: who.reason }, 'not authenticated')
      return unauthenticated(who.reason)
    }
    const request: ApiRequest = { ...facts, user: who.user }
    const isEarly = right.check === 'before' || (right.check === 'inside' && isAnonymous(who.user))
    const refused = isEarly ? denied(context, request, right.action) : null
    const answer = refused ?? (await endpoint.handle(request))
    if (facts.method !== 'GET') tell(context, request, answer.status)
    return answer
  } catch (error) {
    const { method, path } = facts
    return problemOf(error, { operation, id: randomUUID(), method, path }, context.log)
  }
}

/** Who changed what, or wanted to. */
function tell({ log }: ApiContext, { method, path, user }: ApiRequest, status: number): void {
  log.info({ method, path, status, user: user.name }, 'API')
}

async function userOf(
  context: ApiContext,
  check: Endpoint['right']['check'],
  facts: IncomingFacts,
): Promise<{ ok: true; user: User } | { ok: false; reason: string }> {
  if (check === 'never') return { ok: true, user: ANONYMOUS }
  return authenticate(facts, context.tokens, context.authenticate)
}

function isAnonymous(user: User): boolean {
  return user.groups.includes(UNAUTHENTICATED)
}

/** Callers on this machine expect to be admin: they are told why they are not. */
function adviceFor(facts: IncomingFacts, user: User): string | null {
  if (!isAnonymous(user)) return null
  const why = LOOPBACK.test(facts.remoteAddress ?? '') ? loopbackRefusal(facts) : null
  const reason = why === null ? '' : `; not taken for the admin of this machine since ${why}`
  return `no user token was sent (Authorization: Bearer …)${reason}`
}

const LOOPBACK = /^(::ffff:)?127\.|^::1$/
