/**
 * The front end: a page with the number of visits. It knows one address, that of its outbound:
 *
 *   node web.ts --port 7001 --api http://127.0.0.1:10001
 */
import { createServer, get } from 'node:http'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { port: { type: 'string' }, api: { type: 'string' } } })
const api = values.api ?? 'http://127.0.0.1:10001'

interface Count {
  readonly status: number
  readonly text: string
}

const server = createServer(async (request, response) => {
  if (request.url !== '/') {
    response.writeHead(404).end()
    return
  }
  try {
    const { status, text } = await visit()
    response.writeHead(status === 200 ? 200 : 502, { 'content-type': 'text/plain' })
    response.end(status === 200 ? `visit ${text}` : `the counter answered ${status}: ${text}\n`)
  } catch (error) {
    response.writeHead(502, { 'content-type': 'text/plain' })
    response.end(`no counter: ${error instanceof Error ? error.message : String(error)}\n`)
  }
})
server.listen(Number(values.port ?? 7001), '127.0.0.1', () => console.log('web is ready'))
process.on('SIGTERM', () => process.exit(0))

function visit(): Promise<Count> {
  return new Promise((resolve, reject) => {
    const asked = get(`${api}/visit`, { timeout: 5_000 }, answer => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer in 5 s')))
    asked.on('error', reject)
  })
}
