/** The applications of the counter example, without a mesh between them. */
import { connect } from 'node:net'
import t from 'tap'
import { call, Running } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

const [kv = 0, api = 0, web = 0, nobody = 0] = await freePorts(4)
const started: Running[] = []
const start = async (file: string, ...args: readonly string[]): Promise<void> => {
  const running = new Running([`examples/counter/${file}`, ...args])
  started.push(running)
  await running.said(/is ready/)
}
t.teardown(() => Promise.all(started.map(running => running.stop())))
await start('kv.ts', '--port', String(kv))
await start('api.ts', '--port', String(api), '--name', 'api-1', '--kv', String(kv))

/** Sends the pieces one after the other; resolves with the answers when `lines` lines have come. */
function resp(pieces: readonly string[], lines: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: kv, host: '127.0.0.1', noDelay: true })
    let text = ''
    socket.on('error', reject)
    socket.on('data', chunk => {
      text += chunk
      if (text.split('\r\n').length <= lines) return
      socket.destroy()
      resolve(text)
    })
    const send = ([piece, ...rest]: readonly string[]): void => {
      if (piece !== undefined) socket.write(piece, () => send(rest))
    }
    send(pieces)
  })
}
const words = (...all: readonly string[]): string =>
  `*${all.length}\r\n${all.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`

t.test('the store speaks RESP, however the bytes are cut', async t => {
  const commands =
    words('PING') +
    words('SET', 'k', 'größe\r\n2') +
    words('GET', 'k') +
    words('INCR', 'k') +
    words('DEL', 'k') +
    words('GET', 'k') +
    words('NO')
  const answers =
    "+PONG\r\n+OK\r\n$10\r\ngröße\r\n2\r\n-ERR value is not an integer or out of range\r\n:1\r\n$-1\r\n-ERR unknown command 'NO'\r\n"
  t.equal(await resp([commands], 9), answers)
  t.equal(await resp([...commands], 9), answers, 'one character at a time')
})

t.test('the counter counts in the store and says who did', async t => {
  t.match(await call(api, '/visit'), { status: 200, body: /^1, counted by api-1\n$/ })
  t.match(await call(api, '/visit'), { status: 200, body: /^2, counted by api-1\n$/ })
})

t.test('the front end shows the count, and what fails behind it', async t => {
  await start('web.ts', '--port', String(web), '--api', `http://127.0.0.1:${api}`)
  t.match(await call(web, '/'), { status: 200, body: /^visit \d+, counted by api-1\n$/ })
  t.match(await call(web, '/favicon.ico'), { status: 404 })
  await start('web.ts', '--port', String(nobody), '--api', 'http://127.0.0.1:1')
  t.match(await call(nobody, '/'), { status: 502, body: /^no counter: / })
})
