/**
 * Request smuggling with bytes made at random: what two data planes let through is canonical, is what they took for
 * requests, and is understood alike by servers that others wrote. FUZZ_RUNS sets how many; a failure prints seed and
 * input, FUZZ_SEED repeats it.
 */
import fc from 'fast-check'
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { RANDOM_REQUESTS } from './random-requests.ts'
import { startReferenceServers } from './reference-servers.ts'
import { startRecorder } from './relay.ts'
import { replay } from './replay.ts'
import { refusalFaults } from './verdict.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 500)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_123)

/** Added once to each head by the inbound, whatever a client sends. */
const OWN_FIELD = /^x-forwarded-client-cert: By=spiffe/gm

t.test('nothing made at random is read in two ways', async t => {
  const recorder = await startRecorder()
  t.teardown(recorder.close)
  const pair = await startPair(t, { appPort: recorder.port })
  const { servers, missing, close } = await startReferenceServers()
  t.teardown(close)
  for (const name of missing) t.pass(name, { skip: 'not installed' })
  let passed = 0
  const property = fc.asyncProperty(RANDOM_REQUESTS, async ({ text, cutAt }) => {
    const relayed = await recorder.relay(pair.outPort, text, cutAt)
    const faults = refusalFaults(relayed)
    for (const reading of relayed.readings) {
      faults.push(...reading.faults)
      const { requests, rest } = reading
      const heads = requests.length + (rest.includes('\r\n\r\n') ? 1 : 0)
      const meant = `${requests.map(one => one.text).join('')}${rest}`.match(OWN_FIELD)?.length ?? 0
      if (heads !== meant) faults.push(`${heads} requests instead of ${meant}`)
      passed += requests.length
      const outcomes = await Promise.all(servers.map(server => replay(server, reading)))
      for (const [index, { difference }] of outcomes.entries())
        if (difference !== '') faults.push(`${servers[index]?.name}: ${difference}`)
    }
    if (faults.length > 0) throw new Error(faults.join('; '))
  })
  t.comment(`seed ${SEED}`)
  await fc.assert(property, { numRuns: RUNS, seed: SEED })
  t.ok(passed > RUNS / 4, `${RUNS} sequences, ${passed} requests passed`)
})
