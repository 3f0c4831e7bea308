/**
 * Request smuggling from HTTP/2 with frames made at random: what data planes let through to an application of HTTP/1.1
 * is canonical, is what they took for requests, and is understood alike by servers that others wrote. FUZZ_RUNS sets how
 * many; a failure prints seed and input, FUZZ_SEED repeats it.
 */
import fc from 'fast-check'
import t from 'tap'
import { PREFACE } from '../../../../dp/codec/http2/frames/codes.ts'
import { startPair } from '../../../support/engine-pair.ts'
import { SETTINGS_ACK, settings } from '../../../support/http2-peer.ts'
import { startReferenceServers } from '../reference-servers.ts'
import { startRecorder } from '../relay.ts'
import { replay } from '../replay.ts'
import { RANDOM_FRAMES } from './random-frames.ts'
import { readHttp2Answers } from './strict-frames.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 400)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_123)
/** Added once to each head by the inbound, whatever a client sends. */
const OWN_FIELD = /^x-forwarded-client-cert: By=spiffe/gm
const GREETING = Buffer.concat([PREFACE, settings(), SETTINGS_ACK]).toString('latin1')

t.test('nothing made at random is read in two ways', async t => {
  const recorder = await startRecorder()
  t.teardown(recorder.close)
  const pair = await startPair(t, { appPort: recorder.port })
  const { servers, missing, close } = await startReferenceServers()
  t.teardown(close)
  for (const name of missing) t.pass(name, { skip: 'not installed' })
  let passed = 0
  const property = fc.asyncProperty(RANDOM_FRAMES, async ({ text, cutAt }) => {
    const relayed = await recorder.relay(pair.outPort, GREETING + text, GREETING.length + cutAt)
    const { faults, served } = readHttp2Answers(relayed.answers)
    let whole = 0
    for (const reading of relayed.readings) {
      faults.push(...reading.faults)
      const { requests, rest } = reading
      const heads = requests.length + (rest.includes('\r\n\r\n') ? 1 : 0)
      const meant = `${requests.map(one => one.text).join('')}${rest}`.match(OWN_FIELD)?.length ?? 0
      if (heads !== meant) faults.push(`${heads} requests instead of ${meant}`)
      whole += requests.length
      const outcomes = await Promise.all(servers.map(server => replay(server, reading)))
      for (const [index, { difference }] of outcomes.entries())
        if (difference !== '') faults.push(`${servers[index]?.name}: ${difference}`)
    }
    passed += whole
    if (served > whole) faults.push(`${served} answers to ${whole} requests`)
    if (faults.length > 0) throw new Error(faults.join('; '))
  })
  t.comment(`seed ${SEED}`)
  await fc.assert(property, { numRuns: RUNS, seed: SEED })
  t.ok(passed > RUNS / 4, `${RUNS} sequences, ${passed} requests passed`)
})
