/**
 * TCP connections through two data planes, many at a time on one connection, with slow readers and cuts anywhere: every
 * byte arrives, an end is never a cut, and nothing is left over. FUZZ_RUNS sets how long; a failure prints its seed.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { setImmediate as tick } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { body, bodySize, FUZZ_OPTIONS, hashOf, quiet, writeTo } from '../../support/fuzz-bodies.ts'
import { LOOPBACK } from '../../support/snapshots.ts'

const tunnel = fc.record({
  seed: fc.nat(),
  sent: bodySize,
  answered: bodySize,
  pieces: fc.integer({ min: 1, max: 9 }),
  isSlow: fc.boolean(),
  cut: fc.constantFrom('nobody' as const, 'nobody' as const, 'client' as const, 'server' as const),
})
type TunnelPlan = typeof tunnel extends fc.Arbitrary<infer Value> ? Value : never

/** A line with the plan, then the body; the other side answers as planned. */
async function runTunnel(port: number, plan: TunnelPlan): Promise<{ received: Buffer; ending: string }> {
  const socket = connect({ port, host: LOOPBACK, allowHalfOpen: true })
  const chunks: Buffer[] = []
  const ended = new Promise<string>(resolve => {
    socket.on('end', () => resolve('end'))
    socket.on('error', () => resolve('cut'))
    socket.on('close', () => resolve('cut'))
  })
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    if (!plan.isSlow) return
    socket.pause()
    setTimeout(() => socket.resume(), 1)
  })
  socket.write(`${JSON.stringify(plan)}\n`)
  const bytes = body(plan.seed + 1, plan.sent)
  await writeTo(socket, bytes, plan.pieces, plan.cut === 'client' ? bytes.length >> 1 : bytes.length)
  if (plan.cut === 'client') socket.resetAndDestroy()
  else socket.end()
  const ending = await ended
  socket.destroy()
  return { received: Buffer.concat(chunks), ending }
}

t.test('TCP bytes arrive as they were sent, and an end is never a cut', async t => {
  let rounds = 0
  const heard = new Map<number, { hash: string; ending: string }>()
  const app = createTcpServer({ allowHalfOpen: true }, socket => {
    const chunks: Buffer[] = []
    let ending = 'cut'
    let plan: TunnelPlan | null = null
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (plan !== null || !chunk.includes(10)) return
      const text = Buffer.concat(chunks)
      plan = JSON.parse(text.subarray(0, text.indexOf(10)).toString()) as TunnelPlan
      const { seed, answered, pieces, cut } = plan
      const bytes = body(seed, answered)
      void writeTo(socket, bytes, pieces, cut === 'server' ? bytes.length >> 1 : bytes.length).then(() => {
        if (cut === 'server') socket.resetAndDestroy()
        else socket.end()
      })
    })
    socket.on('end', () => {
      ending = 'end'
    })
    socket.on('close', () => {
      const all = Buffer.concat(chunks)
      if (plan !== null) heard.set(plan.seed, { hash: hashOf(all.subarray(all.indexOf(10) + 1)), ending })
    })
  })
  app.listen(0, LOOPBACK)
  await once(app, 'listening')
  t.teardown(() => {
    app.close()
  })
  const pair = await startPair(t, { appPort: (app.address() as AddressInfo).port, protocol: 'tcp' })
  await fc.assert(
    fc.asyncProperty(fc.array(tunnel, { minLength: 10, maxLength: 30, size: 'max' }), async drawn => {
      // What the server heard is found by the seed.
      const plans = drawn.map((plan, index) => ({ ...plan, seed: ++rounds * 1000 + index }))
      const outcomes = await Promise.all(plans.map(plan => runTunnel(pair.outPort, plan)))
      await quiet(pair)
      for (const [index, plan] of plans.entries()) {
        const { received, ending } = outcomes[index] ?? { received: Buffer.alloc(0), ending: '' }
        const expected = body(plan.seed, plan.answered)
        const place = JSON.stringify(plan)
        if (!expected.subarray(0, received.length).equals(received)) throw new Error(`other bytes: ${place}`)
        if (plan.cut === 'server' && ending === 'end') throw new Error(`a cut looked like an end: ${place}`)
        if (plan.cut !== 'nobody') continue
        if (ending !== 'end' || received.length !== expected.length) throw new Error(`not all: ${place}`)
        while (!heard.has(plan.seed)) await tick()
        const { hash } = heard.get(plan.seed) ?? { hash: '' }
        if (hash !== hashOf(body(plan.seed + 1, plan.sent)))
          throw new Error(`the server got other bytes: ${place}`)
      }
    }),
    FUZZ_OPTIONS,
  )
  t.pass('they do')
})
