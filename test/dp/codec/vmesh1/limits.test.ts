/** What a peer of vmesh/1 can make grow: back-pressure stream by stream, floods, and peers that are dead. */
import t from 'tap'
import { credit, data, end, frame, hello, open, reset, turn, VmeshPeer } from '../../../support/vmesh-peer.ts'

const KIB = 1024
const chunk = (count: number): string => 'x'.repeat(count)

t.test('sends no more than the peer takes, and neighbours go on', async t => {
  const peer = new VmeshPeer(true)
  peer.say(open(1), open(3))
  const [slow, quick] = peer.witnesses
  const isFree = slow?.stream.writeBytes(Buffer.alloc(200 * KIB, 'x'))
  t.equal(isFree, false)
  t.equal(slow?.stream.pendingBytes, 136 * KIB)
  t.same(await peer.lines(), [...Array(4).fill('DATA 1 (16376)'), `DATA 1 ${chunk(32)}`])
  t.equal(quick?.stream.write('quick'), true)
  t.same(await peer.lines(), ['DATA 3 quick'])
  peer.say(credit(1, 100 * KIB))
  t.equal((await peer.lines()).length, 7)
  slow?.stream.end()
  t.same(slow?.events, [])
  peer.say(credit(1, 100 * KIB))
  t.same((await peer.lines()).slice(-2), ['DATA 1 (4112)', 'DATA 1 END'])
  t.same(slow?.events, ['drain'])
})

t.test(
  'keeps what a paused stream gets, no more than its window, and gives credit when it is taken',
  async t => {
    const peer = new VmeshPeer(true)
    peer.say(open(1), open(3))
    const [paused, other] = peer.witnesses
    paused?.stream.pause()
    for (let at = 0; at < 4; at++) peer.say(data(1, chunk(16 * KIB)))
    peer.say(data(3, 'neighbour'))
    t.equal(paused?.received, '')
    t.equal(other?.received, 'neighbour')
    t.same(await peer.lines(), [], 'no credit')
    paused?.stream.resume()
    await turn()
    t.equal(paused?.received.length, 64 * KIB)
    t.same(await peer.lines(), ['WINDOW 1 65536'], 'of the same size: it was slow')
    paused?.stream.pause()
    for (let at = 0; at < 4; at++) peer.say(data(1, chunk(16 * KIB)))
    t.equal(peer.session.isReading, true)
    peer.say(data(1, 'x'))
    t.match((await peer.lines()).at(-1), /^GOAWAY 0 3 2$/, 'a peer that sends more is not read any more')
  },
)

t.test('gives larger windows to those who keep up, and never more than all may have', async t => {
  const peer = new VmeshPeer(true)
  const granted = new Map<number, number>()
  for (let id = 1; id < 200; id += 2) {
    peer.say(open(id))
    let left = 64 * KIB
    for (let sent = 0; sent < 4096 * KIB; sent += 32 * KIB) {
      peer.say(data(id, chunk(32 * KIB)))
      left -= 32 * KIB
      for (const line of await linesNow(peer)) left += Number(line.split(' ')[2])
    }
    granted.set(id, left)
  }
  t.ok((granted.get(1) ?? 0) > 512 * KIB, `${granted.get(1)} bytes for the first`)
  t.ok((granted.get(199) ?? 0) <= 64 * KIB, `${granted.get(199)} bytes for the last`)
  const sum = [...granted.values()].reduce((one, other) => one + other)
  t.ok(sum <= (16 * 1024 + 100 * 64) * KIB, `${sum} bytes in all`)
})

t.test('gives nobody a larger window where the shared one is used up', async t => {
  const peer = new VmeshPeer(true, { sharedWindowBytes: 0 })
  peer.say(open(1))
  for (let round = 0; round < 10; round++) {
    peer.say(data(1, chunk(32 * KIB)))
    t.same(await peer.lines(), ['WINDOW 1 32768'])
  }
})

t.test('gives a peer that got it wrong a moment to read why, then cuts', async t => {
  const peer = new VmeshPeer(true, { lingerMs: 500 })
  peer.say(open(2))
  t.match(await peer.lines(), ['GOAWAY 0 0 1'])
  peer.session.sweep(1000)
  peer.session.sweep(1400)
  t.equal(peer.wire.isOpen, true)
  peer.session.sweep(1600)
  t.equal(peer.wire.isOpen, false)
})

t.test('lets streams take turns when the peer does not read', async t => {
  const peer = new VmeshPeer(true, { maxPendingBytes: 32 * KIB })
  peer.say(open(1), open(3), open(5))
  peer.say(credit(1, 1024 * KIB), credit(3, 1024 * KIB), credit(5, 1024 * KIB))
  peer.wire.isStuck = true
  const [one, two, three] = peer.witnesses
  one?.stream.writeBytes(Buffer.alloc(600 * KIB))
  two?.stream.writeBytes(Buffer.alloc(32 * KIB))
  three?.stream.writeBytes(Buffer.alloc(32 * KIB))
  const before = (await peer.lines()).length
  t.ok(before <= 12, `${before} frames are held`)
  t.ok((one?.stream.pendingBytes ?? 0) > 300 * KIB)
  peer.wire.unstick()
  const order = (await peer.lines()).map(line => line.split(' ')[1])
  for (const id of ['3', '5']) t.ok(order.indexOf(id) >= 0 && order.indexOf(id) < 6, `${id} comes soon`)
  t.equal(one?.stream.pendingBytes, 0)
})

t.test('reads a flood slowly: streams that are reset at once', async t => {
  const peer = new VmeshPeer(true, { nuisanceBurst: 100, nuisancesPerSecond: 10 })
  peer.session.sweep(1000)
  let id = -1
  while (!peer.wire.isPaused && id < 10_000) {
    id += 2
    peer.say(open(id), reset(id))
  }
  t.equal((id + 1) / 2, 101)
  t.equal(peer.session.streamCount, 0)
  peer.session.sweep(1050)
  t.equal(peer.wire.isPaused, true)
  peer.session.sweep(2000)
  t.equal(peer.wire.isPaused, false, 'and goes on as slowly as it may')
})

t.test('does not hold streams that end in order for a flood', async t => {
  const peer = new VmeshPeer(true, { nuisanceBurst: 10, nuisancesPerSecond: 1 })
  for (let id = 1; id < 2000; id += 2) {
    peer.say(open(id), data(id, 'x'), end(id))
    peer.witnesses.at(-1)?.stream.end()
  }
  await turn()
  t.equal(peer.wire.isPaused, false)
  t.equal(peer.session.streamCount, 0)
})

t.test('reads every kind of frame that moves nothing slowly', async t => {
  const kinds: Readonly<Record<string, Buffer>> = {
    'empty DATA': data(1, ''),
    PING: frame('PING', 0, '12345678'),
    'tiny WINDOW': credit(1, 1),
    'an unknown type': frame(99, 0),
    GOAWAY: frame('GOAWAY', 0, Buffer.alloc(5)),
    'RESET of what is closed': reset(1),
  }
  for (const [name, bytes] of Object.entries(kinds)) {
    const peer = new VmeshPeer(true, { nuisanceBurst: 50, nuisancesPerSecond: 1 })
    peer.say(open(1), open(3))
    let count = 0
    while (!peer.wire.isPaused && count < 1000) {
      peer.say(bytes)
      count++
    }
    t.ok(count <= 52, `${name}: ${count} frames`)
  }
})

t.test('does not read a peer that does not read its answers', async t => {
  const peer = new VmeshPeer(true, { maxBacklogBytes: 64 * KIB })
  peer.wire.isStuck = true
  for (let count = 0; count < 20_000 && !peer.wire.isPaused; count++) {
    peer.say(frame('PING', 0, '12345678'))
    if (count % 100 === 0) await turn()
  }
  t.equal(peer.wire.isPaused, true)
  t.ok(peer.wire.pendingBytes < 128 * KIB, `${peer.wire.pendingBytes} bytes are kept`)
  peer.wire.unstick()
  t.equal(peer.wire.isPaused, false)
})

t.test('finds a dead peer, and lets a silent one live', async t => {
  const peer = new VmeshPeer(false, { pingAfterMs: 1000, pingTimeoutMs: 500 })
  const one = peer.open()
  await peer.lines()
  peer.session.sweep(10_000)
  peer.session.sweep(10_900)
  t.same(await peer.lines(), [])
  peer.session.sweep(11_500)
  t.same(await peer.lines(), ['PING 0 vmesh-up'])
  peer.say(frame('PING', 0, 'vmesh-up', 1))
  for (const nowMs of [12_000, 12_500, 13_100]) peer.session.sweep(nowMs)
  t.same(await peer.lines(), ['PING 0 vmesh-up'], 'asked again after the answer')
  peer.session.sweep(13_500)
  t.equal(peer.isClosed, false)
  peer.session.sweep(13_700)
  await turn()
  t.equal(peer.isClosed, true)
  t.same(one.events, ['cut'])
})

t.test('doubts a peer that does not answer, until it hears from it', async t => {
  const peer = new VmeshPeer(false, { pingAfterMs: 1000, pingTimeoutMs: 60_000 })
  for (const nowMs of [1000, 1500, 3000]) peer.session.sweep(nowMs)
  t.same(await peer.lines(), ['PING 0 vmesh-up'])
  t.equal(peer.session.isInDoubt, false, 'the answer may be on its way')
  peer.session.sweep(3500)
  t.equal(peer.session.isInDoubt, true)
  peer.say(frame('PING', 0, 'vmesh-up', 1))
  t.equal(peer.session.isInDoubt, false)
})

t.test('a server says first how many streams it takes, and a client opens no more', async t => {
  const server = new VmeshPeer(true, { maxStreams: 3 })
  await server.lines()
  t.equal(server.hello, 'HELLO 0 3')
  const client = new VmeshPeer(false, { maxStreams: 100 })
  client.say(hello(2))
  client.open()
  t.equal(client.session.canOpen, true)
  client.open()
  t.equal(client.session.canOpen, false)
  client.say(hello(0))
  t.equal(client.session.isReady, false, 'none at all')
  server.say(open(1), open(3), open(5), open(7))
  t.same(await server.lines(), ['RESET 7 1'], 'and refuses what is beyond')
})

t.test('keeps what comes in small pieces in no more memory than its bytes', async t => {
  const peer = new VmeshPeer(true)
  const pieces = Buffer.concat(Array.from({ length: 64 * KIB }, () => data(1, 'x')))
  const used = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
  const before = used()
  for (let id = 1; id < 16; id += 2) {
    peer.say(open(id))
    peer.witnesses.at(-1)?.stream.pause()
    for (let at = 4; at < pieces.length; at += 9) pieces.writeUInt32BE(id, at)
    peer.say(pieces)
  }
  t.ok(used() - before < 24 * 1024 * KIB, `${used() - before} bytes more`)
  for (const witness of peer.witnesses) witness.stream.resume()
  await turn()
  t.same(new Set(peer.witnesses.map(witness => witness.received.length)), new Set([64 * KIB]))
})

async function linesNow(peer: VmeshPeer): Promise<string[]> {
  await new Promise(resolve => setImmediate(resolve))
  return peer.lines()
}
