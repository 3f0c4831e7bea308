/** When what is gathered leaves: with the callback, with the turn, or when no more company comes. */
import { setImmediate as tick } from 'node:timers/promises'
import t from 'tap'
import { type Company, Output } from '../../../dp/codec/output.ts'
import { FakeWire } from '../../support/vmesh-peer.ts'

function anOutput(company: Company): { output: Output; wire: FakeWire; put(count?: number): void } {
  const wire = new FakeWire()
  const output = new Output(wire, 256 * 1024)
  output.company = company
  const put = (count = 10) => {
    output.reserve(count)
    output.buffer.fill('x', output.at, output.at + count)
    output.at += count
  }
  return { output, wire, put }
}

t.test('what nobody else is about to follow leaves with the callback that wrote it', async t => {
  const { wire, put } = anOutput('none')
  put()
  put()
  t.equal(wire.written.length, 0)
  await new Promise(resolve => process.nextTick(resolve))
  t.equal(wire.written.length, 1)
  wire.pendingBytes = 1
  put()
  await new Promise(resolve => process.nextTick(resolve))
  t.equal(wire.written.length, 1, 'but not behind a write that is under way')
  await tick()
  t.equal(wire.written.length, 2)
})

t.test('a turn of the event loop is one write', async t => {
  const { wire, put } = anOutput('unknown')
  put()
  await new Promise(resolve => process.nextTick(resolve))
  put()
  t.equal(wire.written.length, 0)
  await tick()
  t.same(
    wire.written.map(bytes => bytes.length),
    [20],
  )
})

t.test('waits for company as long as more comes, and not for ever', async t => {
  const { wire, put } = anOutput('some')
  put()
  await tick()
  t.equal(wire.written.length, 0)
  put()
  await tick()
  t.equal(wire.written.length, 0)
  await tick()
  t.equal(wire.written.length, 1, 'nothing came')
  let turns = 0
  while (wire.written.length === 1) {
    put()
    await tick()
    turns++
  }
  t.equal(turns, 6)
  put(20_000)
  await tick()
  t.equal(wire.written.length, 3, 'what is large enough does not wait')
})

t.test('splits what does not fit into one buffer, and keeps the order', async t => {
  const { output, wire, put } = anOutput('some')
  for (let at = 0; at < 10; at++) put(20_000)
  output.close()
  t.equal(Buffer.concat(wire.written).length, 200_000)
  put()
  await tick()
  t.equal(Buffer.concat(wire.written).length, 200_000, 'closed')
})
