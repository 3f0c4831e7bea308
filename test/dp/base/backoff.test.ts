/** Promises of dp/base/backoff.ts. */
import t from 'tap'
import { Backoff } from '#base/backoff.ts'

t.test('waits are drawn from a range that doubles up to its limit', async t => {
  const least = new Backoff(200, 30_000, () => 0)
  const most = new Backoff(200, 30_000, () => 1)
  const ranges = Array.from({ length: 10 }, () => [least.nextMs(), most.nextMs()])
  t.same(ranges.slice(0, 3), [
    [200, 400],
    [200, 800],
    [200, 1_600],
  ])
  t.same(ranges[9], [200, 30_000])
})

t.test(
  'the first wait has jitter too: a thousand that lost one control plane do not come back at once',
  async t => {
    const waits = new Set(Array.from({ length: 1_000 }, () => new Backoff(200, 30_000).nextMs()))
    t.ok(waits.size > 100)
  },
)

t.test('after a success the next wait is short again', async t => {
  const backoff = new Backoff(200, 30_000, () => 1)
  backoff.nextMs()
  backoff.nextMs()
  backoff.reset()
  t.equal(backoff.nextMs(), 400)
})
