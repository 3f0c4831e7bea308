/** Priorities and localities: who gets how much of the calls, and what failing endpoints change about it. */
import t from 'tap'
import { EndpointSet, type Placed } from '../../../../dp/cluster/balance/endpoint-set.ts'
import { NO_HASH } from '../../../../dp/cluster/balance/hash.ts'

interface Member extends Placed {
  readonly endpoint: { key: string; isHealthy: boolean; active: number }
}

function member(name: string, priority: number, locality: Placed['locality'] = null): Member {
  return { endpoint: { key: name, isHealthy: true, active: 0 }, weight: 1, priority, locality }
}

const CALLS = 10_000

/** Percent of the calls, by the first letter of the names. */
function shares(set: EndpointSet<Member>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (let call = 0; call < CALLS; call++) {
    const name = set.pick([], NO_HASH)?.endpoint.key[0] ?? 'nobody'
    counts[name] = (counts[name] ?? 0) + 100 / CALLS
  }
  return counts
}

function isNear(actual: number | undefined, expected: number): boolean {
  return Math.abs((actual ?? 0) - expected) < 3
}

t.test('the next priority takes what the first cannot, as its health falls below the threshold', async t => {
  const of = [
    ...Array.from({ length: 10 }, (_, at) => member(`a${at}`, 0)),
    ...Array.from({ length: 10 }, (_, at) => member(`b${at}`, 1)),
  ]
  // factor 2: until half of them are down the first priority takes all
  const set = new EndpointSet(of, { type: 'random' }, 200)
  for (const [down, expected] of [
    [0, 100],
    [5, 100],
    [6, 80],
    [8, 40],
    [10, 0],
  ] as const) {
    for (const [at, { endpoint }] of of.entries()) endpoint.isHealthy = at >= down
    set.weigh()
    const got = shares(set)
    t.ok(isNear(got['a'], expected), `${down} down: ${JSON.stringify(got)}`)
    t.ok(isNear(got['b'], 100 - expected))
  }
})

t.test('a priority that fails all at once is left in the same call', async t => {
  const of = [member('a', 0), member('b', 1), member('c', 2)]
  const set = new EndpointSet(of, { type: 'round-robin' })
  t.equal(set.pick([], NO_HASH)?.endpoint.key, 'a')
  const [a, b] = of
  if (a === undefined || b === undefined) return
  a.endpoint.isHealthy = false
  t.equal(set.pick([], NO_HASH)?.endpoint.key, 'b', 'without having been told')
  t.equal(set.pick([b], NO_HASH)?.endpoint.key, 'c', 'and whoever was tried is left for the next one')
  a.endpoint.isHealthy = true
  set.weigh()
  t.equal(set.pick([], NO_HASH)?.endpoint.key, 'a')
  for (const { endpoint } of of) endpoint.isHealthy = false
  t.equal(set.pick([], NO_HASH), null)
})

t.test('localities share by weight, however many endpoints they have, and by health', async t => {
  const near = { name: 'rack=1', weight: 9 }
  const far = { name: '', weight: 1 }
  const of = [
    ...Array.from({ length: 2 }, (_, at) => member(`a${at}`, 0, near)),
    ...Array.from({ length: 10 }, (_, at) => member(`b${at}`, 0, far)),
  ]
  const set = new EndpointSet(of, { type: 'round-robin' }, 140)
  t.ok(isNear(shares(set)['a'], 90))
  for (const { endpoint } of of.slice(0, 1)) endpoint.isHealthy = false
  set.weigh()
  // half of it is down: 1.4 x 0.5 = 0.7 of its weight is left
  t.ok(isNear(shares(set)['a'], (100 * 6.3) / 7.3))
  for (const { endpoint } of of.slice(0, 2)) endpoint.isHealthy = false
  set.weigh()
  t.ok(isNear(shares(set)['a'], 0))
})

t.test('equal hashes stay together, in priorities and in localities', async t => {
  const of = Array.from({ length: 40 }, (_, at) =>
    member(`${at}`, at % 2, { name: `${at % 4}`, weight: 1 + (at % 4) }),
  )
  for (const { endpoint } of of.slice(0, 20)) endpoint.isHealthy = false
  const set = new EndpointSet(of, { type: 'maglev', size: 65_537 })
  for (let hash = 0; hash < 200; hash++) {
    const drawn = Math.imul(hash, 2_654_435_761) >>> 0
    const first = set.pick([], drawn)
    for (let again = 0; again < 3; again++) t.equal(set.pick([], drawn), first)
  }
})
