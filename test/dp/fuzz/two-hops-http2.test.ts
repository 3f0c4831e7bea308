/**
 * Bodies of HTTP/2 through two data planes to applications of HTTP/1.1 and HTTP/2, many streams on one connection, with
 * trailers, slow readers, and cuts anywhere: what arrives is byte for byte what was sent or visibly cut, no neighbour
 * suffers, and nothing is left over. FUZZ_RUNS sets how long; a failure prints its seed, FUZZ_SEED repeats it.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  type ClientHttp2Session,
  connect,
  createServer as createHttp2,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { setImmediate as tick } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { body, bodySize, FUZZ_OPTIONS, hashOf, quiet } from '../../support/fuzz-bodies.ts'
import { LOOPBACK } from '../../support/snapshots.ts'

const CANCEL = 8
const call = fc.record({
  seed: fc.nat(),
  sent: bodySize,
  answered: bodySize,
  hasLength: fc.boolean(),
  hasTrailers: fc.boolean(),
  pieces: fc.integer({ min: 1, max: 9 }),
  client: fc.constantFrom('quick' as const, 'quick' as const, 'slow' as const, 'cancels' as const),
  cutAt: fc.integer({ min: 0, max: 100 }).map(percent => percent / 100),
  server: fc.constantFrom('whole' as const, 'whole' as const, 'early' as const, 'cuts' as const),
})
type Plan = typeof call extends fc.Arbitrary<infer Value> ? Value : never

/** Writes up to `upTo`, in pieces; waits where the other side does not read. */
async function writePieces(to: Writable, bytes: Buffer, pieces: number, upTo: number): Promise<void> {
  const step = Math.max(1, Math.ceil(bytes.length / pieces))
  for (let at = 0; at < upTo && !to.destroyed; at += step) {
    if (!to.write(bytes.subarray(at, Math.min(upTo, at + step))))
      await new Promise<void>(resolve => {
        to.once('drain', resolve)
        to.once('close', resolve)
      })
    await tick()
  }
}

/** Reads as planned, then answers as planned: `begin` sends the head with the hash of what was read. */
async function answer(
  plan: Plan,
  asked: Readable,
  to: Writable,
  { begin, end, cut }: { begin(hash: string): void; end(): void; cut(): void },
): Promise<void> {
  const hash = createHash('sha1')
  let isWhole = false
  asked.on('error', () => {})
  to.on('error', () => {})
  asked.on('data', (chunk: Buffer) => hash.update(chunk))
  asked.on('end', () => {
    isWhole = true
  })
  if (plan.server !== 'early') {
    await Promise.race([once(asked, 'end'), once(asked, 'close')]).catch(() => {})
    if (!isWhole) return
  }
  const bytes = body(plan.seed, plan.answered)
  begin(plan.server === 'early' ? 'early' : hash.digest('hex'))
  const upTo = plan.server === 'cuts' ? Math.floor(bytes.length * plan.cutAt) : bytes.length
  await writePieces(to, bytes, plan.pieces, upTo)
  if (plan.server === 'cuts') cut()
  else end()
}

function answerHttp1(asked: IncomingMessage, response: ServerResponse): void {
  const plan: Plan = JSON.parse(String(asked.headers['x-plan']))
  void answer(plan, asked, response, {
    begin(hash) {
      response.setHeader('x-hash', hash)
      if (plan.hasLength && !plan.hasTrailers) response.setHeader('content-length', plan.answered)
      response.writeHead(200)
      response.flushHeaders()
    },
    end() {
      if (plan.hasTrailers) response.addTrailers({ 'x-trailer': String(plan.seed) })
      response.end()
    },
    cut: () => asked.socket.resetAndDestroy(),
  })
}

function answerHttp2(stream: ServerHttp2Stream, headers: { readonly 'x-plan'?: unknown }): void {
  const plan: Plan = JSON.parse(String(headers['x-plan']))
  void answer(plan, stream, stream, {
    begin(hash) {
      if (stream.destroyed) return
      // Between data planes a body with a length has no place for trailers.
      const hasLength = plan.hasLength && !plan.hasTrailers
      const length = hasLength ? { 'content-length': plan.answered } : {}
      // Node 26 aborts when a stream is reset that waits for trailers.
      const waitForTrailers = plan.hasTrailers && plan.client !== 'cancels' && plan.server !== 'cuts'
      stream.respond({ ':status': 200, 'x-hash': hash, ...length }, { waitForTrailers })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-trailer': String(plan.seed) }))
    },
    end: () => stream.end(),
    // close() would end what it has written first.
    cut: () => stream.destroy(new Error('cut')),
  })
}

interface Outcome {
  readonly status: number
  readonly hash: string
  readonly received: Buffer
  /** Of the end; '' without. */
  readonly trailer: string
  readonly isComplete: boolean
}

/** Runs one call as its plan says. */
function run(session: ClientHttp2Session, plan: Plan): Promise<Outcome> {
  const bytes = body(plan.seed + 1, plan.sent)
  return new Promise(resolve => {
    const length = plan.hasLength ? { 'content-length': plan.sent } : {}
    const stream = session.request({
      ':method': 'POST',
      ':path': '/',
      'x-plan': JSON.stringify(plan),
      ...length,
    })
    const chunks: Buffer[] = []
    let [status, hash, trailer, count, hasEnded] = [0, '', '', 0, false]
    stream.on('error', () => {})
    stream.on('response', headers => {
      status = headers[':status'] ?? 0
      hash = String(headers['x-hash'])
    })
    stream.on('trailers', headers => {
      trailer = String(headers['x-trailer'] ?? '')
    })
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      count += chunk.length
      if (plan.client === 'cancels' && count > plan.answered * plan.cutAt) stream.close(CANCEL)
      if (plan.client !== 'slow') return
      stream.pause()
      setTimeout(() => stream.resume(), 1)
    })
    stream.on('end', () => {
      hasEnded = true
    })
    stream.on('close', () => {
      const isComplete = hasEnded && stream.rstCode === 0 && status !== 0
      resolve({ status, hash, trailer, isComplete, received: Buffer.concat(chunks) })
    })
    const isCutHere = plan.client === 'cancels' && plan.seed % 2 === 0
    const upTo = isCutHere ? Math.floor(bytes.length * plan.cutAt) : bytes.length
    void writePieces(stream, bytes, plan.pieces, upTo).then(() => {
      if (isCutHere) stream.close(CANCEL)
      else stream.end()
    })
  })
}

function fault(plan: Plan, { status, hash, received, trailer, isComplete }: Outcome): string {
  const expected = body(plan.seed, plan.answered)
  const mayFail = plan.client === 'cancels' || plan.server === 'cuts'
  if (status !== 200) return mayFail ? '' : `status ${status}`
  if (!expected.subarray(0, received.length).equals(received)) return 'other bytes'
  const isWhole = received.length === expected.length
  if (plan.client !== 'cancels' && isComplete && !isWhole)
    return `complete with ${received.length} of ${expected.length}`
  if (mayFail) return ''
  if (!isComplete || !isWhole)
    return `${received.length} of ${expected.length} bytes, complete: ${isComplete}`
  if (trailer !== (plan.hasTrailers ? String(plan.seed) : '')) return `trailer "${trailer}"`
  return plan.server === 'early' || hash === hashOf(body(plan.seed + 1, plan.sent))
    ? ''
    : 'the server got other bytes'
}

async function listen(server: Server | Http2Server): Promise<number> {
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

for (const protocol of ['http', 'http2'] as const) {
  t.test(
    `bodies of HTTP/2 arrive byte for byte, or visibly cut, at an application of ${protocol}`,
    async t => {
      const app = protocol === 'http' ? createHttp1(answerHttp1) : createHttp2()
      if (protocol === 'http2') app.on('stream', answerHttp2)
      const pair = await startPair(t, { appPort: await listen(app), protocol })
      const session = connect(`http://${LOOPBACK}:${pair.outPort}`)
      session.on('error', error => t.fail(error.message))
      t.teardown(() => {
        session.destroy()
        app.close()
      })
      await fc.assert(
        fc.asyncProperty(fc.array(call, { minLength: 10, maxLength: 30, size: 'max' }), async plans => {
          const outcomes = await Promise.all(plans.map(plan => run(session, plan)))
          for (const [index, plan] of plans.entries()) {
            const outcome = outcomes[index]
            const wrong = outcome === undefined ? 'no outcome' : fault(plan, outcome)
            if (wrong !== '') throw new Error(`${wrong}: ${JSON.stringify(plan)}`)
          }
          await quiet(pair)
        }),
        FUZZ_OPTIONS,
      )
      t.pass('they do')
    },
  )
}
