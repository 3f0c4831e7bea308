/**
 * A misbehaving upstream as a process of its own: `node test/support/misbehaving-program.ts [--port N] [--name a1]
 * [--protocol http|tcp] [--control N]`. It prints `serving PORT, control PORT`. Control, HTTP: `PUT /behaviour[?path=/p]`
 * with a Behaviour as JSON (400 with what is wrong), `GET /seen`, `DELETE /seen`.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { type Behaviour, Misbehaving } from './misbehaving.ts'
import { LOOPBACK } from './snapshots.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    control: { type: 'string', default: '0' },
    name: { type: 'string', default: 'app' },
    protocol: { type: 'string', default: 'http' },
  },
})

const app = new Misbehaving({
  name: values.name,
  port: Number(values.port),
  protocol: values.protocol === 'tcp' ? 'tcp' : 'http',
})

async function textOf(asked: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of asked) text += String(chunk)
  return text
}

async function control(asked: IncomingMessage): Promise<unknown> {
  const { pathname, searchParams } = new URL(asked.url ?? '/', 'http://control')
  const wanted = `${asked.method} ${pathname}`
  if (wanted === 'GET /seen') return app.seen
  if (wanted === 'DELETE /seen') {
    app.forget()
    return {}
  }
  if (wanted !== 'PUT /behaviour') throw new Error(`no such thing: ${wanted}`)
  const told = JSON.parse(await textOf(asked)) as Behaviour
  await app.tell(told, searchParams.get('path') ?? undefined)
  return told
}

const server = createServer((asked, answer) => {
  control(asked).then(
    value => answer.end(JSON.stringify(value)),
    error => answer.writeHead(400).end(String(error)),
  )
})
await app.start()
server.listen(Number(values.control), LOOPBACK, () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`serving ${app.port}, control ${port}\n`)
})
