/** Dataplanes with what is known of their proxies, from memory and from the store. */
import t from 'tap'
import { type Reply, send, startApi } from '../../support/api.ts'

const live = new Map<string, object>()
const run = await startApi({ folder: t.testdir(), insight: (mesh, name) => live.get(`${mesh}/${name}`) })
t.teardown(() => run.close())
const get = (path: string): Promise<Reply> => send('GET', `${run.http}${path}`)
const networking = { address: '10.0.0.1', inbound: [{ port: 80, tags: { 'kuma.io/service': 'web' } }] }
const put = (type: string, name: string, spec: object) =>
  run.store.commit([{ op: 'put', resource: { type, mesh: 'default', name, labels: {}, spec } }])

await put('Dataplane', 'connected', { networking })
await put('Dataplane', 'new', { networking })
await put('Dataplane', 'stored', { networking })
await put('DataplaneInsight', 'connected', { subscriptions: [{ id: 'old' }] })
await put('DataplaneInsight', 'stored', { subscriptions: [{ id: 'kept' }] })
live.set('default/connected', { subscriptions: [{ id: 'now' }] })

t.test('joins a list on all four paths, without what does not exist', async t => {
  for (const path of [
    '/meshes/default/dataplanes/_overview',
    '/meshes/default/dataplanes+insights',
    '/dataplanes/_overview',
    '/dataplanes+insights',
  ]) {
    const { status, json } = await get(path)
    t.equal(status, 200, path)
    t.match(json, {
      total: 3,
      next: null,
      items: [
        {
          type: 'DataplaneOverview',
          mesh: 'default',
          name: 'connected',
          dataplaneInsight: { subscriptions: [{ id: 'now' }] },
        },
        { name: 'new', dataplane: { networking }, dataplaneInsight: undefined },
        { name: 'stored', dataplaneInsight: { subscriptions: [{ id: 'kept' }] } },
      ],
    })
    t.notOk('networking' in ((json as { items: object[] }).items[0] ?? {}), 'the parts are named')
  }
  t.match((await get('/dataplanes/_overview?name=sto&tag=kuma.io/service:web')).json, { total: 1 })
})

t.test('joins an item on both paths, empty where there is nothing', async t => {
  for (const pathOf of [
    (name: string) => `/meshes/default/dataplanes/${name}/_overview`,
    (name: string) => `/meshes/default/dataplanes+insights/${name}`,
  ]) {
    t.match((await get(pathOf('connected'))).json, {
      type: 'DataplaneOverview',
      dataplane: { networking },
      dataplaneInsight: { subscriptions: [{ id: 'now' }] },
    })
    const { json } = await get(pathOf('new'))
    t.same((json as { dataplaneInsight: unknown }).dataplaneInsight, {})
    t.match(await get(pathOf('none')), { status: 404, json: { title: 'Could not retrieve a resource' } })
  }
})

t.test('shows an insight as it is now', async t => {
  t.match((await get('/meshes/default/dataplane-insights/connected')).json, {
    type: 'DataplaneInsight',
    name: 'connected',
    subscriptions: [{ id: 'now' }],
  })
  t.equal((await get('/meshes/default/dataplane-insights/new')).status, 404)
  live.set('default/new', { subscriptions: [{ id: 'first' }] })
  t.match((await get('/meshes/default/dataplane-insights/new')).json, { subscriptions: [{ id: 'first' }] })
  t.match((await get('/dataplane-insights')).json, {
    total: 3,
    items: [
      { subscriptions: [{ id: 'now' }] },
      { subscriptions: [{ id: 'first' }] },
      { subscriptions: [{ id: 'kept' }] },
    ],
  })
})
