/**
 * What a data plane sent, as text → a frame, or why it is none, and which frame is welcome in which state of a session.
 * Nothing behind it looks at types again.
 */
import {
  type Check,
  hasMembers,
  isCount,
  isFlag,
  isListOf,
  isNumber,
  isObject,
  isText,
  orNull,
  wrongMember,
} from '#base/shape.ts'
import type { FromDataPlane } from '#contract/messages.ts'

/** `ended`: told why, waiting for the connection to close; nothing it says counts any more. */
export type SessionState = 'new' | 'joining' | 'live' | 'leaving' | 'ended' | 'closed'

export const WELCOME_IN: Readonly<Record<FromDataPlane['type'], readonly SessionState[]>> = {
  hello: ['new'],
  ack: ['live', 'leaving'],
  refuse: ['live', 'leaving'],
  issue: ['live'],
  report: ['live', 'leaving'],
  readiness: ['live', 'leaving'],
  answer: ['live', 'leaving'],
  leave: ['live'],
}

export type ReadFrame = { readonly frame: FromDataPlane } | { readonly fault: string }

const isVersion = hasMembers({ epoch: isCount, revision: isCount })
const isName: Check = value => isText(value) && value !== ''
/** What fits into a Date. */
const isTime: Check = value => isCount(value) && Number(value) <= 8.64e15
const isCertificate = hasMembers({ notBeforeMs: isTime, notAfterMs: isTime, backend: isText })
const isReadiness = hasMembers({ isReady: isFlag, reason: isText, sinceMs: isTime })
const areReadiness: Check = value => isObject(value) && Object.values(value).every(isReadiness)
const areDigests: Check = value => isObject(value) && Object.values(value).every(isText)

const MEMBERS: Readonly<Record<FromDataPlane['type'], Readonly<Record<string, Check>>>> = {
  hello: {
    protocol: isNumber,
    instance: isName,
    incarnation: isCount,
    dpVersion: isText,
    features: isListOf(isText),
    have: orNull(hasMembers({ version: isVersion, digests: areDigests })),
    host: isText,
  },
  ack: { version: isVersion },
  refuse: { version: isVersion, violations: isListOf(hasMembers({ path: isText, message: isText })) },
  issue: { id: isNumber, csr: isText },
  report: { certificate: orNull(isCertificate) },
  readiness: { inbounds: areReadiness },
  answer: { id: isNumber, value: orNull(isObject), fault: orNull(isText) },
  leave: {},
}

export function readFrame(text: string): ReadFrame {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { fault: 'a frame was not JSON' }
  }
  if (!isObject(value) || typeof value['type'] !== 'string') return { fault: 'a frame has no type' }
  const { type } = value
  if (!Object.hasOwn(MEMBERS, type)) return { fault: `there is no frame ${JSON.stringify(type)}` }
  const wrong = wrongMember(value, MEMBERS[type as FromDataPlane['type']])
  if (wrong !== undefined) return { fault: `frame ${type} has a wrong ${wrong}` }
  return { frame: value as unknown as FromDataPlane }
}
