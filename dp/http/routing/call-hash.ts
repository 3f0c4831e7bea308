/**
 * The hash of a call, by which some balancers choose an endpoint: of the parts that the policies of its cluster name,
 * combined in their order (Kuma semantics 3.9).
 */
import { randomBytes } from 'node:crypto'
import type { HashPolicy } from '#contract/balancer.ts'
import { NO_HASH, xxHash } from '../../cluster/balance/hash.ts'
import { parameterOf } from './matchers.ts'
import type { RequestView } from './request-view.ts'

const COOKIE_BYTES = 8

export interface CallHash {
  /** NO_HASH: nothing of what is to be hashed is there. */
  hash: number
  /** Value of a Set-Cookie for the answer: the client brought no cookie, and this one was hashed; ''. */
  setCookie: string
}

/** One object for all: read before the next call is hashed. */
const RESULT: CallHash = { hash: NO_HASH, setCookie: '' }

/** `address`: of the client. */
export function hashCall(policies: readonly HashPolicy[], request: RequestView, address: string): CallHash {
  RESULT.hash = NO_HASH
  RESULT.setCookie = ''
  for (const policy of policies) {
    const part = partOf(policy, request, address)
    if (part !== undefined) RESULT.hash = combined(RESULT.hash, xxHash(part))
    if (policy.isTerminal && RESULT.hash !== NO_HASH) break
  }
  return RESULT
}

/** Of a TCP connection, which has nothing but its client's address. */
export function hashConnection(policies: readonly HashPolicy[], address: string): number {
  return policies.some(({ type }) => type === 'connection') ? xxHash(address) : NO_HASH
}

function partOf(policy: HashPolicy, request: RequestView, address: string): string | undefined {
  switch (policy.type) {
    case 'header':
      return request.field(policy.name)
    case 'query':
      return parameterOf(request.target, policy.name)
    case 'connection':
      return address
    case 'cookie': {
      const brought = cookieOf(request.field('cookie') ?? '', policy.name)
      if (brought !== undefined || policy.ttlMs === undefined) return brought
      const made = randomBytes(COOKIE_BYTES).toString('hex')
      RESULT.setCookie = `${policy.name}="${made}"${attributesOf(policy.ttlMs, policy.path)}; HttpOnly`
      return made
    }
  }
}

function attributesOf(ttlMs: number, path: string | undefined): string {
  // Without an age it lasts as long as the client's session.
  const age = ttlMs === 0 ? '' : `; Max-Age=${Math.round(ttlMs / 1000)}`
  return path === undefined ? age : `${age}; Path=${path}`
}

/** Its value without quotes; undefined: there is none of that name. */
function cookieOf(cookies: string, name: string): string | undefined {
  for (const cookie of cookies.split(';')) {
    const equals = cookie.indexOf('=')
    if (equals >= 0 && cookie.slice(0, equals).trim() === name)
      return cookie
        .slice(equals + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1')
  }
  return undefined
}

/** As Envoy: order matters. */
function combined(before: number, hash: number): number {
  return before === NO_HASH ? hash : (((before << 1) | (before >>> 31)) ^ hash) >>> 0
}
