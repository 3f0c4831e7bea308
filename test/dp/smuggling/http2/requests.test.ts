/**
 * Request smuggling from HTTP/2: hostile frames through data planes to an application of HTTP/1.1, and what they let
 * through on to servers that others wrote. What goes on is canonical, is as many requests as were meant, and no server
 * makes another number of it.
 */
import t from 'tap'
import { PREFACE } from '../../../../dp/codec/http2/frames/codes.ts'
import { mustApply, startPair } from '../../../support/engine-pair.ts'
import { SETTINGS_ACK, settings } from '../../../support/http2-peer.ts'
import { freePorts } from '../../../support/ports.ts'
import { anInbound, trustOf } from '../../../support/snapshots.ts'
import { Forwarded } from '../forwarded.ts'
import { startRecorder } from '../relay.ts'
import { FIELD_BLOCKS } from './corpus/fields.ts'
import { FRAME_SEQUENCES } from './corpus/sequences.ts'
import { readHttp2Answers } from './strict-frames.ts'

const recorder = await startRecorder()
t.teardown(recorder.close)
const pair = await startPair(t, { appPort: recorder.port })
const [plainPort = 0] = await freePorts(1)
await mustApply(pair.backend, {
  listeners: [pair.inbound, anInbound(plainPort, recorder.port, { tls: null })],
  trust: [trustOf(pair.ca)],
})
const CORPUS = [...FIELD_BLOCKS, ...FRAME_SEQUENCES]
const GREETING = Buffer.concat([PREFACE, settings(), SETTINGS_ACK]).toString('latin1')
const forwarded = new Forwarded()

for (const { where, port, cuts } of [
  { where: 'through two data planes', port: pair.outPort, cuts: [0, 0.5] },
  { where: 'through one', port: plainPort, cuts: [0] },
]) {
  t.test(`lets nothing on that could be read in two ways, ${where}`, async t => {
    const failures: string[] = []
    for (const { name, frames, passes, isFatal } of CORPUS) {
      const text = GREETING + frames.toString('latin1')
      for (const cut of cuts) {
        const relayed = await recorder.relay(port, text, Math.floor(text.length * cut))
        const requests = relayed.readings.flatMap(reading => reading.requests)
        const { faults, served, goaway } = readHttp2Answers(relayed.answers)
        faults.push(...relayed.readings.flatMap(reading => reading.faults))
        const isRight = isFatal ? requests.length <= passes : requests.length === passes
        if (!isRight) faults.push(`${requests.length} requests instead of ${passes}`)
        if (goaway > 0 !== isFatal) faults.push(`GOAWAY ${goaway}`)
        if (served > requests.length) faults.push(`${served} answers to ${requests.length} requests`)
        if (requests.some(({ label }) => label.includes('smuggled'))) faults.push('a request out of a body')
        if (faults.length > 0) failures.push(`${name}: ${faults.join('; ')}`)
        forwarded.note(name, relayed.readings)
      }
    }
    t.same(failures, [], `${CORPUS.length} sequences`)
  })
}

t.test('is understood alike by servers that others wrote', t => forwarded.compare(t))
