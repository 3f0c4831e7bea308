/** When pings are due. */
import t from 'tap'
import { untilNextPing } from '../../../dp/link/ping-time.ts'

t.test('data planes that joined at any moment ping on the same ticks', async t => {
  for (const nowMs of [1_000_000, 1_000_001, 1_000_124, 1_000_126, 1_000_249]) {
    t.equal((nowMs + untilNextPing(5_000, nowMs)) % 250, 0, `${nowMs}`)
  }
})

t.test('no ping is early or late by more than a fortieth', async t => {
  for (let nowMs = 1_000_000; nowMs < 1_000_300; nowMs++) {
    const ms = untilNextPing(5_000, nowMs)
    if (ms < 4_875 || ms > 5_125) t.fail(`${ms} at ${nowMs}`)
  }
  t.pass('within 4,875 to 5,125 ms')
})

t.test('a timer that fires a little early or late keeps its tick', async t => {
  t.equal(999 + untilNextPing(5_000, 999), 6_000)
  t.equal(1_004 + untilNextPing(5_000, 1_004), 6_000)
})
