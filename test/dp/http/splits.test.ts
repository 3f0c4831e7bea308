/**
 * Many requests of every framing, cut into pieces at random, through two data planes to a server that does not share
 * our parser: every answer is the right one, whole and in its order. The same seeds every time.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { rawClient } from '../../support/raw-sockets.ts'

/** Numbers in [0, 1) from a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296
  }
}

/** Echoes the body, framed as the query says. */
async function startEcho(t: { teardown(end: () => void): void }): Promise<number> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', part => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts)
      response.setHeader('x-path', request.url ?? '')
      if (request.url?.includes('length')) response.setHeader('content-length', body.length)
      if (request.url?.includes('close')) response.setHeader('connection', 'close')
      response.write(body.subarray(0, body.length >> 1))
      response.end(body.subarray(body.length >> 1))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A request and the body that comes back. */
function aRequest(random: () => number, index: number): { text: string; body: string; path: string } {
  const size = Math.floor(random() ** 4 * 100_000)
  const body = Array.from({ length: Math.min(size, 500) }, () => String.fromCharCode(random() * 256))
    .join('')
    .repeat(Math.ceil(size / 500))
    .slice(0, size)
  const framing = random() < 0.5 ? 'length' : random() < 0.5 ? 'chunked' : 'close'
  const path = `/${index}?${framing}`
  const head = `POST ${path} HTTP/1.1\r\nHost: echo\r\n`
  if (random() < 0.5) return { path, body, text: `${head}Content-Length: ${size}\r\n\r\n${body}` }
  let chunks = ''
  let at = 0
  while (at < size) {
    const count = Math.min(size - at, 1 + Math.floor(random() * 20_000))
    chunks += `${count.toString(16)}\r\n${body.slice(at, at + count)}\r\n`
    at += count
  }
  return { path, body, text: `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n` }
}

/** Reads one response from the front of `text`: path, body and the rest; null when it is not complete. */
function readResponse(text: string): { path: string; body: string; rest: string } | null {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const head = text.slice(0, headEnd)
  const path = /^x-path: (.*)$/im.exec(head)?.[1] ?? head
  let rest = text.slice(headEnd + 4)
  const length = /^content-length: (\d+)$/im.exec(head)?.[1]
  if (length !== undefined) {
    if (rest.length < Number(length)) return null
    return { path, body: rest.slice(0, Number(length)), rest: rest.slice(Number(length)) }
  }
  let body = ''
  for (;;) {
    const lineEnd = rest.indexOf('\r\n')
    const count = Number.parseInt(rest, 16)
    if (lineEnd < 0 || rest.length < lineEnd + count + 4) return null
    body += rest.slice(lineEnd + 2, lineEnd + 2 + count)
    rest = rest.slice(lineEnd + count + 4)
    if (count === 0) return { path, body, rest }
  }
}

t.test('gives every pipelined request its own answer, however the bytes are cut', async t => {
  const pair = await startPair(t, { appPort: await startEcho(t) })
  const runs = [1, 2, 3, 4, 5, 6].map(async seed => {
    const random = randomOf(seed)
    const requests = Array.from({ length: 40 }, (_, index) => aRequest(random, index))
    const client = await rawClient(pair.outPort)
    const text = requests.map(request => request.text).join('')
    let at = 0
    while (at < text.length) {
      const count = 1 + Math.floor(random() ** 3 * 40_000)
      client.send(text.slice(at, at + count))
      at += count
      if (random() < 0.3) await new Promise(resolve => setImmediate(resolve))
    }
    for (const { path, body } of requests) {
      let response = readResponse(client.heard)
      while (response === null) {
        const before = client.heard.length
        await new Promise(resolve => client.socket.once('data', resolve))
        if (client.heard.length > before) response = readResponse(client.heard)
      }
      t.equal(response.path, path, `seed ${seed}`)
      t.ok(response.body === body, `seed ${seed}: body of ${path}`)
      client.heard = response.rest
    }
    client.socket.destroy()
  })
  await Promise.all(runs)
})
