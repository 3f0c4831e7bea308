/**
 * What the control plane sent, as text → a frame, or why it is none. Sections are looked at later (dp/contract/check.ts);
 * here only what the link itself reads.
 */
import type { FromControlPlane } from '#contract/messages.ts'

type Fields = Readonly<Record<string, unknown>>

/** `null`: a frame of a type that this data plane does not know. */
export type ReadFrame = { readonly frame: FromControlPlane | null } | { readonly fault: string }

const isText = (value: unknown): boolean => typeof value === 'string'
const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value)
const isDuration = (value: unknown): boolean => isNumber(value) && Number(value) > 0
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isVersion = (value: unknown): boolean =>
  isObject(value) && isNumber(value['epoch']) && isNumber(value['revision'])
const isListOf =
  (isItem: (item: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(isItem)
const isViolation = (value: unknown): boolean =>
  isObject(value) && isText(value['path']) && isText(value['message'])

const MEMBERS: Readonly<
  Record<FromControlPlane['type'], Readonly<Record<string, (value: unknown) => boolean>>>
> = {
  welcome: { controlPlane: isText, pingMs: isDuration, leaseMs: isDuration },
  snapshot: {
    version: isVersion,
    base: value => value === null || isVersion(value),
    sections: isObject,
    digests: isObject,
    removed: isListOf(isText),
  },
  issued: { id: isNumber, chain: isText, uris: isListOf(isText), backend: isText, trustDomain: isText },
  'issue-refused': { id: isNumber, reason: isText },
  reject: {
    code: isText,
    message: isText,
    violations: isListOf(isViolation),
    permanent: value => typeof value === 'boolean',
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
  if (!isObject(value) || !isText(value['type'])) return { fault: 'it has no type' }
  const type = String(value['type'])
  if (!Object.hasOwn(MEMBERS, type)) return { frame: null }
  for (const [member, isSound] of Object.entries(MEMBERS[type as FromControlPlane['type']])) {
    if (!isSound(value[member])) return { fault: `${type} with a wrong ${member}` }
  }
  return { frame: value as unknown as FromControlPlane }
}
