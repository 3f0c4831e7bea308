/** How a side of vmesh/1 leaves: what was on its way is served, what comes later is not, and nobody waits for ever. */
import t from 'tap'
import { data, frame, goaway, open, reset, turn, VmeshPeer } from '../../../support/vmesh-peer.ts'

const EVERY = 0xffff_ffff
const FIRST = ['GOAWAY 0 4294967295 0', 'PING 0 vmesh-go']
const HEARD = frame('PING', 0, 'vmesh-go', 1)
const LINGER = { lingerMs: 2000 }

t.test('a server leaves in two steps: who was on its way is served, who comes later is refused', async t => {
  const peer = new VmeshPeer(true)
  peer.say(open(1), open(3))
  peer.session.leave()
  t.same(await peer.lines(), FIRST)
  peer.say(open(5), data(5, 'was on its way'), data(1, 'still served'), HEARD)
  t.same([peer.witnesses[0]?.received, peer.witnesses[2]?.received], ['still served', 'was on its way'])
  t.same(await peer.lines(), ['GOAWAY 0 5 0'], 'the last that is served')
  peer.say(open(7), data(7, 'too late'))
  t.same(await peer.lines(), ['RESET 7 1'])
  t.equal(peer.witnesses.length, 3)
  peer.say(reset(1), reset(3))
  t.equal(peer.wire.hasEnded, false)
  peer.say(reset(5))
  t.equal(peer.wire.hasEnded, true)
})

t.test('a server without streams ends as soon as the client has heard of it', async t => {
  const peer = new VmeshPeer(true)
  peer.session.leave()
  peer.session.leave()
  t.same(await peer.lines(), FIRST, 'said once')
  t.equal(peer.wire.hasEnded, false)
  peer.say(frame('PING', 0, 'vmesh-up', 1))
  t.equal(peer.wire.hasEnded, false, 'the answer to another question')
  peer.say(HEARD)
  t.same(await peer.lines(), ['GOAWAY 0 0 0'])
  t.equal(peer.wire.hasEnded, true)
})

t.test('a client that does not answer gets its time, and no more', async t => {
  const peer = new VmeshPeer(true, LINGER)
  peer.session.leave()
  peer.session.sweep(10_000)
  peer.say(open(1), data(1, 'was on its way'))
  t.equal(peer.witnesses[0]?.received, 'was on its way')
  peer.session.sweep(12_000)
  t.same(await peer.lines(), FIRST)
  peer.session.sweep(12_001)
  t.same(await peer.lines(), ['GOAWAY 0 1 0'])
  peer.say(open(3), HEARD)
  t.same(await peer.lines(), ['RESET 3 1'])
  peer.say(reset(1))
  t.equal(peer.wire.hasEnded, true)
})

t.test('a server that has to end serves nothing more, also when it was leaving', async t => {
  for (const isLeaving of [false, true]) {
    const peer = new VmeshPeer(true)
    peer.say(open(1))
    if (isLeaving) peer.session.leave()
    peer.session.leaveWithin(2000, 10_000)
    t.same(await peer.lines(), isLeaving ? [...FIRST, 'GOAWAY 0 1 0'] : ['GOAWAY 0 1 0'])
    peer.say(open(3), data(3, 'was on its way'))
    t.same(await peer.lines(), ['RESET 3 1'])
    peer.session.sweep(12_001)
    await turn()
    t.equal(peer.isClosed, true)
  }
})

t.test('a client leaves in one step, and so does a server that it has left', async t => {
  const client = new VmeshPeer(false)
  const one = client.open()
  await client.lines()
  client.session.leave()
  t.same(await client.lines(), ['GOAWAY 0 1 0'])
  one.stream.destroy()
  await turn()
  t.equal(client.wire.hasEnded, true)
  const server = new VmeshPeer(true)
  server.session.leave()
  server.say(goaway(0))
  t.same(await server.lines(), FIRST)
  t.equal(server.wire.hasEnded, true, 'nothing is on its way any more')
})

t.test(
  'a client opens nothing after the first step, keeps what runs, and is told the last by the second',
  async t => {
    const peer = new VmeshPeer(false)
    const [one, two] = [peer.open(), peer.open()]
    await peer.lines()
    peer.say(goaway(EVERY), frame('PING', 0, 'vmesh-go'))
    t.equal(peer.session.canOpen, false)
    t.same(await peer.lines(), ['PING 0 vmesh-go ACK'])
    t.same([one.events, two.events], [[], []])
    peer.say(goaway(1))
    t.same([one.events, two.events], [[], ['cut']])
    t.equal(two.stream.isUnprocessed, true)
  },
)

t.test('a client without streams ends at once, and says nothing behind that', async t => {
  const peer = new VmeshPeer(false)
  peer.say(goaway(EVERY), frame('PING', 0, 'vmesh-go'))
  t.equal(peer.wire.hasEnded, true)
  t.same(await peer.lines(), [])
})
