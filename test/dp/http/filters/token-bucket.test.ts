/** A bucket refills smoothly, holds no more than its size, and is one for all that share its cells. */
import t from 'tap'
import { BUCKET_CELLS, TokenBucket } from '../../../../dp/http/filters/token-bucket.ts'

const MS = 1_000_000n

function aBucket(size: number, intervalMs: number, cells: Int32Array = new Int32Array(BUCKET_CELLS)) {
  const clock = { ms: 1_700_000_000_000 }
  const bucket = new TokenBucket(
    size,
    intervalMs,
    cells,
    () => BigInt(Math.round(clock.ms * 1000)) * (MS / 1000n),
  )
  const takes = (count: number): number => {
    let taken = 0
    for (let ask = 0; ask < count; ask++) if (bucket.take()) taken++
    return taken
  }
  return { clock, takes, bucket }
}

t.test('it begins full and gives no more than that at once', async t => {
  const { takes, clock } = aBucket(5, 3000)
  t.equal(takes(20), 5)
  clock.ms += 600
  t.equal(takes(20), 1, 'one each 600 ms')
  clock.ms += 599
  t.equal(takes(20), 0)
  clock.ms += 1
  t.equal(takes(20), 1)
  clock.ms += 60_000
  t.equal(takes(20), 5, 'never more than its size')
})

t.test('over a long time the rate is exact, however often it is asked', async t => {
  for (const [size, intervalMs] of [
    [7, 1000],
    [1000, 333],
    [3, 60_000],
  ] as const) {
    const { takes, clock } = aBucket(size, intervalMs)
    takes(size)
    let taken = 0
    const steps = 10_000
    for (let step = 0; step < steps; step++) {
      clock.ms += intervalMs / 250
      taken += takes(20)
    }
    t.ok(Math.abs(taken - (steps / 250) * size) <= 1, `${size} in ${intervalMs} ms: ${taken}`)
  }
})

t.test('workers that share its cells share the bucket, wherever they begin', async t => {
  for (const offset of [0, 4]) {
    const memory = new SharedArrayBuffer(32)
    const cells = () => new Int32Array(memory, offset, BUCKET_CELLS)
    const [one, other] = [aBucket(10, 1000, cells()), aBucket(10, 1000, cells())]
    t.equal(one.takes(6) + other.takes(6), 10)
  }
})
