/** Heads and pipelined requests that come byte by byte: nobody reads them from the start for each byte. */
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { RequestHead } from '../../../dp/codec/http1/request-head.ts'
import { ResponseHead } from '../../../dp/codec/http1/response-head.ts'
import { startPair } from '../../support/engine-pair.ts'
import { type RawPeer, rawClient, rawServer } from '../../support/raw-sockets.ts'

const LONG = 'a'.repeat(1000)
const REQUEST = `GET /${LONG} HTTP/1.1\r\nHost: b\r\n\r\n`
const RESPONSE = `HTTP/1.1 200 OK\r\nX-Long: ${LONG}\r\nContent-Length: 0\r\n\r\n`
/** The beginning and the whole, in each of two data planes. */
const MAX_READS = 4

async function sendSlowly(peer: RawPeer, text: string): Promise<void> {
  for (const byte of text) {
    peer.send(byte)
    await turn()
  }
}

t.test('reads the head of a request twice, in however many pieces it comes', async t => {
  const reads = t.capture(RequestHead.prototype, 'read', RequestHead.prototype.read)
  const app = await rawServer(() => {})
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  await sendSlowly(client, REQUEST)
  const server = await app.peer(0)
  await server.hears('\r\n\r\n')
  const count = reads().length
  t.ok(count <= MAX_READS, `${count} times`)

  // Now behind the one that runs.
  await sendSlowly(client, `${REQUEST}${REQUEST}`)
  t.same(reads(), [], 'nothing is read before its turn')
  for (let at = 0; at < 3; at++) {
    server.take()
    server.send('HTTP/1.1 204 No Content\r\n\r\n')
    if (at < 2) await server.hears(`GET /${LONG} `)
  }
  t.ok(reads().length <= 2 * MAX_READS)
  client.socket.destroy()
})

t.test('reads the head of a response twice, in however many pieces it comes', async t => {
  const reads = t.capture(ResponseHead.prototype, 'read', ResponseHead.prototype.read)
  const app = await rawServer(async peer => {
    await peer.hears('\r\n\r\n')
    await sendSlowly(peer, `HTTP/1.1 103 Early Hints\r\n\r\n${RESPONSE}`)
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(REQUEST)
  t.match(
    await client.hears(/Content-Length: 0\r\n\r\n$/),
    /103 Early Hints\r\n\r\nHTTP\/1\.1 200 OK\r\nX-Long: a/,
  )
  const count = reads().length
  t.ok(count <= 2 * MAX_READS, `${count} times`)
  client.socket.destroy()
})
