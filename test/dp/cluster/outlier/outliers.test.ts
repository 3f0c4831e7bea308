/** Which endpoints are taken out because of what came of calls, and when they are back: with a clock that is set by hand. */
import t from 'tap'
import { repeat, startJudging as start } from '../../../support/judged.ts'

t.test('takes an endpoint out with the failure that makes enough in a row, and says why', async t => {
  const { answers, endpoints, told, outliers } = start(2, { consecutive5xx: 3 })
  answers(0, 500, 500, 200, 500, 501)
  t.notOk(endpoints[0]?.isMarked('ejected'))
  answers(0, 599)
  t.ok(endpoints[0]?.isMarked('ejected'))
  t.notOk(endpoints[0]?.isHealthy)
  t.match(endpoints[0]?.marks, [
    { cause: 'ejected', reason: '3 failures in a row (MeshCircuitBreaker/test)' },
  ])
  t.match(told, [{ cluster: 'api', endpoint: '127.0.0.1 1', cause: 'ejected' }])
  t.equal(outliers.ejections, 1)
})

t.test('gateway errors are 502, 503 and 504; another failure ends the row', async t => {
  const mesh = start(2, { consecutiveGateway: 3 })
  mesh.answers(0, 502, 503, 500, 504, 503)
  t.same(mesh.out, [])
  mesh.answers(0, 502)
  t.same(mesh.out, [1])
})

t.test('a call that does not get through counts as a gateway error', async t => {
  const any = start(2, { consecutive5xx: 2 })
  any.answers(0, 500)
  any.fails(0, 1)
  t.same(any.out, [1])
  const gateway = start(2, { consecutiveGateway: 2, consecutiveLocal: 1 })
  gateway.fails(0, 1)
  t.same(gateway.out, [], 'local failures do not count for themselves')
  gateway.fails(0, 1)
  t.same(gateway.out, [1])
})

t.test('with split errors it counts for itself, and any answer ends the row', async t => {
  const mesh = start(2, { consecutive5xx: 1, consecutiveLocal: 3, splitsErrors: true })
  mesh.fails(0, 2)
  mesh.answers(0, 200)
  mesh.fails(0, 2)
  t.same(mesh.out, [])
  mesh.fails(0, 1)
  t.same(mesh.out, [1])
  mesh.answers(1, 500)
  t.same(mesh.out, [1, 2])
})

t.test("what this data plane refuses is nobody's fault", async t => {
  const mesh = start(1, { consecutive5xx: 1 })
  for (const reason of ['overflow', 'no-identity', 'no-healthy-endpoint'] as const)
    mesh.endpoints[0]?.judge?.failed(reason)
  t.same(mesh.out, [])
})

t.test('an endpoint is back after the base time, and after twice that the second time', async t => {
  const mesh = start(2, { consecutive5xx: 1, intervalMs: 60_000 })
  mesh.answers(0, 500)
  mesh.pass(29_500)
  t.same(mesh.out, [1])
  mesh.pass(500)
  t.same(mesh.out, [])
  t.match(mesh.told.at(-1), { cause: 'ejected', reason: '' })
  mesh.answers(0, 500)
  mesh.pass(59_500)
  t.same(mesh.out, [1])
  mesh.pass(500)
  t.same(mesh.out, [])
})

t.test('the multiplier falls by one with each interval in use', async t => {
  const mesh = start(2, { consecutive5xx: 1, intervalMs: 500, baseEjectionMs: 3000 })
  mesh.answers(0, 500)
  mesh.pass(3000)
  t.same(mesh.out, [])
  mesh.pass(10_000)
  mesh.answers(0, 500)
  mesh.pass(2500)
  t.same(mesh.out, [1])
  mesh.pass(500)
  t.same(mesh.out, [], 'three seconds again')
})

t.test('no endpoint is out for longer than five minutes, or the base time if that is longer', async t => {
  const mesh = start(2, { consecutive5xx: 1, intervalMs: 3_600_000, baseEjectionMs: 200_000 })
  for (const outMs of [200_000, 300_000, 300_000]) {
    mesh.answers(0, 500)
    mesh.pass(outMs - 500)
    t.same(mesh.out, [1])
    mesh.pass(500)
    t.same(mesh.out, [])
  }
  const long = start(2, { consecutive5xx: 1, baseEjectionMs: 400_000 })
  long.answers(0, 500)
  long.pass(399_500)
  t.same(long.out, [1])
  long.pass(500)
  t.same(long.out, [])
})

t.test('an endpoint that would be one too many stays, and that is counted', async t => {
  for (const [percent, count, most] of [
    [10, 9, 0],
    [10, 10, 1],
    [50, 2, 1],
    [50, 1, 0],
    [100, 1, 1],
    [100, 3, 3],
    [0, 3, 0],
  ] as const) {
    const mesh = start(count, { consecutive5xx: 1, maxEjectionPercent: percent })
    for (let index = 0; index < count; index++) mesh.answers(index, 500)
    t.equal(mesh.out.length, most, `${percent} % of ${count}`)
    t.equal(mesh.outliers.overflows, count - most)
  }
})

t.test('a row that was one too many begins anew', async t => {
  const mesh = start(2, { consecutive5xx: 2, maxEjectionPercent: 0 })
  mesh.answers(0, ...repeat(500, 5))
  t.equal(mesh.outliers.overflows, 2)
})

t.test('what was under way when it was taken out does not count when it is back', async t => {
  const mesh = start(2, { consecutive5xx: 2 })
  mesh.answers(0, 500, 500, 500)
  mesh.pass(30_000)
  mesh.answers(0, 500)
  t.same(mesh.out, [])
})

t.test(
  'the rate of success is judged in each interval, where enough endpoints have enough calls',
  async t => {
    const successRate = { minimumHosts: 5, requestVolume: 10, factor: 1.9 }
    const mesh = start(6, { successRate })
    const oneInterval = (bad: number, others: number) => {
      mesh.answers(0, ...repeat(500, bad), ...repeat(200, 10 - bad))
      for (let index = 1; index <= others; index++) mesh.answers(index, ...repeat(200, 10))
      mesh.pass(10_000)
    }
    oneInterval(5, 3)
    t.same(mesh.out, [], 'too few')
    mesh.answers(5, ...repeat(200, 9))
    oneInterval(5, 3)
    t.same(mesh.out, [], 'too few with enough calls')
    oneInterval(0, 5)
    t.same(mesh.out, [], 'all alike')
    oneInterval(5, 5)
    t.same(mesh.out, [1])
    t.match(mesh.endpoints[0]?.marks, [
      { reason: '50 % of its calls went well, less than 56.3 % (MeshCircuitBreaker/test)' },
    ])
  },
)

t.test('the share of failures is judged in each interval', async t => {
  const failurePercentage = { minimumHosts: 2, requestVolume: 10, threshold: 50 }
  const mesh = start(3, { failurePercentage })
  mesh.answers(0, ...repeat(500, 5), ...repeat(200, 5))
  mesh.pass(10_000)
  t.same(mesh.out, [], 'too few endpoints')
  mesh.answers(0, ...repeat(500, 5), ...repeat(200, 5))
  mesh.answers(1, ...repeat(500, 4), ...repeat(200, 6))
  mesh.answers(2, ...repeat(500, 9))
  mesh.pass(9500)
  t.same(mesh.out, [])
  mesh.pass(500)
  t.same(mesh.out, [1])
  mesh.pass(20_000)
  mesh.answers(1, ...repeat(500, 4), ...repeat(200, 5))
  mesh.pass(10_000)
  t.same(mesh.out, [], 'calls of an interval before do not count')
})

t.test('with split errors the shares are those of answers', async t => {
  const failurePercentage = { minimumHosts: 1, requestVolume: 4, threshold: 50 }
  const mesh = start(2, { failurePercentage, splitsErrors: true })
  mesh.fails(0, 20)
  mesh.answers(0, ...repeat(200, 4))
  mesh.pass(10_000)
  t.same(mesh.out, [])
})

t.test('what is known of endpoints outlives a change of the policy and of the list', async t => {
  const mesh = start(2, { consecutive5xx: 3 })
  mesh.answers(0, 500, 500, 500)
  mesh.answers(1, 500, 500)
  mesh.outliers.configure({ ...mesh.config, baseEjectionMs: 60_000, policy: 'MeshCircuitBreaker/other' })
  mesh.outliers.watch([...mesh.endpoints, mesh.anEndpoint(3)])
  mesh.answers(1, 500)
  t.same(mesh.out, [1, 2])
  mesh.pass(59_500)
  t.same(mesh.out, [1, 2])
  mesh.pass(500)
  t.same(mesh.out, [])
})

t.test(
  'an endpoint that leaves the list while it is out is given back, as other workers are told',
  async t => {
    const mesh = start(2, { consecutive5xx: 1 })
    mesh.answers(0, 500)
    mesh.outliers.watch(mesh.endpoints.slice(1))
    t.match(mesh.told.at(-1), { endpoint: '127.0.0.1 1', cause: 'ejected', reason: '' })
    t.equal(mesh.endpoints[0]?.judge, null)
  },
)

t.test('without detection nobody is judged, and whom this worker has taken out is back', async t => {
  const mesh = start(2, { consecutive5xx: 1 })
  mesh.answers(0, 500)
  mesh.endpoints[1]?.hear('ejected', 'by another worker')
  mesh.outliers.stop()
  t.same(mesh.out, [2])
  t.same(
    mesh.endpoints.map(endpoint => endpoint.judge),
    [null, null],
  )
})

t.test(
  'endpoints that another worker has taken out count as out, and that worker puts them back',
  async t => {
    const mesh = start(2, { consecutive5xx: 2, maxEjectionPercent: 50 })
    mesh.answers(0, 500)
    mesh.endpoints[0]?.hear('ejected', 'by another worker')
    mesh.answers(1, 500, 500)
    t.same(mesh.out, [1])
    t.equal(mesh.outliers.overflows, 1)
    mesh.pass(120_000)
    t.same(mesh.out, [1])
    mesh.endpoints[0]?.hear('ejected', '')
    mesh.answers(0, 500)
    t.same(mesh.out, [], 'what was before is forgotten')
  },
)

t.test('two workers that take the same endpoint out at once agree when one of them puts it back', async t => {
  const mesh = start(2, { consecutive5xx: 1 })
  mesh.answers(0, 500)
  mesh.endpoints[0]?.hear('ejected', 'by another worker')
  mesh.pass(10_000)
  mesh.endpoints[0]?.hear('ejected', '')
  mesh.pass(500)
  mesh.answers(0, 500)
  mesh.pass(29_500)
  t.same(mesh.out, [1])
})
