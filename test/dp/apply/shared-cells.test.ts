/** What workers count together: a table in shared memory, looked at by two of them at once. */
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import type { Logger } from '#base/log.ts'
import { silentLogger } from '#base/log.ts'
import { CELLS_BYTES, MOST_CELLS, SharedCells } from '../../../dp/apply/shared-cells.ts'

function startTwo() {
  const shared = new SharedArrayBuffer(CELLS_BYTES)
  return [new SharedCells(silentLogger(), shared), new SharedCells(silentLogger(), shared)] as const
}

t.test('the same name is the same numbers in all workers, another name is others', async t => {
  const [one, other] = startTwo()
  const mine = one.of('calls api', 4)
  Atomics.add(mine, 2, 5)
  t.equal(Atomics.load(other.of('calls api', 4), 2), 5)
  t.equal(Atomics.load(other.of('calls db', 4), 2), 0)
  t.equal(one.of('calls api', 2), mine, 'and the same object in one worker')
})

t.test('a place is free again when nobody holds its cells, and begins at 0', async t => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const [one, other] = startTwo()
  const kept = one.of('kept', 1)
  kept[0] = 7
  for (let i = 0; i < 4095; i++) {
    const cells = (i % 2 === 0 ? one : other).of(`name ${i}`, 1)
    if (cells.length !== MOST_CELLS) t.fail(`no place for name ${i}`)
    cells[0] = 1
  }
  for (let again = 0; ; again++) {
    collect()
    await turn()
    const cells = one.of(`again ${again}`, 1)
    if (cells.length !== MOST_CELLS) continue
    t.equal(cells[0], 0)
    break
  }
  t.equal(other.of('kept', 1)[0], 7)
  t.equal(kept[0], 7)
})

t.test('beyond the table a worker counts for itself, and says so once', async t => {
  const warnings: unknown[] = []
  const log = { ...silentLogger(), warn: (fields: unknown) => warnings.push(fields) } as unknown as Logger
  const cells = new SharedCells(log)
  const held = Array.from({ length: 4100 }, (_, i) => cells.of(`name ${i}`, 1))
  t.equal(held.filter(one => one.length === MOST_CELLS).length, 4096)
  t.equal(cells.of('wide', MOST_CELLS + 1).length, MOST_CELLS + 1)
  t.equal(warnings.length, 1)
})
