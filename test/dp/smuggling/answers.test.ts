/**
 * Response splitting: a hostile application behind two data planes. What a client gets is canonical and is the answer
 * to what it asked, the next one included; and clients that others wrote understand it alike.
 */
import { Agent, request } from 'node:http'
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { type RawPeer, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { LOOPBACK } from '../../support/snapshots.ts'
import { ANSWERS, type HostileAnswer } from './corpus/answers.ts'
import { shown } from './corpus/hostile.ts'
import { startReferenceServers } from './reference-servers.ts'
import { quiet } from './relay.ts'
import { answerLabel, type ReadAnswer, readAnswers } from './strict-answers.ts'

const GOOD = 'HTTP/1.1 200 OK\r\nX-Good: 1\r\nContent-Length: 4\r\n\r\ngood'
/** What clients got, by its text. */
const delivered = new Map<string, { name: string; method: string; answer: ReadAnswer }>()

t.test('gives a client the answers to what it asked and nothing else', async t => {
  let current: HostileAnswer | null = null
  let heardByApp = 0
  const app = await rawServer(peer => {
    peer.socket.on('data', () => {
      heardByApp++
      if (!peer.heard.includes('\r\n\r\n')) return
      const isFirst = peer.take().includes(' /first ')
      peer.send(isFirst ? (current?.text ?? '') : GOOD)
      if (isFirst && current?.ends === true) peer.socket.end()
    })
    peer.socket.on('end', () => peer.socket.end())
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })

  const ask = async (client: RawPeer, method: string, path: string) => {
    client.send(`${method} ${path} HTTP/1.1\r\nHost: b\r\n\r\n`)
    await quiet(client, () => heardByApp)
  }
  const failures: string[] = []
  for (const one of ANSWERS) {
    current = one
    const client = await rawClient(pair.outPort)
    client.socket.on('error', () => {})
    await ask(client, one.method, '/first')
    await ask(client, one.method === 'HEAD' ? 'HEAD' : 'GET', '/second')
    client.socket.end()
    const ending = await client.ended
    client.socket.destroy()
    const fault = faultOf(one, client.heard, ending)
    if (fault !== '') failures.push(`${one.name}: ${fault}`)
  }
  t.same(failures, [], `${ANSWERS.length} answers`)
})

function faultOf({ name, passes, method }: HostileAnswer, heard: string, ending: string): string {
  const { answers, rest, faults } = readAnswers(heard, method)
  const [first, second] = answers
  if (faults.length > 0) return faults.join('; ')
  if (answers.length > 2) return `${answers.length} answers`
  const isRefusal = first?.head.includes('\r\nx-vmesh-reason: ') === true
  if (!passes && ending === 'reset') return answers.length > 0 ? 'an answer before the cut' : ''
  if (isRefusal === passes || rest !== '') return `heard ${shown(heard).slice(0, 200)}`
  if (second?.head.includes('\r\nX-Good: 1') !== true) return `then ${shown(heard).slice(-200)}`
  if (passes && first !== undefined) delivered.set(first.text, { name, method, answer: first })
  return ''
}

t.test('is understood alike by clients that others wrote', async t => {
  const texts = [...delivered.values()]
  const replies = await rawServer(peer => {
    peer.socket.on('data', () => {
      const index = /^\w+ \/replay\/(\d+) [\s\S]*\r\n\r\n/.exec(peer.heard)?.[1]
      if (index === undefined) return
      const isLast = /^connection: close\r$/im.test(peer.take())
      peer.send(texts[Number(index)]?.answer.text ?? '')
      if (isLast) peer.socket.end()
    })
    peer.socket.on('end', () => peer.socket.end())
  })
  t.teardown(replies.close)
  const { servers, missing, close } = await startReferenceServers(replies.port)
  t.teardown(close)
  for (const name of missing) t.pass(name, { skip: 'not installed' })
  const differences: string[] = []
  for (const { name: server, port } of servers) {
    // Node itself asks without anything between.
    const to = server === 'node' ? replies.port : port
    const agent = new Agent({ keepAlive: true, maxSockets: 4 })
    let refusals = 0
    await Promise.all(
      texts.map(async ({ name, method, answer }, index) => {
        // nginx 1.22 takes an interim answer for the last.
        if (server === 'nginx' && /^HTTP\/1\.1 1/.test(answer.text)) return
        const got = await fetchLabel(agent, to, method, `/replay/${index}`)
        if (got === answer.label) return
        if (got === 'failed' || got === 'cut' || /^50[0234] /.test(got)) refusals++
        else differences.push(`${server}, ${name}: ${got} instead of ${answer.label}`)
      }),
    )
    agent.destroy()
    t.comment(`${server}: ${texts.length} answers, refused by itself: ${refusals}`)
  }
  t.same(differences, [], 'no client sees another answer')
})

function fetchLabel(agent: Agent, port: number, method: string, path: string): Promise<string> {
  return new Promise(resolve => {
    const asked = request({ agent, host: LOOPBACK, port, method, path, timeout: 8000 }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => resolve('cut'))
      response.on('end', () =>
        resolve(answerLabel(response.statusCode ?? 0, Buffer.concat(chunks).toString('latin1'))),
      )
    })
    asked.on('timeout', () => {
      resolve('waits for more')
      asked.destroy()
    })
    asked.on('error', () => resolve('failed'))
    asked.end()
  })
}
