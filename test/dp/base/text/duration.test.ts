/** Go's durations, against what Go's time package prints and refuses. */
import t from 'tap'
import { formatDuration, parseDuration } from '../../../../dp/base/text/duration.ts'

t.test('reads what Go reads', async t => {
  const cases: readonly (readonly [string, number | null])[] = [
    ['0', 0],
    ['30s', 30_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['500ms', 500],
    ['100us', 0.1],
    ['-5s', -5_000],
    ['+.5s', 500],
    ['1h1m1s1ms', 3_661_001],
    ['', null],
    ['30', null],
    ['s', null],
    ['1d', null],
    ['1 s', null],
    ['1s ', null],
    ['.s', null],
    ['--1s', null],
  ]
  for (const [text, ms] of cases) t.equal(parseDuration(text), ms, JSON.stringify(text))
})

t.test('prints as Go prints, and reads its own print', async t => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0s'],
    [0.1, '100µs'],
    [500, '500ms'],
    [1_500, '1.5s'],
    [60_000, '1m0s'],
    [3_600_000, '1h0m0s'],
    [259_200_000, '72h0m0s'],
    [-90_000, '-1m30s'],
  ]
  for (const [ms, text] of cases) {
    t.equal(formatDuration(ms), text)
    t.equal(parseDuration(text), ms)
  }
})
