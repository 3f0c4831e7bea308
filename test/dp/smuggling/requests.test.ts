/**
 * Request smuggling: hostile bytes through a data plane, and what it lets through on to servers that others wrote.
 * What goes on is canonical, is as many requests as were meant, and no server makes another number of it.
 */
import t from 'tap'
import { anEngine, mustApply, startPair } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { aRoute } from '../../support/routed.ts'
import { aCluster, anInbound, anOutbound, LOOPBACK, trustOf } from '../../support/snapshots.ts'
import { CHUNKED_REQUESTS } from './corpus/chunks.ts'
import { FIELDS } from './corpus/fields.ts'
import { FRAMINGS } from './corpus/framings.ts'
import type { Hostile } from './corpus/hostile.ts'
import { SEQUENCES } from './corpus/sequences.ts'
import { START_LINES } from './corpus/start-lines.ts'
import { Forwarded } from './forwarded.ts'
import { startRecorder } from './relay.ts'
import { refusalFaults } from './verdict.ts'

const recorder = await startRecorder()
t.teardown(recorder.close)
const pair = await startPair(t, { appPort: recorder.port })
const [plainPort = 0] = await freePorts(1)
await mustApply(pair.backend, {
  listeners: [pair.inbound, anInbound(plainPort, recorder.port, { tls: null })],
  trust: [trustOf(pair.ca)],
})
const routed = await startRouted()
const CORPUS: readonly Hostile[] = [...FRAMINGS, ...CHUNKED_REQUESTS, ...START_LINES, ...FIELDS, ...SEQUENCES]
const forwarded = new Forwarded()

for (const { where, port, cuts } of [
  { where: 'through two data planes', port: pair.outPort, cuts: [0, 0.5] },
  { where: 'through one', port: plainPort, cuts: [0] },
  { where: 'where a route changes the head', port: routed, cuts: [0] },
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
        forwarded.note(name, relayed.readings)
      }
    }
    t.same(failures, [], `${CORPUS.length} sequences`)
  })
}

/** Port of an outbound whose one route changes whatever it can. */
async function startRouted(): Promise<number> {
  const [port = 0] = await freePorts(1)
  const edit = {
    remove: ['x-a', 'accept'],
    set: [{ name: 'x-request-id', value: 'set' }],
    add: [{ name: 'cookie', value: 'a=b' }],
  }
  const route = aRoute('/', 'app', {
    match: {},
    requestHeaders: edit,
    responseHeaders: edit,
    rewrite: {
      path: { type: 'regex', pattern: '(.)', substitution: '\\1' },
      host: { type: 'value', value: 'new' },
    },
  })
  const engine = anEngine(t)
  await mustApply(engine, {
    listeners: [anOutbound(port, 'app', { address: LOOPBACK, routes: [route] })],
    clusters: [aCluster('app', [recorder.port], { tls: null })],
  })
  return port
}

t.test('is understood alike by servers that others wrote', t => forwarded.compare(t))
