/**
 * What the control plane sent, as text → a frame, or why it is none. Sections are looked at later (dp/contract/check.ts);
 * here only what the link itself reads.
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
import type { FromControlPlane } from '#contract/messages.ts'

/** `null`: a frame of a type that this data plane does not know. */
export type ReadFrame = { readonly frame: FromControlPlane | null } | { readonly fault: string }

const isDuration: Check = value => isNumber(value) && Number(value) > 0
const isVersion = hasMembers({ epoch: isCount, revision: isCount })

const MEMBERS: Readonly<Record<FromControlPlane['type'], Readonly<Record<string, Check>>>> = {
  welcome: { controlPlane: isText, pingMs: isDuration, leaseMs: isDuration },
  snapshot: {
    version: isVersion,
    base: orNull(isVersion),
    sections: isObject,
    digests: isObject,
    removed: isListOf(isText),
  },
  issued: { id: isNumber, chain: isText, uris: isListOf(isText), backend: isText, trustDomain: isText },
  'issue-refused': { id: isNumber, reason: isText },
  question: { id: isNumber, topic: isText },
  reject: {
    code: isText,
    message: isText,
    violations: isListOf(hasMembers({ path: isText, message: isText })),
    permanent: isFlag,
  },
  left: {},
}

export function readFrame(text: string): ReadFrame {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { fault: 'it is not JSON' }
  }
  if (!isObject(value) || typeof value['type'] !== 'string') return { fault: 'it has no type' }
  const { type } = value
  if (!Object.hasOwn(MEMBERS, type)) return { frame: null }
  const wrong = wrongMember(value, MEMBERS[type as FromControlPlane['type']])
  if (wrong !== undefined) return { fault: `${type} with a wrong ${wrong}` }
  return { frame: value as unknown as FromControlPlane }
}
