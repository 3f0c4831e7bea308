/**
 * Permissions as an operator uses them, with real processes, in both dialects: everybody denied, one let in, denied while it
 * calls, on HTTP and TCP.
 */
import t from 'tap'
import { call, eventually } from '../support/lab.ts'
import { startPoliced } from '../support/policed.ts'
import { rawClient } from '../support/raw-sockets.ts'

const mesh = await startPoliced(t)
const { ports, lab } = mesh
const status = (wanted: number) =>
  eventually(
    () => call(ports.api, '/'),
    answer => answer.status === wanted,
  )

const permission = (service: string, conf: object) => ({
  targetRef: { kind: 'MeshService', name: service },
  rules: [{ default: conf }],
})
const by = (type: string, value: string) => [{ spiffeID: { type, value } }]

await mesh.remove('MeshTrafficPermission', 'allow-all-default')

t.test('without a permission everybody is denied, and told so', async t => {
  const denied = await status(403)
  t.equal(denied.body, 'RBAC: access denied')
  t.equal(denied.headers['x-vmesh-reason'], 'permission-denied')
})

t.test('TrafficPermission: a source is let in, another is not', async t => {
  const selectors = (source: string) => ({
    sources: [{ match: { 'kuma.io/service': source } }],
    destinations: [{ match: { 'kuma.io/service': '*' } }],
  })
  await mesh.put('TrafficPermission', selectors('web'))
  t.equal((await status(200)).status, 200)
  await mesh.put('TrafficPermission', selectors('others'))
  t.equal((await status(403)).status, 403)
  await mesh.put('TrafficPermission', selectors('*'))
  await status(200)
})

t.test('MeshTrafficPermission by identity takes its place; denials win', async t => {
  await mesh.put(
    'MeshTrafficPermission',
    permission('api', { allow: by('Exact', 'spiffe://default/others') }),
  )
  t.equal((await status(403)).status, 403, 'the older one is not asked any more')
  await mesh.put('MeshTrafficPermission', permission('api', { allow: by('Exact', 'spiffe://default/web') }))
  t.equal((await status(200)).status, 200)
  await mesh.put(
    'MeshTrafficPermission',
    permission('api', { allow: by('Prefix', 'spiffe://default'), deny: by('Prefix', 'spiffe://default/w') }),
  )
  const denied = await status(403)
  t.equal(denied.headers['x-vmesh-policy'], 'MeshTrafficPermission/test')
})

t.test('a shadow denial lets the call pass, counts it and says so', async t => {
  await mesh.put(
    'MeshTrafficPermission',
    permission('api', { allowWithShadowDeny: by('Prefix', 'spiffe://default') }),
  )
  await status(200)
  const plane = mesh.services
  await plane.said(/client allowed that would be denied/)
  t.match(plane.output, /MeshTrafficPermission\/test/)
})

t.test('a TCP connection ends when its client is denied', async t => {
  const client = await rawClient(ports.store)
  client.socket.on('error', () => {})
  client.send('hello')
  await client.hears('hello')
  await mesh.put(
    'MeshTrafficPermission',
    permission('store', { allow: by('Exact', 'spiffe://default/others') }),
    'store',
  )
  await client.ended
  t.pass('it was ended')
  await eventually(
    async () => {
      const next = await rawClient(ports.store)
      next.socket.on('error', () => {})
      next.send('hello')
      await next.ended
      return next.heard
    },
    heard => heard === '',
  )
  await mesh.remove('MeshTrafficPermission', 'store')
  await mesh.remove('MeshTrafficPermission')
  await mesh.remove('TrafficPermission')
  await status(403)
  t.equal((await lab.api('GET', '/meshes/default/traffic-permissions')).status, 200)
})
