/** When an application is asked, and what findings make of it. */
import t from 'tap'
import type { ServiceProbe } from '#contract/resilience/service-probe.ts'
import type { Asked } from '../../../dp/probe/ask/asked.ts'
import { Prober } from '../../../dp/probe/prober.ts'
import { TestClock } from '../../support/keeper-clock.ts'

const PROBE: ServiceProbe = {
  type: 'tcp',
  intervalMs: 1_000,
  timeoutMs: 500,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
}
const ASKED: Asked = { probe: PROBE, address: '127.0.0.1', port: 1, protocol: 'tcp' }

/** A prober whose questions the test answers. */
function asking() {
  const clock = new TestClock(0)
  const questions: { signal: AbortSignal; answer: (fault: string) => void; askedAtMs: number }[] = []
  const findings: string[] = []
  const prober = new Prober({
    asked: ASKED,
    clock,
    ask: (_asked, signal) => {
      return new Promise(answer => questions.push({ signal, answer, askedAtMs: clock.now() }))
    },
    onFinding: fault => findings.push(fault),
  })
  prober.start()
  const pass = (ms: number): Promise<void> => clock.advance(ms, settled)
  const answer = async (fault: string): Promise<void> => {
    questions.at(-1)?.answer(fault)
    await settled()
  }
  return { clock, questions, findings, prober, pass, answer }
}

t.test('the first finding decides, then as many in a row as the thresholds say', async t => {
  for (const [findings, verdicts] of [
    ['+', '+'],
    ['-', '-'],
    ['+---', '+++-'],
    ['+--+--', '++++++'],
    ['-++', '--+'],
    ['-+-+', '----'],
    ['+---++---', '+++--+++-'],
  ] as const) {
    const it = asking()
    for (const finding of findings) {
      await it.answer(finding === '+' ? '' : 'down')
      await it.pass(1_000)
    }
    t.equal(it.findings.map(fault => (fault === '' ? '+' : '-')).join(''), verdicts, findings)
  }
})

t.test('the pause goes from the end of a probe to the next one', async t => {
  const { questions, pass, answer } = asking()
  await pass(300)
  await answer('')
  await pass(999)
  t.equal(questions.length, 1)
  await pass(1)
  t.same(
    questions.map(({ askedAtMs }) => askedAtMs),
    [0, 1_300],
  )
})

t.test('who does not answer in time is not ready, and is left alone', async t => {
  const { questions, findings, pass } = asking()
  await pass(499)
  t.same(findings, [])
  await pass(1)
  t.same(findings, ['no answer within 500ms'])
  t.equal(questions[0]?.signal.aborted, true)
})

t.test('there is no second probe before the first has ended, however late', async t => {
  const { questions, findings, pass, answer } = asking()
  await pass(500)
  await pass(1_000)
  await pass(1_000)
  t.equal(questions.length, 1)
  t.same(findings, ['no answer within 500ms', ...Array(2).fill('the probe before has not ended')])
  await answer('')
  await pass(1_000)
  t.equal(questions.length, 2)
  t.equal(findings.length, 3, 'what comes too late is no finding')
})

t.test('a way to ask that fails is a finding', async t => {
  const findings: string[] = []
  const clock = new TestClock(0)
  const ask = async (): Promise<string> => {
    throw new Error('no descriptors')
  }
  new Prober({ asked: ASKED, clock, ask, onFinding: fault => findings.push(fault) }).start()
  await settled()
  t.same(findings, ['no descriptors'])
})

t.test('a reason has an end', async t => {
  const { findings, answer } = asking()
  await answer('x'.repeat(10_000))
  t.equal(findings[0]?.length, 500)
})

t.test('stopped, it says nothing and nothing of it goes on', async t => {
  const during = asking()
  during.prober.stop()
  await settled()
  t.equal(during.questions[0]?.signal.aborted, true)
  t.same(during.findings, [])
  t.equal(during.clock.timers, 0)
  const between = asking()
  await between.answer('')
  between.prober.stop()
  t.equal(between.clock.timers, 0)
})

function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
