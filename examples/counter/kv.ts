/**
 * A small key-value store that speaks RESP, for machines without a redis-server: PING, GET, SET, INCR, DEL.
 *
 *   node kv.ts --port 7004
 */
import { createServer } from 'node:net'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { port: { type: 'string' } } })
const store = new Map<string, string>()
/** A request that does not end is cut off here. */
const MAX_REQUEST_CHARACTERS = 1_000_000

const server = createServer(socket => {
  let buffer = ''
  socket.setEncoding('latin1')
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: string) => {
    buffer += chunk
    for (let request = take(buffer); request !== null; request = take(buffer)) {
      buffer = buffer.slice(request.length)
      socket.write(answer(request.words), 'latin1')
    }
    if (buffer.length > MAX_REQUEST_CHARACTERS) socket.destroy()
  })
})
server.listen(Number(values.port ?? 7004), '127.0.0.1', () => console.log('kv is ready'))
process.on('SIGTERM', () => process.exit(0))

/** `*2\r\n$3\r\nGET\r\n$1\r\na\r\n` → words and how long the request was; null: not all of it is there. */
function take(text: string): { words: string[]; length: number } | null {
  const head = /^\*(\d+)\r\n/.exec(text)
  if (head === null) return null
  const words: string[] = []
  let at = head[0].length
  for (let left = Number(head[1]); left > 0; left--) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at))
    if (size === null) return null
    const start = at + size[0].length
    const end = start + Number(size[1])
    if (text.length < end + 2) return null
    words.push(text.slice(start, end))
    at = end + 2
  }
  return { words, length: at }
}

function answer([command = '', key = '', value = '']: readonly string[]): string {
  switch (command.toUpperCase()) {
    case 'PING':
      return '+PONG\r\n'
    case 'SET':
      store.set(key, value)
      return '+OK\r\n'
    case 'GET':
      return bulk(store.get(key))
    case 'DEL':
      return `:${store.delete(key) ? 1 : 0}\r\n`
    case 'INCR': {
      const count = Number(store.get(key) ?? 0) + 1
      if (!Number.isSafeInteger(count)) return '-ERR value is not an integer or out of range\r\n'
      store.set(key, String(count))
      return `:${count}\r\n`
    }
    default:
      return `-ERR unknown command '${command.slice(0, 32)}'\r\n`
  }
}

function bulk(value: string | undefined): string {
  return value === undefined ? '$-1\r\n' : `$${value.length}\r\n${value}\r\n`
}
