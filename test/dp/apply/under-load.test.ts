/** Changes under load: a hundred snapshots and renewed identities, and not one failed or wrong answer. */
import t from 'tap'
import { makeIdentity } from '../../support/certificates.ts'
import { mustApply, startPair } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { httpResponder, ok, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { ALLOW_ALL, aCluster, anOutbound, aRule, trustOf } from '../../support/snapshots.ts'

t.test('answers every request while unrelated things change', async t => {
  const app = await httpResponder(request => ok(request.split(' ')[1] ?? ''))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  let isRunning = true
  let count = 0
  const wrong: string[] = []
  const load = Array.from({ length: 8 }, async (_, index) => {
    const client = await rawClient(pair.outPort)
    for (let call = 0; isRunning; call++) {
      const path = `/${index}-${call}`
      client.take()
      client.send(`GET ${path} HTTP/1.1\r\nHost: b\r\n\r\n`)
      const answer = await client.hears(/\r\n\r\n[\s\S]/)
      if (!answer.startsWith('HTTP/1.1 200 OK') || !answer.endsWith(`\r\n\r\n${path}`)) wrong.push(answer)
      count++
    }
    client.socket.destroy()
  })
  const [other = 0] = await freePorts(1)
  for (let change = 0; change < 100; change++) {
    await mustApply(pair.web, {
      listeners: [anOutbound(pair.outPort, 'backend'), ...(change % 2 ? [anOutbound(other, 'other')] : [])],
      clusters: [aCluster('backend', [pair.inPort]), aCluster('other', [change + 1], { tls: null })],
      trust: [trustOf(pair.ca)],
    })
    const unrelated = aRule('deny', `spiffe://default/somebody-${change}`)
    await pair.changeInbound({ permission: { rules: [unrelated, ...ALLOW_ALL.rules] } })
    if (change % 20 === 10) pair.web.setIdentity(await makeIdentity(pair.ca))
    if (change % 20 === 19) pair.backend.setIdentity(await makeIdentity(pair.ca, { service: 'backend' }))
    const seen = count
    while (count < seen + 8) await new Promise(resolve => setImmediate(resolve))
  }
  isRunning = false
  await Promise.all(load)
  t.same(wrong.slice(0, 3), [])
  t.ok(count >= 800, `${count} requests`)
})

t.test('keeps a TCP connection through all of it', async t => {
  const app = await rawServer(peer => peer.socket.pipe(peer.socket))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, protocol: 'tcp' })
  const client = await rawClient(pair.outPort)
  for (let change = 0; change < 20; change++) {
    client.send(`message ${change};`)
    await client.hears(`message ${change};`)
    const unrelated = aRule('deny', `spiffe://default/somebody-${change}`)
    await pair.changeInbound({ permission: { rules: [unrelated, ...ALLOW_ALL.rules] } })
    pair.web.setIdentity(await makeIdentity(pair.ca))
    pair.backend.setIdentity(await makeIdentity(pair.ca, { service: 'backend' }))
  }
  t.equal(app.peers.length, 1)
  client.socket.destroy()
})
