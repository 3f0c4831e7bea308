/** Streams of vmesh/1 on raw frames: how they begin, end, are cut, and what that means for bytes on their way. */
import t from 'tap'
import {
  credit,
  data,
  end,
  frame,
  goaway,
  open,
  reset,
  turn,
  VmeshPeer,
} from '../../../support/vmesh-peer.ts'

t.test('carries bytes both ways on a stream that stays', async t => {
  const peer = new VmeshPeer(true)
  peer.say(open(1), data(1, 'question'))
  const [one] = peer.witnesses
  t.equal(one?.received, 'question')
  one?.stream.write('answer')
  t.same(await peer.lines(), ['DATA 1 answer'])
  peer.say(data(1, ' again'))
  t.equal(one?.received, 'question again')
  t.equal(peer.session.streamCount, 1)
})

t.test('reads frames however they are split', async t => {
  const bytes = Buffer.concat([
    open(1),
    data(1, 'hello'),
    frame('PING', 0, '12345678'),
    data(1, ' world'),
    end(1),
    open(3),
    reset(3),
  ])
  for (let cut = 1; cut < bytes.length; cut++) {
    const peer = new VmeshPeer(true)
    peer.say(bytes.subarray(0, cut))
    peer.say(bytes.subarray(cut))
    t.equal(peer.witnesses[0]?.received, 'hello world', `cut at ${cut}`)
    t.same(peer.witnesses[0]?.events, ['end'])
    t.same(peer.witnesses[1]?.events, ['cut'])
  }
  const slow = new VmeshPeer(true)
  for (let at = 0; at < bytes.length; at++) slow.say(bytes.subarray(at, at + 1))
  t.equal(slow.witnesses[0]?.received, 'hello world')
  t.same(await slow.lines(), ['PING 0 12345678 ACK'])
})

t.test('ends each direction on its own, and is gone when both have ended', async t => {
  const peer = new VmeshPeer(true)
  peer.say(open(1), data(1, 'x'), end(1))
  const [one] = peer.witnesses
  t.same(one?.events, ['end'])
  one?.stream.write('late answer')
  one?.stream.end()
  t.same(await peer.lines(), ['DATA 1 late answer', 'DATA 1 END'])
  t.same(one?.events, ['end', 'close'])
  t.equal(peer.session.streamCount, 0)
  one?.stream.write('nothing')
  one?.stream.destroy()
  t.same(await peer.lines(), [], 'and says nothing more')
})

t.test('tells a reset from an end, on both sides', async t => {
  const peer = new VmeshPeer(true)
  peer.say(open(1), data(1, 'x'), reset(1), open(3))
  const [one, two] = peer.witnesses
  t.same(one?.events, ['cut'])
  two?.stream.reset()
  t.same(two?.events, [], 'told later, never within the call')
  t.same(await peer.lines(), ['RESET 3 0'])
  t.same(two?.events, ['close'])
  peer.say(data(3, 'on its way'), end(3), credit(3, 5000), reset(3))
  t.same(await peer.lines(), [], 'what was on its way is dropped')
  t.equal(peer.session.isReading, true)
})

t.test('hands on what came before an end, also when the stream is reset behind it', async t => {
  const peer = new VmeshPeer(false)
  const one = peer.open()
  one.stream.pause()
  peer.say(data(1, 'all of it'), end(1), reset(1))
  await turn()
  t.equal(one.received, '')
  t.same(one.events, [], 'it is paused')
  t.equal(one.stream.isOpen, false, 'writing is in vain')
  one.stream.resume()
  await turn()
  t.equal(one.received, 'all of it')
  t.same(one.events, ['end', 'cut'])
})

t.test('what waits to be sent behind a reset is dropped, and whoever waits for that is told', async t => {
  const peer = new VmeshPeer(true)
  peer.say(open(1))
  const [one] = peer.witnesses
  if (one === undefined) return t.fail('no stream')
  one.stream.pause()
  one.stream.writeBytes(Buffer.alloc(200_000))
  t.ok(one.stream.pendingBytes > 0, 'the peer does not take it')
  peer.say(data(1, 'all of it'), end(1), reset(1))
  await turn()
  t.same(one.events, ['drain'], 'it may read on where it stopped for that')
  t.equal(one.stream.pendingBytes, 0)
  one.stream.resume()
  await turn()
  t.equal(one.received, 'all of it')
  t.same(one.events, ['drain', 'end', 'cut'])
})

t.test('hands on what came before a refusal, and never as an end', async t => {
  const peer = new VmeshPeer(false)
  const one = peer.open()
  one.stream.pause()
  peer.say(data(1, 'a whole answer'), reset(1, 1))
  await turn()
  t.same(one.events, [], 'it is paused')
  const { onBytes } = one
  one.onBytes = (bytes, start, end) => {
    onBytes.call(one, bytes, start, end)
    one.stream.pause()
  }
  one.stream.resume()
  await turn()
  t.equal(one.received, 'a whole answer')
  t.same(one.events, [], 'it is paused again')
  one.stream.resume()
  await turn()
  t.same(one.events, ['cut'])
  t.equal(peer.session.streamCount, 0)
})

t.test('tells a cut at once: whoever is paused may wait for the other direction', async t => {
  for (const cut of [(peer: VmeshPeer) => peer.say(reset(1)), (peer: VmeshPeer) => peer.wire.close()]) {
    const peer = new VmeshPeer(false)
    const one = peer.open()
    one.stream.pause()
    peer.say(data(1, 'half of something'))
    cut(peer)
    await turn()
    t.same(one.events, ['cut'])
    t.equal(peer.session.streamCount, 0)
  }
})

t.test('keeps the order of what came before and after a resume', async t => {
  const peer = new VmeshPeer(true)
  peer.say(open(1))
  const [one] = peer.witnesses
  one?.stream.pause()
  peer.say(data(1, 'first '))
  one?.stream.resume()
  peer.say(data(1, 'second'), end(1))
  await turn()
  t.equal(one?.received, 'first second')
  t.same(one?.events, ['end'])
})

t.test('a connection that closes cuts what has not ended, and only that', async t => {
  for (const how of ['end', 'close'] as const) {
    const peer = new VmeshPeer(false)
    const [cut, ended, done] = [peer.open(), peer.open(), peer.open()]
    ended.stream.pause()
    peer.say(data(1, 'half'), data(3, 'whole'), end(3), end(5))
    done.stream.end()
    await turn()
    if (how === 'end') peer.wire.sink.onEnd()
    else peer.wire.close()
    await turn()
    t.same(cut.events, ['cut'], how)
    t.same(done.events, ['end', 'close'])
    ended.stream.resume()
    await turn()
    t.equal(ended.received, 'whole')
    t.same(ended.events, ['end', 'cut'])
  }
})

t.test('refuses streams beyond the limit and says that nothing was looked at', async t => {
  const peer = new VmeshPeer(true, { maxStreams: 2 })
  peer.say(open(1), open(3), open(5), data(5, 'x'), data(1, 'y'))
  t.equal(peer.witnesses.length, 2)
  t.same(await peer.lines(), ['RESET 5 1'])
  peer.say(reset(1), open(7))
  t.equal(peer.witnesses.length, 3)
  const client = new VmeshPeer(false, { maxStreams: 1 })
  const one = client.open()
  t.equal(client.session.canOpen, false)
  client.say(reset(1, 1))
  t.equal(one.stream.isUnprocessed, true)
  t.equal(client.session.canOpen, true)
})

t.test('knows after a GOAWAY which streams were not looked at', async t => {
  const peer = new VmeshPeer(false)
  const [one, two] = [peer.open(), peer.open()]
  peer.say(goaway(1))
  t.equal(peer.session.canOpen, false)
  t.same(one.events, [])
  t.same(two.events, ['cut'])
  t.same([one.stream.isUnprocessed, two.stream.isUnprocessed], [false, true])
  peer.say(data(1, 'answer'), end(1))
  one.stream.end()
  await turn()
  t.same(one.events, ['end', 'close'])
  t.equal(peer.wire.hasEnded, true)
})

t.test('skips what came with later versions', async t => {
  const peer = new VmeshPeer(true)
  peer.say(
    open(1),
    frame(77, 1, Buffer.alloc(65_535)),
    frame(255, 4_000_000_001),
    frame('OPEN', 3, 'options of later versions'),
    frame('WINDOW', 1, Buffer.concat([Buffer.from([0, 0, 16, 0]), Buffer.alloc(100)])),
    frame('DATA', 1, 'seen', 0x80),
  )
  t.equal(peer.session.isReading, true)
  t.equal(peer.witnesses.length, 2)
  t.equal(peer.witnesses[0]?.received, 'seen')
  t.same(peer.witnesses[0]?.events, [])
})

t.test('ends a connection whose peer does not keep to the protocol', async t => {
  const cases: Readonly<Record<string, readonly Buffer[]>> = {
    'DATA on a stream that nobody opened': [data(1, 'x')],
    'END on a stream that nobody opened': [end(5)],
    'DATA on the connection': [data(0, 'x')],
    'a second END': [open(1), end(1), end(1)],
    'DATA behind END': [open(1), end(1), data(1, 'x')],
    'a stream twice': [open(1), open(1)],
    'a number that goes back': [open(5), open(3)],
    'an even number': [open(2)],
    'stream 0': [open(0)],
    'RESET of a stream that nobody opened': [reset(1)],
    'WINDOW of a stream that nobody opened': [credit(1, 5000)],
    'WINDOW of nothing': [open(1), credit(1, 0)],
    'a short WINDOW': [open(1), frame('WINDOW', 1, 'ab')],
    'more credit than can be': [open(1), credit(1, 0x7fff_ffff), credit(1, 0x7fff_ffff)],
    'a short GOAWAY': [frame('GOAWAY', 0, 'a')],
  }
  for (const [name, frames] of Object.entries(cases)) {
    const peer = new VmeshPeer(true)
    peer.say(...frames, open(101))
    t.match((await peer.lines()).at(-1), /^GOAWAY 0 \d+ [12]$/, name)
    t.equal(peer.session.isReading, false)
    t.equal(peer.wire.hasEnded, true)
    t.notOk(
      peer.witnesses.some(({ stream }) => stream.id === 101),
      'what follows is not read',
    )
    for (const witness of peer.witnesses) t.equal(witness.events.at(-1), 'cut')
    peer.session.sweep(1)
    peer.session.sweep(1_000_000)
    await turn()
    t.equal(peer.isClosed, true, 'and the connection is cut when the peer does not close it')
  }
  const client = new VmeshPeer(false)
  client.say(open(2))
  t.same(await client.lines(), ['GOAWAY 0 0 1'], 'servers open nothing')
})
