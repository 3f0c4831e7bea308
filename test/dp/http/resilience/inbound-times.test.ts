/** How long calls may take at an inbound: by client, and not counting what a fault holds them up. */
import t from 'tap'
import type { InboundListener } from '#contract/listener.ts'
import { type EnginePair, startPair } from '../../../support/engine-pair.ts'
import { rawClient } from '../../../support/raw-sockets.ts'
import { toldApplication } from '../../../support/retried.ts'

const WEB = 'spiffe://default/web'
const OTHERS = 'spiffe://default/others'

/** Status, reason and policy of a call through both sides. */
async function outcome({ outPort }: EnginePair, path = '/'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${outPort}${path}`)
  const { headers } = response
  await response.text()
  return [response.status, headers.get('x-vmesh-reason'), headers.get('x-vmesh-policy')]
    .filter(said => said !== null)
    .join(' ')
}

function ofClients(...times: readonly (readonly [client: string, requestMs: number])[]) {
  const clientTimeouts = times.map(([client, requestMs]) => ({
    clients: { principals: [client] },
    timeouts: { policy: `MeshTimeout/${requestMs}`, requestMs },
  }))
  return { clientTimeouts } satisfies Partial<InboundListener>
}

t.test('the first rule that fits the client decides, others have the time of all', async t => {
  const app = await toldApplication(t, () => {})
  const pair = await startPair(t, { appPort: app.port })
  const timeouts = { policy: 'MeshTimeout/all', requestMs: 60 }
  await pair.changeInbound({ timeouts, ...ofClients([OTHERS, 1], [WEB, 50], [WEB, 1]) })
  t.equal(await outcome(pair), '504 request-timeout MeshTimeout/50')
  await pair.changeInbound({ timeouts, ...ofClients([OTHERS, 1]) })
  t.equal(await outcome(pair), '504 request-timeout MeshTimeout/all')
})

t.test('a change holds for connections that are there', async t => {
  const app = await toldApplication(t, (request, response) => {
    if (request.url === '/') response.end('ok')
  })
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  await client.hears('ok')
  await pair.changeInbound(ofClients([WEB, 50]))
  client.send('GET /hangs HTTP/1.1\r\nHost: b\r\n\r\n')
  t.match(await client.hears('upstream request timeout'), /504[\s\S]*x-vmesh-policy: MeshTimeout\/50/)
  client.socket.destroy()
})

t.test('what a fault holds up is not timed, and does not count as running', async t => {
  const app = await toldApplication(t, (request, response) => {
    if (request.url === '/') response.end('ok')
  })
  const pair = await startPair(t, { appPort: app.port })
  await pair.changeInbound({
    timeouts: { policy: 'MeshTimeout/short', requestMs: 100 },
    faults: [{ policy: 'MeshFaultInjection/late', delay: { ms: 300, percentage: 100 } }],
  })
  const began = performance.now()
  t.equal(await outcome(pair), '200')
  t.ok(performance.now() - began >= 290, 'it was held up')
  t.equal(
    await outcome(pair, '/hangs'),
    '504 request-timeout MeshTimeout/short',
    'behind the delay it is timed',
  )
  const { upstream } = pair.inbound
  await pair.changeInbound({
    upstream: { ...upstream, limits: { policy: 'MeshCircuitBreaker/one', maxRequests: 1 } },
    faults: [{ policy: 'MeshFaultInjection/late', delay: { ms: 60_000, percentage: 100 } }],
  })
  const held = [await rawClient(pair.outPort), await rawClient(pair.outPort)]
  for (const client of held) client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  while (pair.backend.status().inbounds[0]?.counters['delayed'] !== 4) await new Promise(setImmediate)
  t.equal(pair.backend.status().inbounds[0]?.counters['errors.overflow'], undefined)
  await pair.changeInbound({
    upstream: { ...upstream, limits: { policy: 'MeshCircuitBreaker/one', maxRequests: 1 } },
  })
  t.equal(await outcome(pair), '200', 'there is room')
  for (const { socket } of held) socket.destroy()
})
