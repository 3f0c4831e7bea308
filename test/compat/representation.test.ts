/**
 * What is read back of every kind beside its spec (kuma-api 1.8, 4.2): the order of keys, the labels that the control plane
 * adds, identifiers; and what becomes of labels when a client sends others or, as kumactl 2.5, none.
 */
import t from 'tap'
import { kinds } from '../../cp/kinds/registry.ts'
import { type Reply, send, startApi } from '../support/api.ts'
import { docsExamples } from '../support/kuma-docs.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const headers = { 'x-vmesh-accept-unenforced': 'true' }
const put = (path: string, body: object): Promise<Reply> =>
  send('PUT', `${run.http}${path}`, { headers, body })
const read = async (path: string): Promise<Readonly<Record<string, unknown>>> =>
  (await send('GET', `${run.http}${path}`)).json as Readonly<Record<string, unknown>>

const MESH = { 'kuma.io/mesh': 'default' }
const ZONE = { 'kuma.io/env': 'universal', 'kuma.io/origin': 'zone', 'kuma.io/zone': 'default' }
const FULL = { ...MESH, ...ZONE }
const LEGACY =
  /^(CircuitBreaker|FaultInjection|HealthCheck|RateLimit|Retry|Timeout|Traffic\w+|MeshGatewayRoute|ProxyTemplate|VirtualOutbound|ExternalService|MeshMultiZoneService|OPAPolicy)$/
/** Of types that differ from their family. */
const ADDED: Readonly<Record<string, object | undefined>> = {
  Mesh: undefined,
  Dataplane: { ...FULL, 'kuma.io/proxy-type': 'sidecar' },
  ZoneIngress: { ...ZONE, 'kuma.io/proxy-type': 'zoneingress' },
  ZoneEgress: { ...ZONE, 'kuma.io/proxy-type': 'zoneegress' },
  AccessRole: undefined,
  AccessRoleBinding: undefined,
  AccessAudit: undefined,
}

for (const kind of kinds.filter(one => !one.readOnly)) {
  t.test(`${kind.type}: keys, labels, identifier`, async t => {
    const example = docsExamples().find(
      ({ type, body }) => type === kind.type && body['labels'] === undefined,
    )
    if (example === undefined) return t.fail('there is no example')
    const name = 'shown-1'
    const isInMesh = kind.scope === 'Mesh'
    const path = `${isInMesh ? '/meshes/default' : ''}/${kind.path}/${name}`
    const own: Readonly<Record<string, unknown>> = {
      ...example.body,
      name,
      ...(isInMesh ? { mesh: 'default' } : {}),
    }
    t.equal((await put(path, own)).status, 201)
    const first = await read(path)
    const family = LEGACY.test(kind.type) ? MESH : isInMesh ? FULL : ZONE
    const added = kind.type in ADDED ? ADDED[kind.type] : family
    t.same(first['labels'], added)
    const zone = added !== undefined && 'kuma.io/zone' in added ? 'default' : ''
    const mesh = isInMesh ? 'default' : ''
    t.equal(
      first['kri'],
      kind.shortName === '' ? undefined : `kri_${kind.shortName}_${mesh}_${zone}__${name}_`,
    )
    const order = [
      'type',
      ...(isInMesh ? ['mesh'] : []),
      'name',
      'creationTime',
      'modificationTime',
      ...(added === undefined ? [] : ['labels']),
      ...(kind.shortName === '' ? [] : ['kri']),
    ]
    t.same(Object.keys(first).slice(0, order.length), order)
    t.match(first, { creationTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/ })
    t.equal(first['creationTime'], first['modificationTime'])

    await put(path, { ...own, labels: { zulu: 'z', alpha: 'a' } })
    const labelled = await read(path)
    t.same(labelled['labels'], { ...added, alpha: 'a', zulu: 'z' })
    const keys = Object.keys(labelled['labels'] as object)
    t.same(keys, keys.toSorted())
    t.equal(labelled['creationTime'], first['creationTime'])
    for (const none of [{}, { labels: null }, { labels: {} }]) {
      t.equal((await put(path, { ...own, labels: { alpha: 'a' } })).status, 200)
      t.equal((await put(path, { ...own, ...none })).status, 200)
      t.same((await read(path))['labels'], added, 'labels of the user go, those of the control plane stay')
    }
    const list = await read(`${path.slice(0, -name.length - 1)}?name=${name}`)
    t.same(list['items'], [await read(path)], 'a list has the same items')
    const before = await read(path)
    const times = { creationTime: '0001-01-01T00:00:00Z', modificationTime: '0001-01-01T00:00:00Z' }
    const answers = { ...times, kri: 'kri_x', snis: [], status: {} }
    t.equal((await put(path, { ...own, ...answers })).status, 200)
    t.same(await read(path), before, 'what is only answered is not looked at')
  })
}

t.test('a display name is part of the identifier, and cannot be changed or taken away', async t => {
  const path = '/meshes/default/meshtimeouts/lab'
  const to = [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: '5s' } }]
  const body = { type: 'MeshTimeout', mesh: 'default', name: 'lab', spec: { to } }
  const named = (name: string) => ({ ...body, labels: { 'kuma.io/display-name': name } })
  await put(path, named('shown'))
  t.equal((await read(path))['kri'], 'kri_mt_default_default__shown_')
  for (const [sent, reason] of [
    [body, 'is immutable, cannot be removed (was "shown")'],
    [named('other'), 'is immutable, cannot be changed from "shown" to "other"'],
  ] as const) {
    t.match(await put(path, sent), {
      status: 400,
      json: {
        title: 'Could not update a resource',
        invalid_parameters: [{ field: 'labels["kuma.io/display-name"]', reason }],
      },
    })
  }
  t.equal((await send('GET', `${run.http}/_kri/kri_mt_default_default__lab_`)).status, 200)
  t.equal((await send('GET', `${run.http}/_kri/kri_mt_default_default__shown_`)).status, 404)
})

t.test('labels of the control plane that are sent wrong are refused, all at once', async t => {
  const labels = { 'kuma.io/mesh': 'other', 'kuma.io/zone': 'east', 'kuma.io/origin': 'foo' }
  const body = { type: 'Secret', mesh: 'default', name: 'wrong', labels }
  t.match(await put('/meshes/default/secrets/wrong', body), {
    status: 400,
    json: {
      title: 'Could not process a resource',
      invalid_parameters: [
        {
          field: 'labels["kuma.io/mesh"]',
          reason: 'kuma.io/mesh label must not differ from mesh set on resource',
        },
        { field: 'labels["kuma.io/origin"]', reason: 'unknown resource origin "foo"' },
        { field: 'labels["kuma.io/zone"]', reason: 'kuma.io/zone label should have default value' },
      ],
    },
  })
})
