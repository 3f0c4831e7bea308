/** Promises of cp/push/questions: who asks a data plane hears its answer, or why there is none. */
import t from 'tap'
import type { AnswerValue } from '#contract/questions.ts'
import { FEATURES } from '#contract/version.ts'
import { faultOfAnswer } from '../../../cp/push/questions/answers.ts'
import { Questions } from '../../../cp/push/questions/questions.ts'
import { type FakeDaemon, startPush } from '../../support/push-fixture.ts'
import { aDataplane } from '../../support/resources.ts'

const API = aDataplane('api-1', { service: 'api' })
const features = [...FEATURES]
const CONFIGURATION = { version: '1.7', sections: { 'cluster/web': { name: 'web' } } }

async function answers(daemon: FakeDaemon, value: unknown, fault: string | null = null): Promise<void> {
  const { id } = await daemon.hears('question')
  daemon.saysText(JSON.stringify({ type: 'answer', id, value, fault }))
}

t.test('asks and hears, each question its own answer', async t => {
  const { context, live } = await startPush(t)
  const daemon = await live(API, { features })
  const configuration = context.questions.configuration('default', 'api-1')
  const statistics = context.questions.statistics('default', 'api-1')
  const first = await daemon.hears('question')
  const second = await daemon.hears('question')
  t.same([first.topic, second.topic], ['configuration', 'statistics'])
  const nothing = { inbounds: [], outbounds: [] }
  daemon.says({ type: 'answer', id: second.id, value: nothing, fault: null })
  daemon.says({ type: 'answer', id: first.id, value: CONFIGURATION, fault: null })
  t.same(await statistics, nothing)
  t.same(await configuration, CONFIGURATION)
})

t.test('says so when nobody is there to be asked', async t => {
  const { context } = await startPush(t)
  await t.rejects(context.questions.statistics('default', 'api-1'), { code: 'push.not-connected' })
})

t.test('does not ask a daemon that is too old', async t => {
  const { context, live } = await startPush(t)
  const daemon = await live(API, { features: ['http1'] })
  await t.rejects(context.questions.statistics('default', 'api-1'), { code: 'push.not-asked' })
  t.notOk(daemon.frames.some(frame => frame.type === 'question'))
})

t.test('a session that ends answers no more', async t => {
  const { context, live } = await startPush(t)
  const daemon = await live(API, { features })
  const asked = context.questions.configuration('default', 'api-1')
  await daemon.hears('question')
  daemon.drop()
  await t.rejects(asked, { code: 'push.not-connected' })
})

t.test('waits no longer than it may', async t => {
  const { context, live } = await startPush(t)
  const daemon = await live(API, { features })
  const questions = new Questions({ sessions: context.sessions, timeoutMs: 1 })
  await t.rejects(questions.configuration('default', 'api-1'), { code: 'push.no-answer' })
  await answers(daemon, CONFIGURATION)
  t.notOk(daemon.isClosing, 'an answer that comes late harms nobody')
})

t.test('lets only so many questions wait', async t => {
  const { context, live } = await startPush(t)
  const daemon = await live(API, { features })
  const questions = new Questions({ sessions: context.sessions, timeoutMs: 60_000, limit: 1 })
  const first = questions.configuration('default', 'api-1')
  await t.rejects(questions.configuration('default', 'api-1'), { code: 'push.too-many-questions' })
  daemon.drop()
  const session = daemon.session
  questions.forget(session)
  await t.rejects(first, { code: 'push.not-connected' })
  await t.rejects(
    questions.configuration('default', 'api-1'),
    { code: 'push.not-connected' },
    'there is room again',
  )
})

t.test('tells why a data plane has no answer', async t => {
  const { context, live } = await startPush(t)
  const daemon = await live(API, { features })
  for (const [value, fault, message] of [
    [null, 'it is on fire', /it is on fire/],
    [null, null, /an empty answer/],
    [{ version: 7, sections: {} }, null, /its version cannot be read/],
    [{ version: '', sections: { a: 1 } }, null, /its sections cannot be read/],
  ] as const) {
    const asked = context.questions.configuration('default', 'api-1')
    await Promise.all([answers(daemon, value, fault), t.rejects(asked, { code: 'push.bad-answer', message })])
  }
  t.notOk(daemon.isClosing)
})

t.test('another data plane cannot answer in its place', async t => {
  const { context, live } = await startPush(t)
  const asked = await live(API, { features })
  const other = await live(aDataplane('web-1'), { features })
  const told = context.questions.configuration('default', 'api-1')
  const { id } = await asked.hears('question')
  other.says({ type: 'answer', id, value: { version: 'forged', sections: {} }, fault: null })
  asked.says({ type: 'answer', id, value: CONFIGURATION, fault: null })
  t.same(await told, CONFIGURATION)
})

t.test('reads what a data plane counts member by member', async t => {
  const endpoint = { address: '10.0.0.1', port: 80, healthy: true, reason: '', active: 0 }
  const listener = {
    address: '0.0.0.0',
    port: 1,
    protocol: 'tcp',
    connections: 0,
    counters: {},
    endpoints: [],
  }
  const cases: readonly (readonly [object, string | null])[] = [
    [{ inbounds: [{ ...listener, service: 'a', endpoints: [endpoint] }], outbounds: [] }, null],
    [{ inbounds: [{ ...listener }], outbounds: [] }, 'its inbounds cannot be read'],
    [
      { inbounds: [], outbounds: [{ ...listener, cluster: 'a', counters: { x: 'y' } }] },
      'its outbounds cannot be read',
    ],
    [
      { inbounds: [], outbounds: [{ ...listener, cluster: 'a', endpoints: [{}] }] },
      'its outbounds cannot be read',
    ],
    [{ outbounds: [] }, 'its inbounds cannot be read'],
  ]
  for (const [value, fault] of cases) t.equal(faultOfAnswer('statistics', value as AnswerValue), fault)
})
