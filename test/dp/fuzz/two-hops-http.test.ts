/**
 * HTTP bodies of all sizes and framings through two data planes, many at a time on one connection, with slow readers,
 * clients that end their side, and cuts anywhere: what arrives is byte for byte what was sent or visibly cut, and
 * nothing is left over. FUZZ_RUNS sets how long; a failure prints its seed.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as tick } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { body, bodySize, FUZZ_OPTIONS, hashOf, quiet, writeTo } from '../../support/fuzz-bodies.ts'
import { LOOPBACK } from '../../support/snapshots.ts'

const exchange = fc.record({
  seed: fc.nat(),
  sent: bodySize,
  answered: bodySize,
  isSentChunked: fc.boolean(),
  framing: fc.constantFrom('length' as const, 'chunked' as const, 'close' as const),
  pieces: fc.integer({ min: 1, max: 9 }),
  client: fc.constantFrom(
    'quick' as const,
    'quick' as const,
    'slow' as const,
    'ends' as const,
    'cuts' as const,
  ),
  server: fc.constantFrom(
    'whole' as const,
    'whole' as const,
    'whole' as const,
    'early' as const,
    'cuts' as const,
  ),
})
type Plan = typeof exchange extends fc.Arbitrary<infer Value> ? Value : never

async function answer(asked: IncomingMessage, response: ServerResponse): Promise<void> {
  const plan: Plan = JSON.parse(String(asked.headers['x-plan']))
  const hash = createHash('sha1')
  asked.on('error', () => {})
  response.on('error', () => {})
  asked.on('data', chunk => hash.update(chunk))
  if (plan.server !== 'early') {
    await Promise.race([once(asked, 'end'), once(asked, 'close')]).catch(() => {})
    if (!asked.complete) return
  }
  const bytes = body(plan.seed, plan.answered)
  response.setHeader('x-hash', plan.server === 'early' ? 'early' : hash.digest('hex'))
  if (plan.framing === 'length') response.setHeader('content-length', bytes.length)
  if (plan.framing === 'close') {
    response.setHeader('connection', 'close')
    response.useChunkedEncodingByDefault = false
  }
  response.writeHead(200)
  response.flushHeaders()
  // an empty answer is whole with its head: what is cut behind it is the next request of the connection
  const cuts = plan.server === 'cuts' && bytes.length > 0
  await writeTo(response, bytes, plan.pieces, cuts ? bytes.length >> 1 : bytes.length)
  if (cuts) asked.socket.resetAndDestroy()
  else response.end()
}

interface Outcome {
  readonly status: number
  readonly hash: string
  readonly received: Buffer
  readonly isComplete: boolean
}

/** Runs one exchange as its plan says; null: no answer came. */
function run(port: number, plan: Plan, agent: Agent): Promise<Outcome | null> {
  const bytes = body(plan.seed + 1, plan.sent)
  return new Promise(resolve => {
    const headers = {
      'x-plan': JSON.stringify(plan),
      ...(plan.isSentChunked
        ? { 'transfer-encoding': 'chunked' }
        : { 'content-length': String(bytes.length) }),
    }
    const ownAgent = plan.client === 'quick' || plan.client === 'slow' ? { agent } : { agent: false as const }
    const asked = request(
      { host: LOOPBACK, port, method: 'POST', path: '/', headers, ...ownAgent },
      response => {
        const chunks: Buffer[] = []
        const finish = () =>
          resolve({
            status: response.statusCode ?? 0,
            hash: String(response.headers['x-hash']),
            received: Buffer.concat(chunks),
            isComplete: response.complete,
          })
        response.on('error', () => {})
        response.on('close', finish)
        response.on('data', chunk => {
          chunks.push(chunk)
          if (plan.client === 'cuts' && chunks.length > 1) asked.destroy()
          if (plan.client !== 'slow') return
          response.pause()
          setTimeout(() => response.resume(), 1)
        })
      },
    )
    asked.on('error', () => resolve(null))
    asked.on('close', () => setImmediate(() => resolve(null)))
    if (plan.client === 'ends') asked.on('finish', () => asked.socket?.end())
    const cutAt = plan.client === 'cuts' && plan.seed % 2 === 0 ? bytes.length >> 1 : bytes.length
    void writeBody(asked, bytes, plan.pieces, cutAt).then(() => {
      if (cutAt < bytes.length) asked.destroy()
      else asked.end()
    })
  })
}

async function writeBody(
  asked: ReturnType<typeof request>,
  bytes: Buffer,
  pieces: number,
  upTo: number,
): Promise<void> {
  const step = Math.max(1, Math.ceil(bytes.length / pieces))
  for (let at = 0; at < upTo && !asked.destroyed; at += step) {
    asked.write(bytes.subarray(at, Math.min(upTo, at + step)))
    await tick()
  }
}

function fault(plan: Plan, outcome: Outcome | null): string {
  const expected = body(plan.seed, plan.answered)
  const mayFail = plan.client === 'cuts' || plan.server !== 'whole'
  if (outcome === null) return mayFail ? '' : 'no answer'
  if (outcome.status !== 200) return mayFail ? '' : `status ${outcome.status}`
  if (!expected.subarray(0, outcome.received.length).equals(outcome.received)) return 'other bytes'
  const isWhole = outcome.received.length === expected.length
  // who cuts off its own answer may have parsed all of it and seen a part
  if (outcome.isComplete && !isWhole && plan.client !== 'cuts')
    return `complete with ${outcome.received.length} of ${expected.length} bytes`
  if (mayFail) return ''
  if (!outcome.isComplete || !isWhole) return `${outcome.received.length} of ${expected.length} bytes`
  return outcome.hash === hashOf(body(plan.seed + 1, plan.sent)) ? '' : 'the server got other bytes'
}

t.test('HTTP bodies arrive byte for byte, or visibly cut', async t => {
  const app = createServer((asked, response) => {
    void answer(asked, response)
  })
  app.listen(0, LOOPBACK)
  await once(app, 'listening')
  const pair = await startPair(t, { appPort: (app.address() as AddressInfo).port })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => {
    agent.destroy()
    app.closeAllConnections()
    app.close()
  })
  await fc.assert(
    fc.asyncProperty(fc.array(exchange, { minLength: 15, maxLength: 40, size: 'max' }), async plans => {
      const outcomes = await Promise.all(plans.map(plan => run(pair.outPort, plan, agent)))
      for (const [index, plan] of plans.entries()) {
        const wrong = fault(plan, outcomes[index] ?? null)
        if (wrong !== '') throw new Error(`${wrong}: ${JSON.stringify(plan)}`)
      }
      await quiet(pair)
    }),
    FUZZ_OPTIONS,
  )
  t.pass('they do')
})
