/**
 * Sends bytes through a data plane and tells what came of them: the answers, and the exact bytes that reached the
 * application behind it, which understands requests with the strict reader alone and answers each.
 */
import { type Ending, type RawPeer, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { roundTrip } from './loopback.ts'
import { type Reading, readStrictly } from './strict-reader.ts'

export interface Relayed {
  /** All that the client heard. */
  readonly answers: string
  readonly ending: Ending
  /** What the application got, a reading for each of its connections. */
  readonly readings: readonly Reading[]
}

export interface Recorder {
  readonly port: number
  /** Sends `text` to a listener, as one read or as two when `cutAt` is inside; answers when the connection has ended. */
  relay(port: number, text: string, cutAt?: number): Promise<Relayed>
  close(): void
}

/** Without a byte anywhere, all parties being in this process: twice what the longest way takes. Nothing more will come. */
const QUIET_ROUND_TRIPS = 6
const FIRST = 'GET /first HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n'
const ANSWER = 'HTTP/1.1 200 OK\r\nx-recorded: yes\r\ncontent-length: 0\r\n\r\n'
const NO_TUNNEL = 'HTTP/1.1 405 Method Not Allowed\r\nx-recorded: yes\r\ncontent-length: 0\r\n\r\n'

/** One relay at a time. */
export async function startRecorder(): Promise<Recorder> {
  let moved = 0
  /** Since the relay that runs began. */
  const heard = new Map<RawPeer, string>()
  const answered = new Map<RawPeer, number>()
  const server = await rawServer(peer => {
    peer.socket.on('data', () => {
      moved++
      heard.set(peer, (heard.get(peer) ?? '') + peer.take())
      const { requests, faults } = readStrictly(heard.get(peer) ?? '')
      if (faults.length > 0) peer.socket.destroy()
      const count = answered.get(peer) ?? 0
      answered.set(peer, requests.length)
      if (requests.length === count) return
      const isConnect = requests.at(-1)?.head.startsWith('CONNECT ') === true
      peer.send(ANSWER.repeat(requests.length - count - (isConnect ? 1 : 0)) + (isConnect ? NO_TUNNEL : ''))
    })
    peer.socket.on('end', () => peer.socket.end())
  })

  const ready = new Set<number>()
  /** Later the connections between the data planes are there, and nobody waits for a handshake. */
  async function makeReady(port: number): Promise<void> {
    const client = await rawClient(port)
    client.send(FIRST)
    await client.ended
    client.socket.destroy()
    ready.add(port)
  }

  async function relay(port: number, text: string, cutAt = 0): Promise<Relayed> {
    if (!ready.has(port)) await makeReady(port)
    heard.clear()
    answered.clear()
    const client = await rawClient(port)
    client.socket.on('error', () => {})
    if (cutAt > 0 && cutAt < text.length) {
      client.send(text.slice(0, cutAt))
      await roundTrip()
    }
    client.send(text.slice(cutAt))
    await quiet(client, () => moved)
    client.socket.end()
    const ending = await client.ended
    client.socket.destroy()
    // What was abandoned may still be on its way to the application.
    await still(() => moved)
    return { answers: client.heard, ending, readings: [...heard.values()].map(readStrictly) }
  }

  return { port: server.port, relay, close: server.close }
}

/** Until nothing moves any more, or the client's connection has ended. `moved`: a count of what else was heard. */
export async function quiet(client: RawPeer, moved: () => number): Promise<void> {
  let isOver = false
  void client.ended.then(() => {
    isOver = true
  })
  await still(
    () => moved() + client.heard.length,
    () => isOver,
  )
}

/** Until a count does not change any more. */
async function still(count: () => number, isOver = () => false): Promise<void> {
  let before = -1
  for (let trips = 0; trips < QUIET_ROUND_TRIPS && !isOver(); trips++) {
    const now = count()
    if (now !== before) trips = 0
    before = now
    await roundTrip()
  }
}
