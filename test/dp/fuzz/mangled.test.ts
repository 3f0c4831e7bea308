/**
 * Mangled bytes on every kind of listener and from applications: nothing ends the process, nothing reaches an
 * application as a request that nobody sent, and afterwards everything works. Seeded: SEED of a failure repeats it.
 */
import { setImmediate as tick } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { MULTIPLEXED } from '../../../dp/tls/alpn.ts'
import { makeIdentity } from '../../support/certificates.ts'
import { mustApply, startPair } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { ok, RawPeer, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { aCluster, anInbound, anOutbound, LOOPBACK, trustOf } from '../../support/snapshots.ts'
import { data, end, open as openStream, reset } from '../../support/vmesh-peer.ts'

const SEED = 20_261_123
const ROUNDS = 200

/** Mulberry32. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const REQUESTS = [
  'GET /fuzz HTTP/1.1\r\nHost: b\r\nConnection: keep-alive, x\r\nX: y\r\n\r\n',
  'POST /fuzz HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\n\r\nhello',
  'POST /fuzz HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n',
  'GET http://b/fuzz HTTP/1.1\r\nHost: c\r\nExpect: 100-continue\r\n\r\n',
  'GET /fuzz HTTP/1.1\r\nHost: b\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nframes',
]
const RESPONSES = [
  ok('plain'),
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.0 200 OK\r\n\r\nuntil the end',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nframes',
]
const INSERTED = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ':',
  ' ',
  'Content-Length: 3\r\n',
  '\r\n\r\n',
  'é',
  '0',
  ',',
  'chunked',
]

function mangle(text: string, random: (below: number) => number): string {
  let result = text
  for (let edits = random(4); edits > 0; edits--) {
    const at = random(result.length + 1)
    const removed = random(3) === 0 ? random(8) : 0
    const inserted = random(2) === 0 ? INSERTED[random(INSERTED.length)] : String.fromCharCode(random(256))
    result = result.slice(0, at) + inserted + result.slice(at + removed)
  }
  return result
}

const pick = <T>(list: readonly T[], random: (below: number) => number): T => {
  const one = list[random(list.length)]
  if (one === undefined) throw new Error('an empty list')
  return one
}

/** A stream for each, frames mangled as well half of the time. */
function framed(requests: readonly string[], random: (below: number) => number): string {
  const frames = requests.flatMap((text, index) => [
    openStream(index * 2 + 1),
    data(index * 2 + 1, text),
    random(2) === 0 ? end(index * 2 + 1) : reset(index * 2 + 1),
  ])
  const text = Buffer.concat(frames).toString('latin1')
  return random(2) === 0 ? text : mangle(text, random)
}

t.test('survives mangled bytes on every kind of listener', async t => {
  const random = randomFrom(SEED)
  // Half of the time the application is mangled as well; it may close or be cut at any moment.
  const app = await rawServer(peer => {
    peer.socket.on('data', () => {
      if (peer.heard.includes('GET /proof')) peer.send(ok('proof'))
      else if (random(8) === 0) peer.socket.destroy()
      else peer.send(random(2) === 0 ? mangle(pick(RESPONSES, random), random) : pick(RESPONSES, random))
      peer.take()
    })
    peer.socket.on('end', () => peer.socket.end())
  })
  t.teardown(app.close)
  const limits = { headTimeoutMs: 1000, streamIdleMs: 1500, lingerMs: 200, handshakeTimeoutMs: 1000 }
  const pair = await startPair(t, { appPort: app.port, limits })
  const [plainIn = 0, tcpIn = 0, tcpOut = 0, plainOut = 0] = await freePorts(4)
  const trust = [trustOf(pair.ca)]
  await mustApply(pair.backend, {
    listeners: [
      pair.inbound,
      anInbound(plainIn, app.port, { tls: null }),
      anInbound(tcpIn, app.port, { protocol: 'tcp' }),
    ],
    trust,
  })
  await mustApply(pair.web, {
    listeners: [
      anOutbound(pair.outPort, 'backend'),
      anOutbound(tcpOut, 'tcp', { protocol: 'tcp' }),
      anOutbound(plainOut, 'plain'),
    ],
    clusters: [
      aCluster('backend', [pair.inPort]),
      aCluster('tcp', [tcpIn], { tls: aCluster('backend', []).tls }),
      aCluster('plain', [plainIn], { tls: null }),
    ],
    trust,
  })
  const member = await makeIdentity(pair.ca)
  /** Of a client of the mesh: whether it speaks in frames. */
  let isFramed = false
  const open = async (kind: number): Promise<RawPeer> => {
    isFramed = kind === 0 && random(2) === 0
    if (kind > 0)
      return rawClient(pick([pair.outPort, pair.inPort, plainIn, tcpIn, tcpOut, plainOut], random))
    const socket = connectTls({
      host: LOOPBACK,
      port: random(2) === 0 ? pair.inPort : tcpIn,
      cert: member.chainPem,
      key: member.privateKeyPem,
      ca: [pair.ca.rootPem],
      ...(isFramed ? { ALPNProtocols: [MULTIPLEXED] } : {}),
      checkServerIdentity: () => undefined,
    })
    return new RawPeer(socket)
  }
  const clients: RawPeer[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const client = await open(random(4))
    clients.push(client)
    client.socket.on('error', () => {})
    const requests = Array.from({ length: 1 + random(3) }, () => mangle(pick(REQUESTS, random), random))
    const text = isFramed ? framed(requests, random) : requests.join('')
    const cut = random(text.length)
    client.send(text.slice(0, cut))
    await tick()
    client.send(text.slice(cut))
    const ending = random(4)
    if (ending === 0) client.socket.end()
    else if (ending === 1) client.socket.destroy()
  }
  await tick()
  for (const { socket } of clients) socket.end()
  await Promise.all(clients.map(client => client.ended))
  for (const client of clients) client.socket.destroy()
  for (const port of [pair.outPort, plainOut, plainIn, tcpOut]) {
    const client = await rawClient(port)
    client.send('GET /proof HTTP/1.1\r\nHost: b\r\n\r\n')
    t.match(await client.hears(/\r\n\r\n[\s\S]/), /proof$/, `port ${port} works as before (seed ${SEED})`)
    client.socket.destroy()
  }
})
