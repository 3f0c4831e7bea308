/**
 * Request smuggling: hostile bytes through a data plane, and what it lets through on to servers that others wrote.
 * What goes on is canonical, is as many requests as were meant, and no server makes another number of it.
 */
import t from 'tap'
import { mustApply, startPair } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { anInbound, trustOf } from '../../support/snapshots.ts'
import { CHUNKED_REQUESTS } from './corpus/chunks.ts'
import { FIELDS } from './corpus/fields.ts'
import { FRAMINGS } from './corpus/framings.ts'
import type { Hostile } from './corpus/hostile.ts'
import { SEQUENCES } from './corpus/sequences.ts'
import { START_LINES } from './corpus/start-lines.ts'
import { startReferenceServers } from './reference-servers.ts'
import { startRecorder } from './relay.ts'
import { replay } from './replay.ts'
import type { Reading } from './strict-reader.ts'
import { refusalFaults } from './verdict.ts'

const recorder = await startRecorder()
t.teardown(recorder.close)
const pair = await startPair(t, { appPort: recorder.port })
const [plainPort = 0] = await freePorts(1)
await mustApply(pair.backend, {
  listeners: [pair.inbound, anInbound(plainPort, recorder.port, { tls: null })],
  trust: [trustOf(pair.ca)],
})
const CORPUS: readonly Hostile[] = [...FRAMINGS, ...CHUNKED_REQUESTS, ...START_LINES, ...FIELDS, ...SEQUENCES]
/** By their text without what differs each time: what went on. */
const forwarded = new Map<string, { name: string; reading: Reading }>()

/** What differs each time. */
const OWN_FIELD = /^x-forwarded-client-cert: By=spiffe|^x-request-id: [0-9a-f-]{36}\r$/gm
function note(name: string, readings: readonly Reading[]): void {
  for (const reading of readings) {
    const text = reading.requests.map(one => one.text).join('') + reading.rest
    const key = text.replace(OWN_FIELD, '')
    if (key !== '') forwarded.set(key, { name, reading })
  }
}

for (const { where, port, cuts } of [
  { where: 'through two data planes', port: pair.outPort, cuts: [0, 0.5] },
  { where: 'through one', port: plainPort, cuts: [0] },
]) {
  t.test(`lets nothing on that could be read in two ways, ${where}`, async t => {
    const failures: string[] = []
    for (const { name, text, passes } of CORPUS) {
      for (const cut of cuts) {
        const relayed = await recorder.relay(port, text, Math.floor(text.length * cut))
        const count = relayed.readings.reduce((sum, reading) => sum + reading.requests.length, 0)
        const faults = [...refusalFaults(relayed), ...relayed.readings.flatMap(reading => reading.faults)]
        if (count !== passes) faults.push(`${count} requests instead of ${passes}`)
        if (faults.length > 0) failures.push(`${name}: ${faults.join('; ')}`)
        note(name, relayed.readings)
      }
    }
    t.same(failures, [], `${CORPUS.length} sequences`)
  })
}

t.test('is understood alike by servers that others wrote', async t => {
  const { servers, missing, close } = await startReferenceServers()
  t.teardown(close)
  for (const name of missing) t.pass(name, { skip: 'not installed' })
  const differences: string[] = []
  for (const server of servers) {
    const refusals = new Map<number, number>()
    const queue = [...forwarded.values()]
    const lane = async () => {
      for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
        const { difference, refusal } = await replay(server, one.reading)
        if (difference !== '') differences.push(`${server.name}, ${one.name}: ${difference}`)
        if (refusal > 0) refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1)
      }
    }
    await Promise.all([lane(), lane(), lane(), lane()])
    t.comment(
      `${server.name}: ${forwarded.size} sequences, refused by itself: ${JSON.stringify([...refusals])}`,
    )
  }
  t.same(differences, [], 'no server sees other requests')
})
