/** Bodies of resources: both encodings, what is tolerated, and Kuma's answers to what is wrong (kuma-api 1.2, 1.4). */
import t from 'tap'
import { readResource } from '../../../cp/kinds/validate.ts'
import { accepted, faults, kindNamed, read, withInbound } from '../../support/bodies.ts'

const URL_NAME = 'name: name from the URL has to be the same as in body'
const permission = (from: unknown): object => ({
  spec: { from: [{ targetRef: { kind: 'Mesh' }, default: from }] },
})

t.test('a flat kind has its spec beside the metadata, others have it below spec', async t => {
  const flat = accepted('Dataplane', withInbound())
  t.same(flat.draft, { type: 'Dataplane', mesh: 'default', name: 'x', labels: {}, spec: withInbound() })
  const nested = accepted('MeshTrafficPermission', permission({ action: 'Allow' }))
  t.same(nested.draft.spec, permission({ action: 'Allow' })['spec' as never])
})

t.test('reads what a GET answers', async t => {
  const answered = {
    creationTime: '2026-11-23T00:07:26.173016513Z',
    modificationTime: '0001-01-01T00:00:00Z',
    labels: { 'kuma.io/mesh': 'default' },
    kri: 'kri_dp_default___x_',
    snis: [{ port: 1, sni: 'x' }],
    status: {},
  }
  for (const [type, fields] of [
    ['Dataplane', withInbound()],
    ['MeshTrafficPermission', permission({ action: 'Allow' })],
  ] as const) {
    const result = accepted(type, { ...answered, ...fields })
    t.same(result.unknownFields, [])
    t.same(result.draft.labels, { 'kuma.io/mesh': 'default' })
  }
  t.same(accepted('Mesh', { labels: null }).draft.labels, {})
})

t.test('names unknown fields with their path and does not store them', async t => {
  const dataplane = accepted('Dataplane', { ...withInbound({ zork: 1 }), colour: 'red', metadata: { a: 1 } })
  t.same(dataplane.unknownFields, ['networking.inbound[0].zork', 'colour', 'metadata'])
  t.same(
    dataplane.warnings,
    dataplane.unknownFields.map(field => `unknown field ${field} is ignored`),
  )
  t.same(dataplane.draft.spec, withInbound())
  const policy = accepted('MeshTrafficPermission', {
    extra: 1,
    spec: { from: [{ targetRef: { kind: 'Mesh', nmae: 'x' }, default: { action: 'Deny' }, defualt: {} }] },
  })
  t.same(policy.unknownFields, ['extra', 'spec.from[0].targetRef.nmae', 'spec.from[0].defualt'])
  const refused = read('Dataplane', { networkin: {} })
  t.match(refused, { ok: false, unknownFields: ['networkin'] }, 'also when that is why something is missing')
  const global = accepted('HostnameGenerator', {
    apiVersion: 'kuma.io/v1alpha1',
    mesh: 'default',
    spec: { selector: { meshService: {} }, template: 'x.mesh' },
  })
  t.same(global.unknownFields, [], "documents of Kuma's manual")
  t.match(global.warnings, ['mesh is ignored: a HostnameGenerator is in no mesh'])
  t.equal(global.draft.mesh, '')
})

t.test(
  'takes snake_case, in flat kinds numbers as texts, enums as numbers and null, and answers camelCase',
  async t => {
    const networking = {
      address: '192.168.0.1',
      transparent_proxying: { redirect_port_inbound: '15006' },
      inbound: [
        {
          port: '10001',
          service_port: 8080,
          service_address: null,
          state: 1,
          tags: { 'kuma.io/service': 'web' },
        },
      ],
      gateway: null,
    }
    const result = accepted('Dataplane', { networking })
    t.same(result.draft.spec, {
      networking: {
        address: '192.168.0.1',
        transparentProxying: { redirectPortInbound: 15006 },
        inbound: [{ port: 10_001, servicePort: 8080, state: 'NotReady', tags: { 'kuma.io/service': 'web' } }],
      },
    })
    t.same(result.unknownFields, [])
    const nested = accepted('MeshTrafficPermission', {
      spec: {
        target_ref: { kind: 'Mesh', proxy_types: ['Sidecar'] },
        from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Deny' } }],
      },
    })
    t.same(nested.unknownFields, [], 'kinds with a spec take both spellings too')
    t.match(nested.draft.spec, { targetRef: { kind: 'Mesh', proxyTypes: ['Sidecar'] } })
  },
)

t.test('flat kinds leave zero values out, but for those that mean something', async t => {
  const mesh = accepted('Mesh', {
    networking: { outbound: { passthrough: false } },
    routing: { zoneEgress: false },
    mtls: { enabledBackend: '', backends: [], skipValidation: false },
    meshServices: { mode: 'Disabled' },
    skipCreatingInitialPolicies: [],
  })
  t.same(mesh.draft.spec, {
    networking: { outbound: { passthrough: false } },
    routing: {},
    mtls: {},
    meshServices: {},
  })
})

t.test('durations are kept as their encoding prints them', async t => {
  const written = accepted(
    'Dataplane',
    withInbound({ serviceProbe: { interval: '1m30s', timeout: '500ms', tcp: {} } }),
  )
  t.match(written.draft.spec, {
    networking: { inbound: [{ serviceProbe: { interval: '90s', timeout: '0.500s', tcp: {} } }] },
  })
  const mtls = { backends: [{ name: 'a', type: 'builtin', rootChain: { requestTimeout: '1h' } }] }
  t.match(accepted('Mesh', { mtls }).draft.spec, {
    mtls: { backends: [{ rootChain: { requestTimeout: '3600s' } }] },
  })
  t.match(read('Dataplane', withInbound({ serviceProbe: { interval: '1d' } })), {
    ok: false,
    title: 'Bad Request',
    detail: 'invalid Dataplane object: "time: unknown unit \\"d\\" in duration \\"1d\\""',
    violations: [
      {
        field: 'networking.inbound[0].serviceProbe.interval',
        message: 'time: unknown unit "d" in duration "1d"',
      },
    ],
  })
})

t.test('a wrong JSON type in a flat kind is a bad request that names every place', async t => {
  const wrong = {
    labels: { a: 1 },
    networking: {
      address: true,
      inbound: [{ port: 'http', tags: { 'kuma.io/service': 8, team: null } }],
      outbound: { port: 1 },
      admin: { port: 1.5 },
    },
  }
  const result = read('Dataplane', wrong)
  t.match(result, { ok: false, title: 'Bad Request' })
  t.match(result, {
    detail:
      'invalid Dataplane object: "json: cannot unmarshal number into Go struct field ResourceMeta.labels of type string"',
  })
  t.same(faults('Dataplane', wrong), [
    'labels["a"]: must be a string, not a number',
    'networking.address: must be a string, not a boolean',
    'networking.inbound[0].port: must be a number, not a string',
    'networking.inbound[0].tags["kuma.io/service"]: must be a string, not a number',
    'networking.inbound[0].tags["team"]: must be a string, not null',
    'networking.outbound: must be a list, not an object',
    'networking.admin.port: must be a whole number',
  ])
  t.match(read('Dataplane', { networking: [] }), {
    detail: 'invalid Dataplane object: "networking: must be an object, not a list"',
  })
})

t.test('an unknown value of an enum is a bad request in a flat kind', async t => {
  t.match(read('Mesh', { meshServices: { mode: 'Foo' } }), {
    ok: false,
    title: 'Bad Request',
    detail:
      'invalid Mesh object: "unknown value \\"\\\\\\"Foo\\\\\\"\\" for enum kuma.mesh.v1alpha1.Mesh.MeshServices.Mode"',
    violations: [{ field: 'meshServices.mode' }],
  })
})

t.test('a wrong shape below spec is refused by the schema, with its sentences', async t => {
  t.match(read('MeshTrafficPermission', permission({ action: 'ALLOW' })), {
    ok: false,
    title: 'Could not process a resource',
    detail: 'Resource is not valid',
  })
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [
      permission({ action: 'ALLOW' }),
      [
        'spec.from[0].default.action: in body should be one of [Allow Deny AllowWithShadowDeny]; did you mean Allow?',
      ],
    ],
    [permission('Allow'), ['spec.from[0].default: in body must be of type object: "string"']],
    [{ spec: { from: {} } }, ['spec.from: in body must be of type array: "object"']],
    [{ spec: [] }, ['spec: in body must be of type object: "array"']],
    [{}, [': .spec in body is required']],
    [{ spec: null }, [': .spec in body is required']],
    [
      { spec: { targetRef: { kind: 'Zork' }, from: [{ targetRef: {} }] } },
      [
        'spec.targetRef.kind: in body should be one of [Mesh MeshSubset MeshGateway MeshService MeshExternalService MeshMultiZoneService MeshServiceSubset MeshHTTPRoute Dataplane]',
        'spec.from[0].targetRef.kind: in body is required',
      ],
    ],
    [
      { spec: { targetRef: { kind: 'MeshSubset', tags: { team: null } }, from: [] } },
      ['spec.targetRef.tags["team"]: in body must be of type string: "null"'],
    ],
    [{ type: 'MeshTimeout', spec: {} }, [': type in body should be one of [MeshTrafficPermission]']],
    [{ name: '', spec: {} }, [': .name in body is required']],
  ]
  for (const [fields, expected] of cases) {
    t.same(faults('MeshTrafficPermission', fields), expected, JSON.stringify(fields))
  }
})

t.test('a body that is no object is told so', async t => {
  for (const [body, what] of [
    [[], 'a list'],
    ['text', 'a string'],
    [null, 'null'],
    [7, 'a number'],
  ] as const) {
    t.match(readResource(kindNamed('Mesh'), body), {
      ok: false,
      title: 'Bad Request',
      detail: `invalid Mesh object: "must be an object, not ${what}"`,
    })
  }
})

t.test('compares body and URL after the spec, all in one answer', async t => {
  const kind = kindNamed('Dataplane')
  const empty = readResource(kind, {}, { mesh: 'default', name: 'x' })
  t.same(empty.ok ? [] : empty.violations.map(({ field, message }) => `${field}: ${message}`), [
    'networking: must be defined',
    URL_NAME,
    'type: type from the URL has to be the same as in body',
    'mesh: mesh from the URL has to be the same as in body',
    'name: cannot be empty',
    'mesh: cannot be empty',
  ])
  t.same(faults('Dataplane', { ...withInbound(), name: 'y' }), [URL_NAME])
  t.same(faults('Dataplane', { ...withInbound(), type: 'Mesh' }), [
    'type: type from the URL has to be the same as in body',
  ])
  t.ok(readResource(kind, { type: 'Dataplane', mesh: 'm', name: 'n', ...withInbound() }).ok, 'without a URL')
})

t.test('a kind with a spec has mesh default when it says none', async t => {
  const kind = kindNamed('MeshTrafficPermission')
  const body = { type: 'MeshTrafficPermission', name: 'x', ...permission({ action: 'Allow' }) }
  t.match(readResource(kind, body, { mesh: 'default', name: 'x' }), { ok: true, draft: { mesh: 'default' } })
  t.match(readResource(kind, body, { mesh: 'other', name: 'x' }), {
    ok: false,
    violations: [{ field: 'mesh' }],
  })
})

t.test('keeps keys that objects have by themselves out of trouble', async t => {
  const body = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 1, "networking": {"toString": 1}}')
  const result = read('Dataplane', Object.assign(body, withInbound()))
  t.match(result, { ok: true })
  const tags = JSON.parse('{"__proto__": "x", "kuma.io/service": "web"}')
  t.match(accepted('Dataplane', withInbound({ tags })).unknownFields, [
    'networking.inbound[0].tags["__proto__"]',
  ])
  t.equal(Reflect.get({}, 'polluted'), undefined)
})

t.test('a policy with the shadow label says that it has no effect', async t => {
  const labels = { 'kuma.io/effect': 'shadow' }
  const { unenforced } = accepted('MeshTrafficPermission', { labels, ...permission({ action: 'Deny' }) })
  t.match(unenforced, [{ field: 'labels["kuma.io/effect"]', refusesTraffic: false }])
})

t.test('a long text costs no time', async t => {
  const long = `${'a'.repeat(100_000)}!`
  t.same(faults('Mesh', { name: long, labels: { [long]: long } }).length, 5)
  t.match(faults('Secret', { data: long }), ['data: illegal base64 data at input byte 100000'])
})
