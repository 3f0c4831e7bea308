/**
 * The token endpoints (kuma-api 1.11): JSON in, the JWT as plain text out. What is checked before and after the right
 * to make a token is in Kuma's order.
 */
import { readGoDuration } from '#base/duration.ts'
import { zoneTokenAccess } from '../auth/access.ts'
import { unverifiedClaims } from '../auth/jwt.ts'
import { DEFAULT_VALID_FOR_MS } from '../auth/tokens.ts'
import type { Access } from '../kinds/access/accesses.ts'
import type { Violation } from '../kinds/kind.ts'
import { contentTypeOf, denied } from './dispatch.ts'
import type { Answer } from './http/answer.ts'
import { readValue } from './http/body.ts'
import { invalid, problem } from './problem.ts'
import type { ApiContext, ApiRequest, Endpoint } from './request.ts'

const TITLE = 'Invalid request'
const PROXY_TYPES: readonly string[] = ['', 'dataplane', 'ingress', 'egress']

export function dataplaneTokenEndpoint(context: ApiContext): Endpoint {
  return {
    right: { check: 'inside', action: { type: 'dataplane-token', mesh: '', name: '', tags: {} } },
    operation: 'Could not issue a token',
    consumes: 'json',
    producesText: true,
    async handle(request) {
      const fields = await readFields(request)
      if (!fields.ok) return fields.answer
      const { text } = fields
      const [name, mesh, type, workload] = [text('name'), text('mesh'), text('type'), text('workload')]
      const tags = fields.tags('tags')
      const validFor = validForOf(text('validFor'), false)
      if (fields.faults.length > 0) return wrongType(fields.faults)
      const violations: Violation[] = [
        ...(mesh === '' ? [{ field: 'mesh', message: 'cannot be empty' }] : []),
        ...validFor.violations,
        ...(PROXY_TYPES.includes(type)
          ? []
          : [{ field: 'type', message: `${type} is not a valid proxy type` }]),
      ]
      const refused =
        mesh === '' ? null : denied(context, request, { type: 'dataplane-token', mesh, name, tags })
      if (refused !== null) return refused
      if (violations.length > 0) return invalid(TITLE, violations)
      const claims = { name, mesh, tags, type, workload }
      const jwt = await context.tokens.issueDataplaneToken(claims, validFor.ms ?? DEFAULT_VALID_FOR_MS)
      return issued(context, request, ['GENERATE_DATAPLANE_TOKEN'], jwt)
    },
  }
}

export function userTokenEndpoint(context: ApiContext): Endpoint {
  return {
    right: { check: 'inside', action: { type: 'user-token', name: '', groups: [] } },
    operation: 'Could not issue a token',
    consumes: 'json',
    producesText: true,
    async handle(request) {
      const fields = await readFields(request)
      if (!fields.ok) return fields.answer
      const name = fields.text('name')
      const groups = fields.list('groups')
      const validFor = validForOf(fields.text('validFor'), true)
      if (fields.faults.length > 0) return wrongType(fields.faults)
      const refused = denied(context, request, { type: 'user-token', name, groups })
      if (refused !== null) return refused
      const violations: Violation[] = [
        ...(name === '' ? [{ field: 'name', message: 'cannot be empty' }] : []),
        ...validFor.violations,
      ]
      if (violations.length > 0) return invalid(TITLE, violations)
      const jwt = await context.tokens.issueUserToken({ name, groups }, validFor.ms ?? 0)
      return issued(context, request, ['GENERATE_USER_TOKEN'], jwt)
    },
  }
}

/**
 * `scope` null: the caller names none, as with the older `/tokens/zone-ingress`. Stricter than Kuma, which issues tokens
 * for scopes that nothing accepts.
 */
export function zoneTokenEndpoint(context: ApiContext, fixedScope: readonly string[] | null): Endpoint {
  return {
    right: { check: 'inside', action: { type: 'zone-token', zone: '', scope: [] } },
    operation: 'Could not issue a token',
    consumes: 'json',
    producesText: true,
    async handle(request) {
      const fields = await readFields(request)
      if (!fields.ok) return fields.answer
      const zone = fields.text('zone')
      const scope = fixedScope ?? fields.list('scope')
      const validFor = validForOf(fields.text('validFor'), false)
      if (fields.faults.length > 0) return wrongType(fields.faults)
      const refused = denied(context, request, { type: 'zone-token', zone, scope })
      if (refused !== null) return refused
      const unknown = scope.filter(one => !ZONE_SCOPES.includes(one))
      const violations: Violation[] = [
        ...(scope.length === 0 ? [{ field: 'scope', message: 'cannot be empty' }] : []),
        ...unknown.map(one => ({
          field: 'scope',
          message: `${JSON.stringify(one)} is not a scope; there are ${ZONE_SCOPES.join(', ')}`,
        })),
        ...validFor.violations,
      ]
      if (violations.length > 0) return invalid(TITLE, violations)
      const jwt = await context.tokens.issueZoneToken({ zone, scope }, validFor.ms ?? DEFAULT_VALID_FOR_MS)
      return issued(context, request, zoneTokenAccess(scope), jwt)
    },
  }
}

const ZONE_SCOPES: readonly string[] = ['ingress', 'egress', 'cp', 'ratelimit']

/** Tokens are rights: that one was made, and for whom, is told whatever AccessAudits say. */
async function issued(
  { audit, log }: ApiContext,
  { user }: ApiRequest,
  accesses: readonly Access[],
  jwt: string,
): Promise<Answer> {
  const claims = unverifiedClaims(jwt)
  await Promise.all(accesses.map(access => audit.issued(user, access, claims)))
  const { jti: id, Name: name, Mesh: mesh, Zone: zone, Groups: groups } = claims
  log.info({ by: user.name, what: accesses.join(', '), id, name, mesh, zone, groups }, 'made a token')
  return { status: 200, text: jwt, headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' } }
}

interface Fields {
  readonly ok: true
  /** Of wrong types, filled by the readers. */
  readonly faults: Violation[]
  text(field: string): string
  list(field: string): readonly string[]
  tags(field: string): Readonly<Record<string, readonly string[]>>
}

async function readFields(
  request: ApiRequest,
): Promise<Fields | { readonly ok: false; readonly answer: Answer }> {
  const body = readValue(await request.body(), contentTypeOf(request))
  if (!body.ok) return { ok: false, answer: badRequest(body.message) }
  const { value } = body
  if (!isObject(value)) return { ok: false, answer: badRequest('the body must be an object') }
  const faults: Violation[] = []
  const wrong = (field: string, message: string): void => void faults.push({ field, message })
  const list = (given: unknown, field: string): readonly string[] => {
    if (given === undefined || given === null) return []
    if (Array.isArray(given) && given.every(item => typeof item === 'string')) return given
    wrong(field, 'must be a list of strings')
    return []
  }
  return {
    ok: true,
    faults,
    text(field) {
      const given = value[field] ?? ''
      if (typeof given === 'string') return given
      wrong(field, 'must be a string')
      return ''
    },
    list: field => list(value[field], field),
    tags(field) {
      const given = value[field] ?? {}
      if (isObject(given)) {
        return Object.fromEntries(
          Object.entries(given).map(([tag, values]) => [
            tag,
            list(values, `${field}[${JSON.stringify(tag)}]`),
          ]),
        )
      }
      wrong(field, 'must be an object of lists')
      return {}
    },
  }
}

/** `ms` undefined: not given. In Kuma's words, doubled ones included. */
function validForOf(
  text: string,
  isRequired: boolean,
): { readonly ms?: number; readonly violations: readonly Violation[] } {
  const fault = (message: string): Violation => ({ field: 'validFor', message })
  if (text === '') return { violations: isRequired ? [fault('cannot be empty')] : [] }
  const read = readGoDuration(text)
  const isNothing = !read.ok || read.ns === 0n
  const violations = [
    ...(read.ok ? [] : [fault(`is invalid: ${read.message}`)]),
    ...(isRequired && isNothing ? [fault('cannot be empty or nil')] : []),
  ]
  return read.ok ? { ms: Number(read.ns / 1_000_000n), violations } : { violations }
}

function badRequest(detail: string): Answer {
  return problem({ status: 400, title: 'Bad Request', detail })
}

function wrongType(faults: readonly Violation[]): Answer {
  return problem({
    status: 400,
    title: 'Bad Request',
    detail: 'the body has fields of a wrong type',
    violations: faults,
  })
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
