/** The coarse clock of all deadlines is right from the first moment, however long nobody needed it. */
import t from 'tap'
import { Deadlines } from '../../../dp/codec/deadlines.ts'

t.test('says what time it is, also before somebody registers', async t => {
  const deadlines = new Deadlines()
  const anHourLaterMs = Date.now() + 3_600_000
  t.intercept(Date, 'now', { value: () => anHourLaterMs })
  t.equal(deadlines.nowMs, anHourLaterMs)
})

t.test('looks at those that are registered', async t => {
  const deadlines = new Deadlines()
  const keepAlive = setTimeout(() => {}, 10_000)
  const seenMs = await new Promise<number>(resolve => {
    const member = {
      sweep(nowMs: number) {
        deadlines.remove(member)
        resolve(nowMs)
      },
    }
    deadlines.add(member)
  })
  clearTimeout(keepAlive)
  t.ok(seenMs <= Date.now())
  t.ok(deadlines.nowMs >= seenMs)
})
