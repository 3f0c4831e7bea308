/**
 * Resources for fuzzing: from the schema of a kind (polite and hostile values), and by changing documents that are right.
 * Nothing here knows what a kind means, so it finds what its authors did not think of.
 */
import * as fc from 'fast-check'
import type { Kind } from '../../cp/kinds/kind.ts'
import { docOf, type Schema, shapeOf } from '../../cp/kinds/schema/doc.ts'

type Json = unknown

const TEXTS = fc.constantFrom(
  '',
  'a',
  'web',
  'backend_svc_80',
  '*',
  'x'.repeat(300),
  'ä',
  '\u0000',
  'a b',
  '\ud800',
  'a\r\nx-injected: y',
  'a\tb\u0085\u2028',
  '\u202e',
  'NaN',
  '-Infinity',
  '1e308',
  '0x10',
  ' 5',
  '2026-11-23',
  '<<',
  '&a',
  '__proto__',
  'constructor',
  '10s',
  '1h30m',
  '-5s',
  '0s',
  '1d',
  '500ms',
  '9999999h',
  '1e3',
  '50',
  '12.5',
  '-1',
  '101',
  '127.0.0.1',
  '0.0.0.0',
  '::1',
  '10.0.0.300',
  'example.com',
  'EXAMPLE.com',
  '*.example.com',
  'example.com:443',
  'host:99999',
  'http://a.b:9411/x',
  '/path',
  '/',
  'path',
  '/a/',
  '(',
  '^/v[0-9]+$',
  '(a+)+$',
  '(?=x)',
  'aGVsbG8=',
  'not base64!',
  'spiffe://m/web',
  'kuma.io/service',
  '50mbps',
  '5xx',
  '200',
  'Allow',
  'Exact',
  '{{ .Name }}',
  '{{',
  '%KUMA_MESH%',
  '%',
  '../../etc/passwd',
  'TLS12',
  'true',
  'null',
)
const NUMBERS = fc.constantFrom(
  0,
  1,
  2,
  80,
  100,
  101,
  302,
  599,
  600,
  65_535,
  65_536,
  -1,
  1.5,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 64,
  1e308,
  -0,
  1e-9,
)
const HOSTILE: fc.Arbitrary<Json> = fc.oneof(
  fc.constant(null),
  TEXTS,
  NUMBERS,
  fc.boolean(),
  fc.constant([]),
  fc.constant({}),
  fc.array(TEXTS, { maxLength: 2 }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constant(JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "toString": "x"}')),
  fc.constant(nested(40)),
)
const KEYS = fc.constantFrom(
  'kuma.io/service',
  'kuma.io/protocol',
  'kuma.io/zone',
  'team',
  'a b',
  '',
  '__proto__',
  '<<',
  '\ud800',
  'constructor',
  'x'.repeat(80),
  'ä',
)

/** A whole body for the kind; name and mesh are those of the URL it will be sent to. */
export function arbitraryBody(
  kind: Kind,
  at: { readonly mesh: string; readonly name: string },
  examples: readonly Readonly<Record<string, Json>>[],
): fc.Arbitrary<Readonly<Record<string, Json>>> {
  const meta = { type: kind.type, name: at.name, ...(kind.scope === 'Mesh' ? { mesh: at.mesh } : {}) }
  const labels = fc.option(fc.dictionary(KEYS, TEXTS, { maxKeys: 2 }), { nil: undefined, freq: 4 })
  const fromSchema = fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(0.1) }),
      labels,
    )
    .chain(([hostility, given]) =>
      arbitraryOf(kind.schema, hostility).map(spec => ({
        ...meta,
        ...(given === undefined ? {} : { labels: given }),
        ...(kind.encoding === 'spec' ? { spec } : { ...(spec as object), ...meta }),
      })),
    )
  if (examples.length === 0) return fromSchema
  const changed = fc
    .tuple(fc.constantFrom(...examples), fc.array(CHANGES, { maxLength: 3 }))
    .map(([example, changes]) => {
      const body = structuredClone(example) as Record<string, Json>
      Object.assign(body, meta)
      for (const change of changes) apply(body, change)
      return body
    })
  return fc.oneof({ weight: 2, arbitrary: changed }, { weight: 1, arbitrary: fromSchema })
}

function arbitraryOf(schema: Schema, hostility: number): fc.Arbitrary<Json> {
  const polite = politeValue(schema, hostility)
  if (hostility === 0) return polite
  return fc.oneof(
    { weight: Math.round(100 * (1 - hostility)), arbitrary: polite },
    { weight: Math.round(100 * hostility), arbitrary: HOSTILE },
  )
}

function politeValue(schema: Schema, hostility: number): fc.Arbitrary<Json> {
  const shape = shapeOf(schema)
  switch (shape.type) {
    case 'object': {
      const fields = Object.entries(shape.fields).map(
        ([name, field]) =>
          [name, fc.option(arbitraryOf(field, hostility), { nil: undefined, freq: freqOf(field) })] as const,
      )
      return fc
        .record(Object.fromEntries(fields))
        .map(record => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)))
    }
    case 'list':
      return fc.array(arbitraryOf(shape.item, hostility), { maxLength: 2 })
    case 'map':
      return fc.dictionary(KEYS, arbitraryOf(shape.value, hostility), { maxKeys: 2 })
    case 'enum':
      return fc.constantFrom(...shape.values)
    case 'string':
      return TEXTS
    case 'number':
      return NUMBERS
    case 'boolean':
      return fc.boolean()
    default:
      return fc.oneof(TEXTS, NUMBERS, fc.jsonValue({ maxDepth: 2 }))
  }
}

/** Required fields are nearly always there: most documents should come past the first fault. */
function freqOf(field: Schema): number {
  return docOf(field)?.required === true ? 20 : 2
}

interface ChangeOf {
  readonly at: number
  readonly how: 'remove' | 'replace' | 'repeat' | 'snake' | 'add'
  readonly value: Json
}

const CHANGES: fc.Arbitrary<ChangeOf> = fc.record({
  at: fc.nat(1_000),
  how: fc.constantFrom('remove', 'replace', 'repeat', 'snake', 'add'),
  value: HOSTILE,
})

/** At one of the places of the body, below its metadata. */
function apply(body: Record<string, Json>, { at, how, value: given }: ChangeOf): void {
  // a later change must not reach into the constants
  const value: Json = JSON.parse(JSON.stringify(given))
  const places = placesIn(body, 0)
  const place = places[at % Math.max(places.length, 1)]
  if (place === undefined) return
  const { owner, key } = place
  if (Array.isArray(owner)) {
    const index = Number(key)
    if (how === 'remove') owner.splice(index, 1)
    else if (how === 'repeat') owner.push(structuredClone(owner[index]))
    else owner[index] = value
    return
  }
  const record = owner as Record<string, Json>
  if (how === 'remove') delete record[key]
  else if (how === 'snake') {
    const moved = record[key]
    delete record[key]
    record[key.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)] = moved
  } else if (how === 'add') record[`${key}X`] = value
  else record[key] = value
}

function placesIn(value: Json, depth: number): { readonly owner: object; readonly key: string }[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) =>
    depth === 0 && ['type', 'name', 'mesh'].includes(key)
      ? []
      : [{ owner: value, key }, ...placesIn(member, depth + 1)],
  )
}

function nested(levels: number): Json {
  return levels === 0 ? 'deep' : { a: nested(levels - 1) }
}
