/**
 * Response splitting in front of clients of HTTP/2: a hostile application behind two data planes. What a client gets on
 * a stream is canonical and is the answer to what it asked there; node:http2 understands it alike.
 */
import { once } from 'node:events'
import { connect } from 'node:http2'
import t from 'tap'
import { PREFACE } from '../../../../dp/codec/http2/frames/codes.ts'
import { startPair } from '../../../support/engine-pair.ts'
import { END_STREAM, frame, headers, SETTINGS_ACK, settings, u32 } from '../../../support/http2-peer.ts'
import { rawClient, rawServer } from '../../../support/raw-sockets.ts'
import { LOOPBACK } from '../../../support/snapshots.ts'
import { ANSWERS, type HostileAnswer } from '../corpus/answers.ts'
import { quiet } from '../relay.ts'
import { answerLabel, readAnswers } from '../strict-answers.ts'
import { labelOfHttp2, readHttp2Answers } from './strict-frames.ts'

const GOOD = 'HTTP/1.1 200 OK\r\nX-Good: 1\r\nContent-Length: 4\r\n\r\ngood'
const GOOD_LABEL = answerLabel(200, 'good')
/** With room for the largest answer. */
const GREETING = Buffer.concat([
  PREFACE,
  settings([4, 1_000_000]),
  SETTINGS_ACK,
  frame('WINDOW_UPDATE', 0, 0, u32(1_000_000)),
]).toString('latin1')

let current: HostileAnswer | null = null
let heardByApp = 0
const app = await rawServer(peer => {
  peer.socket.on('data', () => {
    heardByApp++
    if (!peer.heard.includes('\r\n\r\n')) return
    const isFirst = peer.take().includes(' /first ')
    peer.send(isFirst ? (current?.text ?? '') : GOOD)
    if (isFirst && current?.ends === true) peer.socket.end()
  })
  peer.socket.on('end', () => peer.socket.end())
})
t.teardown(app.close)
const pair = await startPair(t, { appPort: app.port })

function ask(id: number, method: string, path: string): string {
  const fields = { ':method': method, ':scheme': 'http', ':authority': 'b', ':path': path }
  return headers(id, END_STREAM, Object.entries(fields)).toString('latin1')
}

/** What its text says; '' where that is not whole. */
function meant({ text, method, ends }: HostileAnswer): string {
  const { answers } = readAnswers(text, method)
  const [first] = answers
  if (first !== undefined) return first.label
  // Only HTTP/1.1 has bodies that end with the connection.
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  return ends ? answerLabel(Number(text.slice(9, 12)), body) : ''
}

t.test('gives a client the answer to what it asked, on its stream', async t => {
  const failures: string[] = []
  let whole = 0
  for (const one of ANSWERS) {
    current = one
    const client = await rawClient(pair.outPort)
    client.socket.on('error', () => {})
    client.send(GREETING + ask(1, one.method, '/first'))
    await quiet(client, () => heardByApp)
    client.send(ask(3, 'GET', '/second'))
    await quiet(client, () => heardByApp)
    client.socket.destroy()
    const { streams, faults } = readHttp2Answers(client.heard)
    const [first, second] = [streams.get(1), streams.get(3)]
    if (second === undefined || labelOfHttp2(second) !== GOOD_LABEL) faults.push(`then ${second?.status}`)
    if (streams.size > 2) faults.push(`${streams.size} streams`)
    const isRefused = first?.fields.has('x-vmesh-reason') === true || first?.isReset === true
    if (first === undefined) faults.push('no answer')
    else if (isRefused === one.passes) faults.push(`${first.status}, reset: ${first.isReset}`)
    else if (one.passes) {
      const label = meant(one)
      if (label !== '') whole++
      if (label !== '' && labelOfHttp2(first) !== label) faults.push(`${labelOfHttp2(first)} for ${label}`)
    }
    if (faults.length > 0) failures.push(`${one.name}: ${faults.join('; ')}`)
  }
  t.same(failures, [], `${ANSWERS.length} answers, ${whole} of them compared`)
})

t.test('is understood alike by node:http2', async t => {
  const failures: string[] = []
  const session = connect(`http://${LOOPBACK}:${pair.outPort}`)
  t.teardown(() => session.destroy())
  for (const one of ANSWERS.filter(({ passes }) => passes)) {
    current = one
    const label = meant(one)
    if (label === '') continue
    const stream = session.request({ ':method': one.method, ':path': '/first' })
    let status = 0
    const chunks: Buffer[] = []
    stream.on('response', head => {
      status = head[':status'] ?? 0
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', error => failures.push(`${one.name}: ${error.message}`))
    stream.end()
    await once(stream, 'close')
    const got = answerLabel(status, Buffer.concat(chunks).toString('latin1'))
    if (got !== label) failures.push(`${one.name}: ${got} instead of ${label}`)
  }
  t.same(failures, [], 'no client sees another answer')
})
