/**
 * Every field of the policies for calls that hold out acts, and its documented default is what acts where it is left out: in
 * the snapshot, or in the data plane where that fills it in.
 */
import t from 'tap'
import { type FieldRow, fieldsOf } from '../../../../cp/kinds/describe.ts'
import { DEFAULT_LIMITS } from '../../../../dp/codec/limits.ts'
import { kindNamed } from '../../../support/bodies.ts'
import { changedAt, type Steps, stepsTo, valueAt } from '../../../support/places.ts'
import { actingUnder, type PolicyList, readPolicy } from '../../../support/policed-mesh.ts'
import { WHOLE_POLICIES, type WholePolicy } from './whole-policies.ts'

const short = (ms: number): string => (ms % 60_000 === 0 ? `${ms / 60_000}m` : `${ms / 1000}s`)
const { meshIdleMs, localIdleMs } = DEFAULT_LIMITS
const NO_VALUE = Symbol('nothing can be written that says the same')

/** Defaults in words → what is written to say the same. */
const IN_WORDS: Readonly<Record<string, unknown>> = {
  [`1h; HTTP: ${short(meshIdleMs)}, and ${short(localIdleMs)} to applications and without mTLS`]: '1h',
  [`${short(meshIdleMs)}; without mTLS ${short(localIdleMs)}`]: short(meshIdleMs),
  '10 times baseInterval': '100ms',
  '50, or as a MeshHealthCheck or HealthCheck says': 50,
  'OmitPreviousHosts, which always acts': [{ predicate: 'OmitPreviousHosts' }],
  'all methods': [],
  'all requests': [],
  'as interval': '10s',
  'baseInterval 25ms': { baseInterval: '25ms' },
  empty: '',
  'idleTimeout 1h': { idleTimeout: '1h' },
  'none: a connection is enough': [],
  nothing: '',
  'nothing: a connection is enough': [],
  'the name of the service in the mesh': 'grpc',
  'the server as a whole': '',
  'the timeout of the request': '0s',
  // see below
  'Canceled, ResourceExhausted, Unavailable; and what HTTP calls GatewayError, ConnectFailure, RefusedStream, Reset':
    NO_VALUE,
  'cancelled, resource_exhausted, unavailable; and what HTTP calls gateway_error, connect_failure, refused_stream, reset':
    NO_VALUE,
}

for (const [type, policy] of Object.entries(WHOLE_POLICIES)) {
  for (const list of policy.lists) {
    const rows = fieldsBelow(type, list)
    t.test(`${type}, ${list}`, async t => {
      for (const row of rows) {
        t.test(row.path, async t => {
          checkField(t, type, list, row, policy)
        })
      }
    })
  }
}

t.test('gRPC is tried again after these where nobody says after which', async t => {
  const texts = [
    fieldsBelow('MeshRetry', 'to').find(({ path }) => path === 'grpc.retryOn')?.doc.default,
    fieldsBelow('Retry', 'conf').find(({ path }) => path === 'grpc.retryOn')?.doc.default,
  ]
  const plain = (text = ''): string => text.replace(/[_-]/g, '').toLowerCase().replace('cancell', 'cancel')
  for (const [i, [type, list]] of (
    [
      ['MeshRetry', 'to'],
      ['Retry', 'conf'],
    ] as const
  ).entries()) {
    const acting = JSON.stringify(actingUnder(type, list, { grpc: { numRetries: 1 } })['web-1'])
    const on = /"on":\[([^\]]*)\]/.exec(acting)?.[1]?.replaceAll('"', '').split(',') ?? []
    const said = texts[i]?.replace('; and what HTTP calls', ',').split(', ') ?? []
    t.same(said.map(plain).sort(), on.map(plain).sort(), type)
  }
})

/** With paths below the conf. */
function fieldsBelow(type: string, list: PolicyList): readonly FieldRow[] {
  const prefix = list === 'conf' ? 'conf.' : `spec.${list}[].default.`
  return fieldsOf(kindNamed(type))
    .filter(({ path }) => path.startsWith(prefix))
    .map(row => ({ ...row, path: row.path.slice(prefix.length) }))
}

type Checks = Pick<typeof t, 'ok' | 'same'>

function checkField(t: Checks, type: string, list: PolicyList, row: FieldRow, { confs }: WholePolicy): void {
  const { path, doc } = row
  const holders = confs.flatMap(conf => {
    const steps = stepsTo(conf, path)
    return steps === undefined ? [] : [{ conf, steps }]
  })
  if (!t.ok(holders.length > 0, 'it is in the table of whole policies')) return
  const isParent = holders.some(({ conf, steps }) => isSection(valueAt(conf, steps)))
  if (doc.unenforced !== undefined) return checkUnenforced(t, type, list, holders)
  const mayBeLeftOut = doc.required !== true && !/must be (defined|set)/.test(doc.rule ?? '')
  if (!isParent) {
    t.ok(
      holders.some(({ conf, steps }) => doesAct(type, list, conf, steps)),
      'it acts',
    )
    if (mayBeLeftOut) t.ok(doc.default !== undefined, 'it says what acts without it')
  }
  if (doc.default === undefined) return
  for (const { conf, steps } of holders) {
    const value = written(doc.default, valueAt(conf, steps))
    if (value === NO_VALUE) continue
    const without = actingUnder(type, list, changedAt(conf, steps, undefined))
    t.same(without, actingUnder(type, list, changedAt(conf, steps, value)), `without it: ${doc.default}`)
  }
}

function checkUnenforced(
  t: Checks,
  type: string,
  list: PolicyList,
  holders: readonly { readonly conf: object; readonly steps: Steps }[],
): void {
  for (const { conf, steps } of holders) {
    const read = readPolicy(type, list, conf)
    if (!t.ok(read.ok) || !read.ok) continue
    const field = `.${steps.join('.')}`
    t.ok(
      read.unenforced.some(one => one.field.endsWith(field)),
      'the answer says that it does not act',
    )
    t.same(actingUnder(type, list, conf), actingUnder(type, list, changedAt(conf, steps, undefined)))
  }
}

/** Without it, or with another value where it has to be there, something is done otherwise. */
function doesAct(type: string, list: PolicyList, conf: object, steps: Steps): boolean {
  const isOtherwise = (changed: object): boolean =>
    readPolicy(type, list, changed).ok &&
    JSON.stringify(actingUnder(type, list, conf)) !== JSON.stringify(actingUnder(type, list, changed))
  return (
    isOtherwise(changedAt(conf, steps, undefined)) ||
    isOtherwise(changedAt(conf, steps, another(valueAt(conf, steps))))
  )
}

function isSection(value: unknown): boolean {
  const [one] = Array.isArray(value) ? value : [value]
  return typeof one === 'object'
}

/** The default as one would write it in place of `value`. */
function written(text: string, value: unknown): unknown {
  if (Object.hasOwn(IN_WORDS, text)) return IN_WORDS[text]
  if (text === 'none' || text === 'no limit') return nothingLike(value)
  if (Array.isArray(value)) return text.split(', ').map(item => (/^\d+$/.test(item) ? Number(item) : item))
  if (typeof value === 'boolean' && /^(true|false)$/.test(text)) return text === 'true'
  if (typeof value === 'number' || /^\d+(\.\d+)?$/.test(text)) return Number(text)
  if (typeof value === 'string' && !text.includes(' ')) return text
  throw new Error(`a default in words that nobody knows: ${text}`)
}

function nothingLike(value: unknown): unknown {
  if (Array.isArray(value)) return []
  if (typeof value !== 'string') return NO_VALUE
  return isDuration(value) ? '0s' : ''
}

function another(value: unknown): unknown {
  if (typeof value === 'number') return value + 1
  if (typeof value === 'boolean') return !value
  if (typeof value !== 'string') return { other: 'tag' }
  if (isDuration(value)) return '77s'
  if (/^\d+(\.\d+)?$/.test(value)) return '7'
  if (/bps$/.test(value)) return '7kbps'
  return OTHERS[value] ?? `${value}x`
}

const OTHERS: Readonly<Record<string, string>> = {
  Seconds: 'UnixTimestamp',
  OmitPreviousPriorities: 'OmitPreviousHosts',
}

function isDuration(text: string): boolean {
  return /^\d+(ms|s|m|h)$/.test(text)
}
