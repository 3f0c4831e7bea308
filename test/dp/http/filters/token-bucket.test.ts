/** A bucket refills smoothly, holds no more than its size, and is one for all that share its cells. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { silentLogger } from '#base/log.ts'
import { SharedCells } from '../../../../dp/apply/shared-cells.ts'
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

t.test("as long as it is there its cells are nobody else's", async t => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const cells = new SharedCells(silentLogger())
  const { takes } = aBucket(1, 100_000, cells.of('one', BUCKET_CELLS))
  t.equal(takes(1), 1)
  const witness = new WeakRef(cells.of('gone', BUCKET_CELLS))
  do {
    await new Promise(setImmediate)
    collect()
  } while (witness.deref() !== undefined)
  await new Promise(setImmediate)
  const other = aBucket(1, 100_000, cells.of('other', BUCKET_CELLS))
  t.equal(other.takes(1), 1, 'another limit has cells of its own')
  t.equal(takes(1), 0, 'and this one still counts in its own')
  t.equal(aBucket(1, 100_000, cells.of('one', BUCKET_CELLS)).takes(1), 0, 'by its name they are found again')
})
