/** The listeners themselves: ports, certificates, diagnostics, closing. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { createApi } from '../../../cp/api/server.ts'
import { Tokens } from '../../../cp/auth/tokens.ts'
import { ensureServerCertificate } from '../../../cp/ca/server-certificate.ts'
import { createGuardedStore } from '../../../cp/store/guarded-store.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import type { Store } from '../../../cp/store/store.ts'
import { CodedError } from '../../../dp/base/errors.ts'
import { createLogger, silentLogger } from '../../../dp/base/log.ts'
import { nothingLive, type RunningApi, send, settingsFor, startApi } from '../../support/api.ts'

const NAMES = { dnsNames: ['localhost'], ips: ['127.0.0.1'] }

t.test('says which port is in use and what to do, and opens nothing', async t => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  t.teardown(() => holder.close())
  const address = holder.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const store = createMemoryStore()
  const log = silentLogger()
  const pair = await ensureServerCertificate(t.testdir(), NAMES)
  const api = createApi({
    settings: settingsFor({ 'apiServer.http.port': String(port) }),
    store,
    guarded: createGuardedStore({ store, zone: 'default', hooks: [], log }),
    tokens: new Tokens(store),
    access: { refusal: () => null },
    audit: {
      changed: () => Promise.resolve(),
      issued: () => Promise.resolve(),
      viewed: () => Promise.resolve(),
    },
    log,
    version: '0',
    instanceId: 'x',
    insight: () => undefined,
    live: nothingLive(),
    tls: { cert: pair.chainPem, key: pair.privateKeyPem },
  })
  const message = new RegExp(
    `^HTTP API: cannot listen on 127\\.0\\.0\\.1 port ${port}: the port is in use.*set apiServer\\.http\\.port$`,
  )
  await t.rejects(api.listen(), { code: 'api.listen', message })
  t.same(api.ports(), { http: null, https: null, diagnostics: null })
  await api.close()
})

t.test('listens only where it is told to', async t => {
  const run = await startApi({ folder: t.testdir(), settings: { 'apiServer.http.enabled': 'false' } })
  t.teardown(() => run.close())
  t.equal(run.api.ports().http, null)
  t.equal((await send('GET', `${run.https}/`)).status, 200)
})

t.test('the diagnostics are healthy, ready and count', async t => {
  const run = await startApi({ folder: t.testdir() })
  t.teardown(() => run.close())
  const get = (path: string) => send('GET', `${run.diagnostics}${path}`)
  for (const path of ['/healthy', '/ready', '/ready/']) {
    const reply = await get(path)
    t.match(reply, { status: 200, text: '', headers: { 'content-type': undefined } }, path)
  }
  await send('PUT', `${run.http}/meshes/m1`, { body: { type: 'Mesh', name: 'm1' } })
  const metrics = await get('/metrics')
  t.match(metrics.headers['content-type'], /^text\/plain; version=0\.0\.4/)
  t.match(metrics.text, /^vmesh_api_requests_total\{method="PUT",status="201"\} 1$/m)
  t.match(metrics.text, /^process_resident_memory_bytes \d+$/m)
  t.match(await get('/debug/pprof'), { status: 404, text: '404 page not found\n' })
  t.equal((await send('POST', `${run.diagnostics}/ready`)).status, 405)
})

t.test('new connections get the renewed certificate', async t => {
  const run = await startApi({ folder: t.testdir() })
  t.teardown(() => run.close())
  const before = await fingerprint(run)
  t.equal(await fingerprint(run), before)
  const pair = await ensureServerCertificate(t.testdir({ renewed: {} }), NAMES)
  run.api.setTls({ cert: pair.chainPem, key: pair.privateKeyPem })
  t.not(await fingerprint(run), before)
  t.equal((await send('GET', `${run.https}/`)).status, 200)
})

t.test('closing lets a running request end and takes no new one', async t => {
  const gate = Promise.withResolvers<void>()
  const entered = Promise.withResolvers<void>()
  const store = slowStore(gate.promise, entered.resolve)
  const run = await startApi({ folder: t.testdir(), store })
  const body = { type: 'Secret', mesh: 'default', name: 'slow', data: 'dGVzdA==' }
  const running = send('PUT', `${run.http}/meshes/default/secrets/slow`, { body })
  await entered.promise
  const closed = run.api.close()
  await t.rejects(send('GET', `${run.http}/`), { code: 'ECONNREFUSED' })
  gate.resolve()
  t.equal((await running).status, 201)
  await closed
})

t.test(
  'a fault that nobody foresaw is logged with its cause, under the id that the caller is told',
  async t => {
    const lines: string[] = []
    const log = createLogger({ level: 'info', name: 'test', to: { write: line => void lines.push(line) } })
    const store = createMemoryStore()
    let fault: unknown = null
    const get: Store['get'] = key => {
      if (fault !== null && key.name === 'x') throw fault
      return store.get(key)
    }
    const run = await startApi({ folder: t.testdir(), store: { ...store, get }, log })
    t.teardown(() => run.close())
    const ask = () => send('GET', `${run.http}/meshes/default/dataplanes/x`)
    fault = new Error('the cause')
    const reply = await ask()
    t.match(reply, {
      status: 500,
      json: { title: 'Could not retrieve a resource', detail: 'Internal Server Error' },
    })
    const { instance } = reply.json as { instance: string }
    const logged = lines.map(line => JSON.parse(line)).find(({ id }) => id === instance)
    t.match(logged, { level: 'error', path: '/meshes/default/dataplanes/x', err: { message: 'the cause' } })
    t.notMatch(reply.text, /the cause/)
    fault = new CodedError('store.disk', 'cannot write journal: the disk is full; make room')
    t.match(await ask(), {
      status: 503,
      headers: { 'retry-after': '1' },
      json: { title: 'Service unavailable', detail: 'cannot write journal: the disk is full; make room' },
    })
    fault = new CodedError('auth.bad-signing-key', 'tells about keys')
    t.notMatch((await ask()).text, /keys/)
    fault = new CodedError('push.not-connected', 'data plane x is not connected')
    t.match(await ask(), { status: 500, json: { detail: 'data plane x is not connected' } })
    t.notMatch(lines.join(''), /is not connected/, 'nothing is wrong here')
  },
)

async function fingerprint({ https }: RunningApi): Promise<string> {
  const socket = connectTls({
    port: Number(new URL(https).port),
    host: '127.0.0.1',
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

/** A commit of `slow` waits for the gate. */
function slowStore(gate: Promise<void>, entered: () => void): Store {
  const store = createMemoryStore()
  return {
    ...store,
    async commit(writes) {
      if (writes.some(write => write.op === 'put' && write.resource.name === 'slow')) {
        entered()
        await gate
      }
      return store.commit(writes)
    },
  }
}
