/**
 * A document → the body that is sent over what is stored, so that nothing is written which only says that the document
 * came from `export` or does not know of labels.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Shown } from '../output.ts'
import type { ResourceDocument } from './documents.ts'
import { withKeptLabels } from './labels.ts'

/** Of every exported Mesh: its default policies are in the file themselves. */
export const NO_INITIAL_POLICIES = { skipCreatingInitialPolicies: ['*'] }
const FIELD = 'skipCreatingInitialPolicies'

/** The very body of the document where it can go as it is. `stored` null: there is none, or nobody had to know. */
export function asSent(document: ResourceDocument, stored: Shown | null): Shown {
  const body = withKeptLabels(document, stored)
  if (document.kind.type !== 'Mesh' || stored === null || stored[FIELD] !== undefined) return body
  if (!isDeepStrictEqual(body[FIELD], NO_INITIAL_POLICIES[FIELD])) return body
  // read when a mesh is made, and this one is there
  return Object.fromEntries(Object.entries(body).filter(([key]) => key !== FIELD))
}
