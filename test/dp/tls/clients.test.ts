/**
 * Who gets through an inbound: members of the mesh that the permission allows, and nobody else a single application
 * byte, be it with a new handshake or with a resumed session. The clients are openssl's.
 */
import t from 'tap'
import { makeIdentity, makeMeshCa } from '../../support/certificates.ts'
import { type EnginePair, startPair } from '../../support/engine-pair.ts'
import { httpResponder, ok, type RawServer, rawServer } from '../../support/raw-sockets.ts'
import { type ClientCertificate, sClient } from '../../support/s-client.ts'
import { ALLOW_ALL, aRule } from '../../support/snapshots.ts'

/** An application that speaks first, so that a client only has to be let through to get bytes. */
async function startGreeter(
  t: Parameters<typeof startPair>[0],
): Promise<{ app: RawServer; pair: EnginePair }> {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  return { app, pair: await startPair(t, { appPort: app.port, protocol: 'tcp' }) }
}

t.test('lets a member in, and again with its session', async t => {
  const { pair, app } = await startGreeter(t)
  const certificate = await makeIdentity(pair.ca, { service: 'shop' })
  const first = await sClient({ port: pair.inPort, certificate, send: 'hello', until: 'welcome' })
  t.match(first, { received: 'welcome', isResumed: false })
  const session = first.session
  const second = await sClient({ port: pair.inPort, certificate, send: 'hello', until: 'welcome', session })
  t.match(second, { received: 'welcome', isResumed: true })
  t.equal(app.peers.length, 2)
})

t.test('gives strangers not one byte, with a new handshake or with what they kept of it', async t => {
  const { pair, app } = await startGreeter(t)
  const otherMesh = await makeMeshCa('other')
  const namesake = await makeMeshCa('default')
  const selfMade = await makeMeshCa('default')
  const expired = await makeIdentity(pair.ca, { nowMs: Date.now() - 3_600_000, lifetimeMs: 1_800_000 })
  const strangers: Readonly<Record<string, ClientCertificate | null>> = {
    'without certificate': null,
    'with a self-made one': { chainPem: selfMade.rootPem, privateKeyPem: selfMade.privateKeyPem },
    "with one of another mesh's CA": await makeIdentity(otherMesh, { service: 'shop' }),
    'with one of a CA that only has the same name': await makeIdentity(namesake, { service: 'shop' }),
    'with an expired one': expired,
    'of our CA, but of another mesh by name': await makeIdentity(pair.ca, {
      uris: ['spiffe://default.evil/shop', 'spiffe://other/shop', 'kuma://kuma.io/service/shop'],
    }),
    'of our CA without a name': await makeIdentity(pair.ca, { uris: [] }),
    'of our CA, named for the mesh itself': await makeIdentity(pair.ca, { uris: ['spiffe://default'] }),
    'with a name in the name of another': await makeIdentity(pair.ca, {
      uris: ['spiffe://other/x,URI:spiffe://default/shop'],
    }),
  }
  for (const [name, certificate] of Object.entries(strangers)) {
    const first = await sClient({ port: pair.inPort, certificate, send: 'hello' })
    t.equal(first.received, '', name)
    const again = await sClient({ port: pair.inPort, certificate, send: 'hello', session: first.session })
    t.equal(
      again.received,
      '',
      `${name}, again ${first.session === undefined ? 'without' : 'with'} a session`,
    )
  }
  t.equal(app.peers.length, 0, 'the application was not called')
})

t.test('does not let a stranger resume the session of a member after the roots have changed', async t => {
  const { pair, app } = await startGreeter(t)
  const certificate = await makeIdentity(pair.ca, { service: 'shop' })
  const first = await sClient({ port: pair.inPort, certificate, send: 'x', until: 'welcome' })
  const newCa = await makeMeshCa('default')
  pair.backend.setIdentity(await makeIdentity(newCa, { service: 'backend' }))
  await pair.changeInbound({}, newCa)
  const again = await sClient({ port: pair.inPort, certificate, send: 'x', session: first.session })
  t.equal(again.received, '')
  t.equal(app.peers.length, 1)
})

t.test('decides by the permission as it is now, also for resumed sessions', async t => {
  const { pair } = await startGreeter(t)
  const shop = await makeIdentity(pair.ca, { service: 'shop' })
  const call = (session?: string) =>
    sClient({ port: pair.inPort, certificate: shop, send: 'x', until: 'welcome', session })
  const first = await call()
  t.equal(first.received, 'welcome')
  await pair.changeInbound({
    permission: { rules: [aRule('deny', 'spiffe://default/shop'), ...ALLOW_ALL.rules] },
  })
  t.equal((await call(first.session)).received, '')
  await pair.changeInbound({ permission: { rules: [aRule('shadow-deny', 'spiffe://default/shop')] } })
  t.equal((await call(first.session)).received, 'welcome')
  t.match(pair.backend.status().inbounds[0]?.counters, { shadowDenied: 1 })
  const both = aRule('allow', 'spiffe://default/shop', 'kuma://version/2')
  await pair.changeInbound({ permission: { rules: [both] } })
  t.equal((await call()).received, '', 'all principals of a rule have to be there')
})

t.test('answers 403 with its reason to HTTP, and the application says who called', async t => {
  const app = await httpResponder(request => ok(request))
  t.teardown(app.close)
  const pair = await startPair(t, {
    appPort: app.port,
    permission: { rules: [aRule('allow', 'spiffe://default/shop')] },
  })
  const send = 'GET / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n'
  const shop = await makeIdentity(pair.ca, { service: 'shop' })
  const other = await makeIdentity(pair.ca, { service: 'other' })
  const first = await sClient({ port: pair.inPort, certificate: shop, send })
  t.match(first.received, /URI=spiffe:\/\/default\/shop/)
  const resumed = await sClient({ port: pair.inPort, certificate: shop, send, session: first.session })
  t.match(resumed, { received: /URI=spiffe:\/\/default\/shop/, isResumed: true })
  const denied = await sClient({ port: pair.inPort, certificate: other, send })
  t.match(
    denied.received,
    /^HTTP\/1\.1 403 Forbidden\r\ncontent-length: 19\r\ncontent-type: text\/plain\r\n[\s\S]*x-vmesh-reason: permission-denied\r\n[\s\S]*\r\n\r\nRBAC: access denied$/,
  )
})
