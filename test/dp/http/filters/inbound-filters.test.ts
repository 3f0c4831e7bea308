/** Faults and limits of an inbound: how often, for whom, in which order. Bounds are five standard deviations wide. */
import t from 'tap'
import type { Fault } from '#contract/resilience/fault.ts'
import type { RateLimit } from '#contract/resilience/rate-limit.ts'
import { InboundFilters } from '../../../../dp/http/filters/inbound-filters.ts'

const cells = (_name: string, count: number) => new Int32Array(count)
const counters = () => ({ limited: 0, delayed: 0, aborted: 0, throttled: 0 })
const ASKED = 20_000

function aFault(options: Partial<Fault>): Fault {
  return { policy: 'MeshFaultInjection/f', ...options }
}

function aLimit(requests: number | null, options: Partial<RateLimit> = {}): RateLimit {
  return {
    policy: 'MeshRateLimit/l',
    requests,
    intervalMs: 60_000,
    status: 429,
    set: [],
    add: [],
    ...options,
  }
}

/** How many requests of so many that is true of. */
function share(
  faults: readonly Fault[],
  isCounted: (terms: { holdMs: number; status: number }) => boolean,
): number {
  const filters = new InboundFilters(faults, [], cells).of(() => true)
  let counted = 0
  for (let asked = 0; asked < ASKED; asked++) {
    const terms = filters?.termsFor(counters()) ?? null
    if (isCounted({ holdMs: terms?.holdMs ?? 0, status: terms?.refusal?.form.status ?? 200 })) counted++
  }
  return counted / ASKED
}

function isNear(measured: number, expected: number): boolean {
  return Math.abs(measured - expected) <= 5 * Math.sqrt((expected * (1 - expected)) / ASKED)
}

t.test('percentages are those of the policy, fractions too', async t => {
  for (const percentage of [2.5, 50, 97]) {
    const measured = share([aFault({ abort: { status: 503, percentage } })], ({ status }) => status === 503)
    t.ok(isNear(measured, percentage / 100), `${percentage} %: ${measured}`)
  }
  t.equal(
    share([aFault({ abort: { status: 503, percentage: 0 } })], ({ status }) => status === 503),
    0,
  )
  t.equal(
    share([aFault({ abort: { status: 503, percentage: 100 } })], ({ status }) => status === 503),
    1,
  )
})

t.test('several faults are decided one after the other', async t => {
  const faults = [418, 420].map(status => aFault({ abort: { status, percentage: 50 } }))
  t.ok(
    isNear(
      share(faults, ({ status }) => status === 418),
      0.5,
    ),
    'the first decides first',
  )
  t.ok(
    isNear(
      share(faults, ({ status }) => status === 420),
      0.25,
    ),
  )
})

t.test('delay and abort of one fault are independent', async t => {
  const fault = aFault({ delay: { ms: 100, percentage: 40 }, abort: { status: 503, percentage: 30 } })
  t.ok(
    isNear(
      share([fault], ({ holdMs }) => holdMs > 0),
      0.4,
    ),
  )
  t.ok(
    isNear(
      share([fault], ({ status, holdMs }) => status === 503 && holdMs > 0),
      0.12,
    ),
  )
})

t.test('delays add up', async t => {
  const faults = [300, 400].map(ms => aFault({ delay: { ms, percentage: 100 } }))
  t.equal(
    share(faults, ({ holdMs }) => holdMs === 700),
    1,
  )
})

t.test('a client gets the faults and the first limit that are for it', async t => {
  const web = { principals: ['spiffe://default/web'] }
  const filters = new InboundFilters(
    [aFault({ clients: web, abort: { status: 503, percentage: 100 } })],
    [aLimit(1, { clients: web }), aLimit(2)],
    cells,
  )
  const others = filters.of(() => false)
  const count = counters()
  const refusals = [1, 2, 3].map(() => others?.termsFor(count)?.refusal?.reason ?? '')
  t.same(refusals, ['', '', 'rate-limited'])
  t.equal(count.limited, 1)
  t.equal(filters.of(() => true)?.termsFor(count)?.refusal?.reason, 'fault-abort')
  t.equal(count.aborted, 1)
})

t.test('a limit that is switched off for a client hides those behind it', async t => {
  const filters = new InboundFilters([], [aLimit(null, { clients: { sni: 'a' } }), aLimit(1)], cells)
  t.equal(
    filters.of(() => true),
    null,
  )
  t.not(
    filters.of(() => false),
    null,
  )
})

t.test('nobody is asked anything where nothing is configured', async t => {
  t.equal(
    new InboundFilters(undefined, undefined, cells).of(() => true),
    null,
  )
})

t.test('a status that says that all is well is answered as 429', async t => {
  const filters = new InboundFilters([], [aLimit(1, { status: 200 })], cells).of(() => true)
  filters?.termsFor(counters())
  t.equal(filters?.termsFor(counters())?.refusal?.form.status, 429)
})

t.test('the same limit in the next snapshot has the same bucket, another one its own', async t => {
  const known = new Map<string, Int32Array>()
  const shared = (name: string, count: number) => {
    const found = known.get(name) ?? new Int32Array(count)
    known.set(name, found)
    return found
  }
  const takes = (limit: RateLimit): boolean =>
    new InboundFilters([], [limit], shared).of(() => true)?.termsFor(counters()) === null
  t.same([takes(aLimit(1)), takes(aLimit(1)), takes(aLimit(2))], [true, false, true])
})
