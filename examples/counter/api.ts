/**
 * The counter: counts visits in the key-value store behind its outbound, and says which instance did.
 *
 *   node api.ts --port 7002 --name api-1 --kv 10002
 */
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { port: { type: 'string' }, name: { type: 'string' }, kv: { type: 'string' } },
})

const server = createServer(async (_request, response) => {
  try {
    const count = await increment('visits')
    response.end(`${count}, counted by ${values.name}\n`)
  } catch (error) {
    response.writeHead(503, { 'content-type': 'text/plain' })
    response.end(`no store: ${error instanceof Error ? error.message : String(error)}\n`)
  }
})
server.listen(Number(values.port ?? 7002), '127.0.0.1', () => console.log(`${values.name} is ready`))
process.on('SIGTERM', () => process.exit(0))

/** INCR in the words of redis (RESP): `:7\r\n` comes back. */
function increment(key: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(values.kv ?? 10_002), '127.0.0.1')
    let text = ''
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer in 5 s')))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the connection was closed without an answer')))
    socket.on('data', chunk => {
      text += chunk
      if (!text.endsWith('\r\n')) return
      if (text.startsWith(':')) resolve(Number(text.slice(1)))
      else reject(new Error(text.trim()))
      socket.destroy()
    })
    socket.write(`*2\r\n$4\r\nINCR\r\n$${Buffer.byteLength(key)}\r\n${key}\r\n`)
  })
}
