/** Bodies of legacy policies: selectors, what is said about wrong ones, and what is stored. */
import { deepEqual } from 'node:assert/strict'
import { accepted } from './bodies.ts'

/** Fields of a body, and `FIELD: MESSAGE` of all its faults. */
export type FaultCase = readonly [fields: object, faults: readonly string[]]

const match = (tags: object): readonly object[] => [{ match: tags }]
const service = (name: string): readonly object[] => match({ 'kuma.io/service': name })

export const anyToAny = { sources: service('*'), destinations: service('*') }
export const webToBackend = { sources: service('web'), destinations: service('backend') }

/** Of policies whose sources need a service and whose destinations are a service and nothing else (S+, D1). */
export const OUTBOUND_FAULTS: readonly FaultCase[] = [
  [
    { sources: undefined, destinations: [] },
    ['sources: must have at least one element', 'destinations: must have at least one element'],
  ],
  [
    { sources: match({}), destinations: [{}] },
    [
      'sources[0].match: must have at least one tag',
      'sources[0].match: mandatory tag "kuma.io/service" is missing',
      'destinations[0].match: must consist of exactly one tag "kuma.io/service"',
      'destinations[0].match: mandatory tag "kuma.io/service" is missing',
    ],
  ],
  [
    { sources: match({ version: '1' }), destinations: match({ 'kuma.io/service': 'backend', x: 'y' }) },
    [
      'sources[0].match: mandatory tag "kuma.io/service" is missing',
      'destinations[0].match: must consist of exactly one tag "kuma.io/service"',
      'destinations[0].match["x"]: tag "x" is not allowed',
    ],
  ],
  [
    { sources: match({ 'kuma.io/service': '', 'a b': '*' }), destinations: service('back end') },
    [
      'sources[0].match["a b"]: tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores',
      'sources[0].match["kuma.io/service"]: tag value must be non-empty',
      'destinations[0].match["kuma.io/service"]: tag value must consist of alphanumeric characters, dots, dashes, slashes and underscores or be "*"',
    ],
  ],
]

/** Of policies whose sources and destinations may have any tags (S, D). */
export const INBOUND_FAULTS: readonly FaultCase[] = [
  [
    { sources: undefined, destinations: [] },
    ['sources: must have at least one element', 'destinations: must have at least one element'],
  ],
  [
    { sources: match({}), destinations: [{}] },
    ['sources[0].match: must have at least one tag', 'destinations[0].match: must have at least one tag'],
  ],
  [
    { sources: match({ version: '' }), destinations: match({ version: 'a*' }) },
    [
      'sources[0].match["version"]: tag value must be non-empty',
      'destinations[0].match["version"]: tag value must consist of alphanumeric characters, dots, dashes, slashes and underscores or be "*"',
    ],
  ],
]

/** The spec that is stored; throws when it is refused, has unknown fields, or changes when it is put again. */
export function storedSpec(type: string, fields: object): unknown {
  const { draft, unknownFields } = accepted(type, fields)
  deepEqual(unknownFields, [])
  const again = accepted(type, draft.spec as object)
  deepEqual(again.draft.spec, draft.spec)
  return draft.spec
}
