/** Pages and filters of lists. */
import t from 'tap'
import { listAnswer } from '../../../cp/api/lists.ts'
import type { Resource } from '../../../cp/kinds/kind.ts'
import { dataplane as kind } from '../../../cp/kinds/proxy/dataplane.ts'
import { type Reply, send, startApi } from '../../support/api.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const list = (path: string): Promise<Reply> => send('GET', `${run.http}${path}`)
const namesIn = (reply: Reply): string[] =>
  (reply.json as { items: { name: string }[] }).items.map(({ name }) => name)

const inbound = (tags: object) => ({ address: '10.0.0.1', inbound: [{ port: 80, tags }] })
await run.store.commit(
  (
    [
      ['default', 'a-1', inbound({ 'kuma.io/service': 'web', version: 'v1:x' }), { team: 'red' }],
      ['default', 'a-2', inbound({ 'kuma.io/service': 'web-2', version: 'v2' }), { team: 'blue', tier: '1' }],
      [
        'default',
        'b-1',
        { address: '10.0.0.1', gateway: { tags: { 'kuma.io/service': 'edge' } } },
        { team: 'red', tier: '1' },
      ],
      [
        'default',
        'b-2',
        { address: '10.0.0.1', gateway: { type: 'BUILTIN', tags: { 'kuma.io/service': 'gw' } } },
        {},
      ],
      [
        'default',
        'b-3',
        {
          address: '10.0.0.1',
          inbound: [
            { port: 80, tags: { 'kuma.io/service': 'web' } },
            { port: 81, tags: { 'kuma.io/service': 'db', version: 'v1' } },
          ],
        },
        {},
      ],
      ['other', 'a-1', inbound({ 'kuma.io/service': 'api' }), {}],
    ] as const
  ).map(([mesh, name, networking, labels]) => ({
    op: 'put',
    resource: { type: 'Dataplane', mesh, name, labels: { ...labels }, spec: { networking } },
  })),
)
await run.store.commit([
  { op: 'put', resource: { type: 'Mesh', mesh: '', name: 'other', labels: {}, spec: {} } },
])

t.test('lists one mesh, and all of them by mesh and name', async t => {
  t.same(namesIn(await list('/meshes/default/dataplanes')), ['a-1', 'a-2', 'b-1', 'b-2', 'b-3'])
  const { json } = await list('/dataplanes')
  t.same(
    (json as { items: { mesh: string; name: string }[] }).items.map(({ mesh, name }) => `${mesh}/${name}`),
    ['default/a-1', 'default/a-2', 'default/b-1', 'default/b-2', 'default/b-3', 'other/a-1'],
  )
  t.match(json, { total: 6, next: null })
  t.same((await list('/meshes/other/meshtrafficpermissions')).json, { total: 0, items: [], next: null })
})

t.test('pages with an absolute next, sorted and with the other parameters', async t => {
  const first = await list('/meshes/default/dataplanes?size=2')
  t.match(first.json, { total: 5, next: `${run.http}/meshes/default/dataplanes?offset=2&size=2` })
  const seen: string[] = []
  let next: string | null = '/dataplanes?size=4&name=-'
  while (next !== null) {
    const page = await list(next.replace(run.http, ''))
    seen.push(...namesIn(page))
    next = (page.json as { next: string | null }).next
    if (next !== null) t.equal(next, `${run.http}/dataplanes?name=-&offset=4&size=4`)
  }
  t.equal(seen.length, 6)
  t.match((await list('/dataplanes?offset=99')).json, { total: 6, items: [], next: null })
  t.match((await list('/dataplanes?size=1&name=b')).json, { total: 3 }, 'total counts all that match')
})

t.test('has pages of 100, of 1000 at most', async t => {
  const resource: Resource = {
    type: 'Dataplane',
    mesh: 'm',
    name: 'n',
    labels: {},
    spec: {},
    creationTime: '',
    modificationTime: '',
    revision: 1,
  }
  const all = Array.from({ length: 1500 }, (_, i) => ({ ...resource, name: `dp-${i}` }))
  const page = (query: string): unknown =>
    listAnswer(
      {
        query: new URLSearchParams(query),
        route: '/dataplanes',
        origin: 'https://cp:5682',
        path: '/dataplanes',
      },
      kind,
      all,
      ({ name }) => name,
    )
  t.match(page(''), {
    value: { total: 1500, items: { length: 100 }, next: 'https://cp:5682/dataplanes?offset=100' },
  })
  t.match(page('size=1000'), { value: { items: { length: 1000 } } })
  t.match(page('size=1000&offset=1000'), { value: { items: { length: 500, 499: 'dp-1499' }, next: null } })
})

t.test('filters', async t => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['name=a', ['a-1', 'a-2']],
    ['name=A', []],
    ['filter[labels.team]=red', ['a-1', 'b-1']],
    ['filter[labels.team]=red&filter[labels.tier]=1', ['b-1']],
    ['filter[labels.team]=blue&filter[labels.team]=red', ['a-1', 'b-1']],
    ['filter%5Blabels.team%5D=blue', ['a-2']],
    ['filter[labels.constructor]=x', []],
    ['tag=kuma.io/service:web', ['a-1', 'a-2', 'b-3']],
    ['tag=kuma.io/service:web&tag=version:v1', ['a-1']],
    ['tag=version:v1:x', ['a-1']],
    ['tag=version', ['a-1', 'a-2', 'b-1', 'b-2', 'b-3']],
    ['tag=nope:', []],
    ['gateway=true', ['b-1', 'b-2']],
    ['gateway=FALSE', ['a-1', 'a-2', 'b-3']],
    ['gateway=builtin', ['b-2']],
    ['gateway=delegated', ['b-1']],
    ['gateway=', ['a-1', 'a-2', 'b-1', 'b-2', 'b-3']],
    ['ingress=true&gateway=true&name=1', ['b-1']],
  ]
  for (const [query, names] of cases)
    t.same(namesIn(await list(`/meshes/default/dataplanes?${query}`)), names, query)
  t.same(
    namesIn(await list('/meshes?gateway=foo&tag=a:b')),
    ['default', 'other'],
    'those of Dataplanes only there',
  )
})

t.test('says what is wrong with a query, as Kuma does', async t => {
  const size = (reason: string) => ({
    detail: 'Invalid page size',
    invalid_parameters: [{ field: 'size', reason }],
  })
  const offset = (fault: string) => ({
    detail: `invalid: invalid offset: ${fault}`,
    invalid_parameters: undefined,
  })
  const parameter = (field: string, reason: string) => ({
    detail: 'Resource is not valid',
    invalid_parameters: [{ field, reason }],
  })
  const gateway = "shoud use `true`, `false`, 'builtin' or 'delegated' instead of foo"
  const cases: readonly (readonly [string, object])[] = [
    ['/meshes?size=abc', size('invalid format')],
    ['/meshes?size=1.5', size('invalid format')],
    ['/meshes?size=2000', size('invalid page size of 2000. Maximum page size is 1000')],
    ['/meshes?size=0', size('must be greater than 0')],
    ['/meshes?size=-1', size('must be greater than 0')],
    ['/meshes?offset=abc', offset('strconv.Atoi: parsing "abc": invalid syntax')],
    ['/meshes?offset=-1', offset('must be non-negative')],
    [
      '/meshes?offset=99999999999999999999',
      offset('strconv.Atoi: parsing "99999999999999999999": value out of range'),
    ],
    ['/dataplanes?gateway=foo', parameter('/dataplanes.gateway', gateway)],
    ['/meshes/default/dataplanes?gateway=foo', parameter('/meshes/{mesh}/dataplanes.gateway', gateway)],
    ['/meshes?filter[x]=1', parameter('/meshes.filter[x]', 'filters are only supported on labels')],
    [
      '/meshes?filter[labels.a][gt]=1',
      parameter('/meshes.filter[labels.a][gt]', 'advanced filters are not supported'),
    ],
  ]
  for (const [path, body] of cases) {
    t.match(
      await list(path),
      { status: 400, json: { status: 400, title: 'Could not retrieve resources', ...body } },
      path,
    )
  }
})
