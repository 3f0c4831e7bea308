/**
 * Selectors of the legacy policies and gateways (kuma-api 4.3, 4.10): lists of tag maps, a value may be `*`. The shape,
 * and the rules of each class with Kuma's messages in Kuma's order.
 */
import { z } from 'zod'
import { itemAt, keyAt } from '../field-path.ts'
import { selectorViolations, sortedKeys, tagsSchema, violation } from '../fields.ts'
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
  { needsService = false, onlyService = false }: SelectorRules,
): Violation[] {
  const tags = sortedKeys(match)
  const hasService = Object.hasOwn(match, SERVICE_TAG)
  const isOnlyService = tags.length === 1 && hasService
  return [
    ...(onlyService && !isOnlyService
      ? [violation(path, `must consist of exactly one tag "${SERVICE_TAG}"`)]
      : []),
    ...selectorViolations(match, path),
    ...(onlyService
      ? tags
          .filter(tag => tag !== SERVICE_TAG)
          .map(tag => violation(keyAt(path, tag), `tag ${JSON.stringify(tag)} is not allowed`))
      : []),
    ...(needsService && !hasService ? [violation(path, `mandatory tag "${SERVICE_TAG}" is missing`)] : []),
  ]
}
