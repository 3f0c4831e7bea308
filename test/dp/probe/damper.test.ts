/** What is told of an application, and how often. */
import t from 'tap'
import { Damper } from '../../../dp/probe/damper.ts'
import { TestClock } from '../../support/keeper-clock.ts'

const START_MS = 1_000_000
const FLAPS = 'flaps: well again, but told as ready at most every 20 s; before: down'

/** What was told and when, in seconds from the start; '' for ready. */
function watched() {
  const clock = new TestClock(START_MS)
  const told: [number, string][] = []
  const damper: Damper = new Damper(clock, () => {
    told.push([(clock.now() - START_MS) / 1000, damper.told?.reason ?? 'nothing'])
  })
  const pass = (ms: number): Promise<void> => clock.advance(ms, async () => {})
  return { clock, damper, told, pass }
}

t.test('the first finding is told, and then what is another one', async t => {
  const { damper, told } = watched()
  t.equal(damper.told, null)
  for (const fault of ['down', 'down', '', '']) damper.take(fault)
  t.same(told, [
    [0, 'down'],
    [0, ''],
  ])
})

t.test('three recoveries are told at once, the next when its time has come', async t => {
  const { damper, told, pass } = watched()
  for (const fault of ['', 'down', '', 'down', '', 'down', '', 'down', '']) damper.take(fault)
  t.same(
    told.map(([, reason]) => reason),
    ['', 'down', '', 'down', '', 'down', '', 'down', FLAPS],
  )
  t.same(damper.told, { isReady: false, reason: FLAPS, sinceMs: START_MS })
  await pass(20_000)
  t.same(told.at(-1), [20, ''])
})

t.test('an application that flaps with every probe is told at most four times in 20 s', async t => {
  const { damper, told, pass } = watched()
  for (let second = 0; second < 600; second++) {
    damper.take(second % 2 === 0 ? '' : 'down')
    await pass(1000)
  }
  const late = told.filter(([second]) => second >= 300)
  t.ok(late.length <= 4 * 15, `${late.length} in 300 s`)
  t.ok(late.filter(([, reason]) => reason === '').length <= 16, 'as ready once in 20 s')
})

t.test('one that is down when the wait is over stays so, with its reason', async t => {
  const { damper, told, pass } = watched()
  for (const fault of ['down', '', 'down', '', 'down', '', 'down', '']) damper.take(fault)
  damper.take('answered 500')
  t.equal(damper.told?.reason, FLAPS)
  await pass(20_000)
  t.same(told.at(-1), [20, 'answered 500'])
  damper.take('')
  t.same(told.at(-1), [20, ''], 'the wait has earned it')
})

t.test('a reason that changes with every probe is told now and then', async t => {
  const { damper, told, pass } = watched()
  for (let turn = 0; turn < 20; turn++) damper.take(`answered ${500 + turn}`)
  t.same(
    told.map(([, reason]) => reason),
    Array.from({ length: 11 }, (_, turn) => `answered ${500 + turn}`),
  )
  await pass(5_000)
  damper.take('answered 599')
  t.same(told.at(-1), [5, 'answered 599'])
  t.equal(damper.told?.sinceMs, START_MS, 'it is not ready since the first')
  damper.take('')
  t.equal(damper.told?.isReady, true, 'reasons do not hold up a recovery')
})

t.test('a clock that is set back holds nobody up for longer than a minute', async t => {
  const { clock, damper, told, pass } = watched()
  for (const fault of ['down', '', 'down', '', 'down', '', 'down']) damper.take(fault)
  clock.jump(-3_600_000)
  damper.take('')
  await pass(60_000)
  t.equal(told.at(-1)?.[1], '')
})

t.test('stopped, it waits for nothing', async t => {
  const { clock, damper } = watched()
  for (const fault of ['down', '', 'down', '', 'down', '', 'down', '']) damper.take(fault)
  t.equal(clock.timers, 1)
  damper.stop()
  t.equal(clock.timers, 0)
})
