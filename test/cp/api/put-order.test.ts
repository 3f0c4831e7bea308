/** A PUT with several faults (kuma-api 1.4, 1.7): what is looked at first, what is told together, under which title. */
import t from 'tap'
import { type Reply, send, startApi } from '../../support/api.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const put = (path: string, body: unknown, headers = {}): Promise<Reply> =>
  send('PUT', `${run.http}${path}`, { body, headers })
const RESOURCE = 'Could not process a resource'
const CREATE = 'Failed to create a resource'
const differs = (field: string): string => `${field}: ${field} from the URL has to be the same as in body`
const networking = { address: '10.0.0.1', inbound: [{ port: 80, tags: { 'kuma.io/service': 'web' } }] }
const spec = { to: [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: '5s' } }] }
const mesh = (name: string, backend: object): object => ({
  type: 'Mesh',
  name,
  mtls: { enabledBackend: 'b', backends: [{ name: 'b', ...backend }] },
})
const BAD_NAME =
  "name: invalid characters. A lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"

const DP = '/meshes/default/dataplanes/dp-1'
const MT = '/meshes/default/meshtimeouts/t1'
const LONG = 'm'.repeat(64)
const CASES: readonly (readonly [
  what: string,
  path: string,
  body: unknown,
  title: string,
  faults: readonly string[],
])[] = [
  [
    'flat, empty',
    DP,
    {},
    RESOURCE,
    [
      'networking: must be defined',
      differs('name'),
      differs('type'),
      differs('mesh'),
      'name: cannot be empty',
      'mesh: cannot be empty',
    ],
  ],
  [
    'flat, no name',
    DP,
    { type: 'Dataplane', mesh: 'default', networking },
    RESOURCE,
    [differs('name'), 'name: cannot be empty'],
  ],
  [
    'flat, no mesh',
    DP,
    { type: 'Dataplane', name: 'dp-1', networking },
    RESOURCE,
    [differs('mesh'), 'mesh: cannot be empty'],
  ],
  ['flat, no type', DP, { name: 'dp-1', mesh: 'default', networking }, RESOURCE, [differs('type')]],
  [
    'flat, unknown type',
    DP,
    { type: 'Foo', name: 'dp-1', mesh: 'default', networking },
    RESOURCE,
    [differs('type')],
  ],
  [
    'flat, all else',
    DP,
    { type: 'Mesh', name: 'B', mesh: 'b', networking: {} },
    RESOURCE,
    [
      "networking.address: address can't be empty",
      differs('name'),
      differs('type'),
      differs('mesh'),
      BAD_NAME,
    ],
  ],
  [
    'flat, wrong name',
    '/meshes/default/dataplanes/A_b',
    { type: 'Dataplane', name: 'A_b', mesh: 'default', networking },
    RESOURCE,
    [BAD_NAME],
  ],
  [
    'flat, long name',
    `/meshes/default/dataplanes/${'a'.repeat(254)}`,
    { type: 'Dataplane', name: 'a'.repeat(254), mesh: 'default', networking },
    RESOURCE,
    ['name: value length must less or equal 253'],
  ],
  [
    'plugin, empty',
    MT,
    {},
    RESOURCE,
    [': .type in body is required', ': .name in body is required', ': .spec in body is required'],
  ],
  ['plugin, no spec', MT, { type: 'MeshTimeout', name: 't1' }, RESOURCE, [': .spec in body is required']],
  ['plugin, no name', MT, { type: 'MeshTimeout', spec }, RESOURCE, [': .name in body is required']],
  [
    'plugin, another type',
    MT,
    { type: 'MeshRetry', name: 't1', spec },
    RESOURCE,
    [': type in body should be one of [MeshTimeout]'],
  ],
  [
    'plugin, schema and URL',
    MT,
    { type: 'MeshTimeout', name: 'x', mesh: 'y', spec: { to: 'x' } },
    RESOURCE,
    ['spec.to: in body must be of type array: "string"'],
  ],
  [
    'plugin, meaning and URL',
    MT,
    { type: 'MeshTimeout', name: 'x', mesh: 'y', spec: {} },
    RESOURCE,
    ["spec: at least one of 'from', 'to' or 'rules' has to be defined", differs('name'), differs('mesh')],
  ],
  [
    'plugin, mesh left out elsewhere',
    '/meshes/m2/meshtimeouts/t1',
    { type: 'MeshTimeout', name: 't1', spec },
    RESOURCE,
    [differs('mesh')],
  ],
  [
    'labels and URL',
    DP,
    { type: 'Dataplane', name: 'x', mesh: 'default', networking, labels: { 'a b': 'c' } },
    RESOURCE,
    [
      differs('name'),
      `labels["a b"]: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    ],
  ],
  [
    'name of a mesh',
    `/meshes/${LONG}`,
    { type: 'Mesh', name: LONG },
    CREATE,
    ['name: cannot be longer than 63 characters'],
  ],
  [
    'CA of an unknown type',
    '/meshes/m3',
    mesh('m3', { type: 'zork' }),
    CREATE,
    ['mtls.backends[0].type: could not find installed plugin for this type'],
  ],
  [
    'CA without data',
    '/meshes/m3',
    mesh('m3', { type: 'provided' }),
    CREATE,
    ['mtls.backends[0].conf.cert: has to be defined', 'mtls.backends[0].conf.key: has to be defined'],
  ],
  [
    'CA of an unknown type, for an existing mesh',
    '/meshes/m2',
    mesh('m2', { type: 'zork' }),
    'Failed to update a resource',
    ['mtls.backends[0].type: could not find installed plugin for this type'],
  ],
  [
    'CA and URL',
    '/meshes/m3',
    mesh('x', { type: 'zork' }),
    RESOURCE,
    ['mtls.backends[0].type: could not find installed plugin for this type', differs('name')],
  ],
]

t.before(() => put('/meshes/m2', { type: 'Mesh', name: 'm2' }))

t.test('tells together what belongs together', async t => {
  for (const [what, path, body, title, faults] of CASES) {
    const { status, json } = await put(path, body)
    const { invalid_parameters: found = [], ...rest } = json as {
      invalid_parameters?: { field: string; reason: string }[]
    }
    t.equal(status, 400, what)
    t.same(
      found.map(({ field, reason }) => `${field}: ${reason}`),
      faults,
      what,
    )
    t.match(rest, { title, detail: 'Resource is not valid', details: 'Resource is not valid' })
  }
})

t.test('a mesh left out of a plugin type is default', async t => {
  t.equal((await put(MT, { type: 'MeshTimeout', name: 't1', spec })).status, 201)
})

t.test('an unknown mesh comes before all, and what cannot be read before what is wrong', async t => {
  const json = { 'content-type': 'application/json' }
  t.match(await put('/meshes/none/dataplanes/dp-1', '{', json), {
    status: 404,
    json: { title: 'Failed to retrieve Mesh' },
  })
  t.match(await put('/meshes/none/dataplanes/dp-1', '{', { 'content-type': 'text/plain' }), { status: 415 })
  t.match(await put(DP, '{', json), {
    status: 400,
    json: { title: 'Bad Request', detail: /^invalid Dataplane object: "/ },
  })
  const wrong = { type: 5, name: 'x', networking: { address: 5 } }
  t.match(await put(DP, wrong), {
    status: 400,
    json: {
      title: 'Bad Request',
      detail:
        'invalid Dataplane object: "json: cannot unmarshal number into Go struct field ResourceMeta.type of type string"',
      invalid_parameters: [{ field: 'type' }, { field: 'networking.address' }],
    },
  })
  const labels = { type: 'Dataplane', name: 'dp-1', mesh: 'default', labels: { a: 5 }, networking }
  t.match(await put(DP, labels), {
    json: {
      detail:
        'invalid Dataplane object: "json: cannot unmarshal number into Go struct field ResourceMeta.labels of type string"',
    },
  })
})
