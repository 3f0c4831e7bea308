/**
 * Response splitting by an application of HTTP/2, in front of clients of HTTP/1.1 and HTTP/2: what they get is canonical
 * and the answer to what they asked, a cut never looks like an end, and the next answer is the next one's.
 */
import t from 'tap'
import { PREFACE } from '../../../../dp/codec/http2/frames/codes.ts'
import { startPair } from '../../../support/engine-pair.ts'
import { END_STREAM, headers, SETTINGS_ACK, settings } from '../../../support/http2-peer.ts'
import { rawClient } from '../../../support/raw-sockets.ts'
import { shown } from '../corpus/hostile.ts'
import { quiet } from '../relay.ts'
import { readAnswers } from '../strict-answers.ts'
import { ANSWER_FRAMES } from './corpus/answers.ts'
import { hostileApplication } from './hostile-application.ts'
import { readHttp2Answers } from './strict-frames.ts'

const app = await hostileApplication()
t.teardown(app.close)
const pair = await startPair(t, { appPort: app.port, protocol: 'http2' })
const GREETING = Buffer.concat([PREFACE, settings(), SETTINGS_ACK]).toString('latin1')

t.test('clients of HTTP/1.1 get the answers to what they asked', async t => {
  const failures: string[] = []
  for (const { name, method, frames, passes } of ANSWER_FRAMES) {
    app.answers(frames)
    const client = await rawClient(pair.outPort)
    client.socket.on('error', () => {})
    for (const path of ['/first', '/second']) {
      client.send(`${method} ${path} HTTP/1.1\r\nHost: b\r\n\r\n`)
      await quiet(client, app.heard)
    }
    client.socket.end()
    const ending = await client.ended
    client.socket.destroy()
    const { answers, rest, faults: found } = readAnswers(client.heard, method)
    const faults = [...found]
    const [first, second] = answers
    const isRefusal = first?.head.includes('\r\nx-vmesh-reason: ') === true
    const isCut = ending === 'reset' || (rest !== '' && answers.length === 0)
    if (client.heard.includes('X-Surplus') && !passes) faults.push('more than an answer')
    if (!passes && isCut && answers.length === 0) {
      if (faults.length > 0) failures.push(`${name}: ${faults.join('; ')}`)
      continue
    }
    if (answers.length !== 2 || rest !== '' || isRefusal === passes)
      faults.push(shown(client.heard).slice(0, 300))
    else if (second?.head.includes('\r\nx-good: 1') !== true)
      faults.push(`then ${shown(client.heard).slice(-200)}`)
    if (faults.length > 0) failures.push(`${name}: ${faults.join('; ')}`)
  }
  t.same(failures, [], `${ANSWER_FRAMES.length} answers`)
})

t.test('clients of HTTP/2 get the answers to what they asked', async t => {
  const failures: string[] = []
  for (const { name, method, frames, passes } of ANSWER_FRAMES) {
    app.answers(frames)
    const client = await rawClient(pair.outPort)
    client.socket.on('error', () => {})
    client.send(GREETING)
    for (const [id, path] of [
      [1, '/first'],
      [3, '/second'],
    ] as const) {
      const fields = { ':method': method, ':scheme': 'http', ':authority': 'b', ':path': path }
      client.send(headers(id, END_STREAM, Object.entries(fields)).toString('latin1'))
      await quiet(client, app.heard)
    }
    client.socket.destroy()
    const { streams, faults } = readHttp2Answers(client.heard)
    const [first, second] = [streams.get(1), streams.get(3)]
    const isRefused = first?.isReset === true || first?.fields.has('x-vmesh-reason') === true
    if (isRefused === passes) faults.push(`${first?.status}, reset: ${first?.isReset}`)
    if (passes && first?.isEnded !== true) faults.push('no end')
    if (second?.fields.get('x-good') !== '1') faults.push(`then ${second?.status}`)
    if (faults.length > 0) failures.push(`${name}: ${faults.join('; ')}`)
  }
  t.same(failures, [], `${ANSWER_FRAMES.length} answers`)
})
