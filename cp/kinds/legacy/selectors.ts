/**
 * Selectors of the legacy policies and gateways (kuma-api 4.3, 4.10): lists of tag maps, a value may be `*`. The shape,
 * and the rules of each class with Kuma's messages in Kuma's order.
 */
import { z } from 'zod'
import { itemAt, keyAt } from '../field-path.ts'
import { PROTOCOL_TAG, selectorViolations, sortedKeys, tagsSchema, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { optional } from '../schema/doc.ts'

export const SERVICE_TAG = 'kuma.io/service'

/** A field with a list of selectors. */
export function selectorsField(description: string) {
  return optional(
    z.array(z.object({ match: optional(tagsSchema, 'Tags and their values; `*` stands for any value.') })),
    description,
    { rule: 'at least one' },
  )
}

export type Selectors = readonly { readonly match?: Readonly<Record<string, string>> | undefined }[]

export interface SelectorRules {
  /** `kuma.io/service` has to be there (class S+). */
  readonly needsService?: boolean
  /** Nothing but `kuma.io/service` may be there (class D1). */
  readonly onlyService?: boolean
  /** `kuma.io/protocol` has to be there with one of these values. */
  readonly protocols?: readonly string[]
}

/** `sources` and `destinations` of policies for calls, which the proxy of the client applies. */
export const directionFields = {
  sources: selectorsField('Clients: data planes whose inbounds or gateway have these tags.'),
  destinations: selectorsField('Services that they call.'),
}

interface Directions {
  readonly sources?: Selectors | undefined
  readonly destinations?: Selectors | undefined
}

/** Of a policy that the proxy of the client applies: clients by service (S+), destinations by service alone (D1). */
export function outboundViolations({ sources, destinations }: Directions): Violation[] {
  return [
    ...selectorsViolations(sources, 'sources', { needsService: true }),
    ...selectorsViolations(destinations, 'destinations', { needsService: true, onlyService: true }),
  ]
}

/** Of a policy that the proxy of the service applies: any tags on both sides (S, D). */
export function inboundViolations(
  { sources, destinations }: Directions,
  destinationRules: SelectorRules = {},
): Violation[] {
  return [
    ...selectorsViolations(sources, 'sources'),
    ...selectorsViolations(destinations, 'destinations', destinationRules),
  ]
}

/** At least one selector, each with at least one tag. */
export function selectorsViolations(
  selectors: Selectors | undefined,
  path: string,
  rules: SelectorRules = {},
): Violation[] {
  if (selectors === undefined || selectors.length === 0) {
    return [violation(path, 'must have at least one element')]
  }
  return selectors.flatMap(({ match }, i) => matchViolations(match ?? {}, `${itemAt(path, i)}.match`, rules))
}

/** One tag map of a selector or a destination. */
export function matchViolations(
  match: Readonly<Record<string, string>>,
  path: string,
  { needsService = false, onlyService = false, protocols }: SelectorRules,
): Violation[] {
  const tags = sortedKeys(match)
  const hasService = Object.hasOwn(match, SERVICE_TAG)
  const isOnlyService = tags.length === 1 && hasService
  const others = onlyService ? tags.filter(tag => tag !== SERVICE_TAG) : []
  return [
    ...(onlyService && !isOnlyService
      ? [violation(path, `must consist of exactly one tag "${SERVICE_TAG}"`)]
      : []),
    // that exactly one is needed says it already
    ...(onlyService && tags.length === 0 ? [] : selectorViolations(match, path)),
    ...(protocols === undefined ? [] : protocolViolations(match, path, protocols)),
    ...others.map(tag => violation(keyAt(path, tag), `tag ${JSON.stringify(tag)} is not allowed`)),
    ...(needsService && !hasService ? [violation(path, `mandatory tag "${SERVICE_TAG}" is missing`)] : []),
  ]
}

function protocolViolations(
  match: Readonly<Record<string, string>>,
  path: string,
  protocols: readonly string[],
): Violation[] {
  const protocol = match[PROTOCOL_TAG]
  if (protocol === undefined) return [violation(path, 'protocol must be specified')]
  if (protocols.includes(protocol)) return []
  return [violation(keyAt(path, PROTOCOL_TAG), `must be one of the [${protocols.join(', ')}]`)]
}
