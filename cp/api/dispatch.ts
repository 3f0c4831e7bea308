/**
 * What happens to every request before and after its handler, in this order: can the body and the answer be what the
 * caller says (415, 406), who asks (401), may they (403), the handler, and what it threw.
 */
import { randomUUID } from 'node:crypto'
import { AccessDenied, type AccessRefusal, type Action, VIEWS } from '../auth/access.ts'
import { type Authentication, authenticate } from '../auth/authenticate.ts'
import { loopbackRefusal } from '../auth/loopback.ts'
import { ANONYMOUS, isAnonymous, type User } from '../auth/user.ts'
import type { Kind } from '../kinds/kind.ts'
import {
  type Answer,
  formatFor,
  NOT_ACCEPTABLE,
  type Rendered,
  render,
  UNSUPPORTED_MEDIA_TYPE,
} from './http/answer.ts'
import { isReadable } from './http/body.ts'
import { orNotModified } from './http/not-modified.ts'
import { accessDenied, problemOf, unauthenticated } from './problem.ts'
import type { ApiContext, ApiRequest, Endpoint, IncomingFacts, PermittedWrite } from './request.ts'

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
  const refusal = context.access.refusal(request.user, action)
  return refusal === null ? null : refused(request, refusal)
}

/** Asks, in the middle of a write, for the right to it: see `WriteOptions.permit`. */
export function permitFor(
  { access }: ApiContext,
  { user }: ApiRequest,
  kind: Kind,
): PermittedWrite['permit'] {
  return (before, after) => {
    const refusal = access.refusal(user, { type: 'change', kind, before, after })
    if (refusal !== null) throw new AccessDenied(refusal)
  }
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
    const early = isEarly ? denied(context, request, placed(right.action, facts)) : null
    const answer = early ?? (await handled(endpoint, request))
    const isRead = facts.method === 'GET' || facts.method === 'HEAD'
    if (!isRead) tell(context, request, answer.status)
    if (right.check === 'before' && answer.status < 400) await audit(context, request, right.action)
    const told = who.remark === undefined ? answer : withRemark(answer, who.remark)
    return isRead ? orNotModified(request, told) : told
  } catch (error) {
    const { method, path } = facts
    return problemOf(error, { operation, id: randomUUID(), method, path }, context.log)
  }
}

function withRemark(answer: Answer, remark: string): Answer {
  const token = remark.slice(0, 400).replace(/[^ -~]/g, '?')
  return { ...answer, headers: { ...answer.headers, 'x-vmesh-token': token } }
}

async function handled(endpoint: Endpoint, request: ApiRequest): Promise<Answer> {
  try {
    return await endpoint.handle(request)
  } catch (error) {
    if (error instanceof AccessDenied) return refused(request, error.refusal)
    throw error
  }
}

function refused(request: ApiRequest, { detail, advice }: AccessRefusal): Answer {
  const anonymous = adviceFor(request, request.user)
  if (anonymous !== null) return accessDenied(detail, { field: 'Authorization', message: anonymous })
  return accessDenied(detail, advice === null ? null : { field: 'access', message: advice })
}

/** With the mesh and the name that the path says: rights may be for some only. */
function placed(action: Action, { params }: IncomingFacts): Action {
  if (action.type !== 'read' && action.type !== 'view') return action
  return { ...action, mesh: params['mesh'], name: params['name'] }
}

/** Who changed what, or wanted to, or only tried. */
function tell({ log }: ApiContext, { method, path, query, user }: ApiRequest, status: number): void {
  const dryRun = query.get('dryRun') ?? 'false'
  log.info({ method, path, status, user: user.name, ...(dryRun === 'false' ? {} : { dryRun: true }) }, 'API')
}

/** Looks at what is not a resource; writes and tokens are audited where they are made. */
async function audit(context: ApiContext, { user, params }: ApiRequest, action: Action): Promise<void> {
  if (action.type !== 'view') return
  const { mesh = '', name = '' } = params
  const { what, proxy } = action
  await context.audit.viewed(user, VIEWS[what], proxy === undefined ? null : { type: proxy, mesh, name })
}

async function userOf(
  context: ApiContext,
  check: Endpoint['right']['check'],
  facts: IncomingFacts,
): Promise<Authentication> {
  if (check === 'never') return { ok: true, user: ANONYMOUS }
  return authenticate(facts, context.tokens, context.authenticate)
}

/** Callers on this machine expect to be admin: they are told why they are not. */
function adviceFor(facts: IncomingFacts, user: User): string | null {
  if (!isAnonymous(user)) return null
  const why = LOOPBACK.test(facts.remoteAddress ?? '') ? loopbackRefusal(facts) : null
  const reason = why === null ? '' : `; not taken for the admin of this machine since ${why}`
  return `no user token was sent (Authorization: Bearer …)${reason}`
}

const LOOPBACK = /^(::ffff:)?127\.|^::1$/
