/** MeshService: what may be written, what is read back, its SNI (kuma-api 1.7, 1.8, 4.12, 4.13). */
import t from 'tap'
import { showResource } from '../../../../cp/kinds/show.ts'
import { accepted, faults, kindNamed, read } from '../../../support/bodies.ts'

const TYPE = 'MeshService'
const redis = { dataplaneTags: { 'kuma.io/service': 'redis' } }
const withPorts = (...ports: readonly object[]): object => ({ spec: { selector: redis, ports } })

t.test("refuses in Kuma's words", async t => {
  const oneOf = 'must specify only one of: dataplaneTags, dataplaneRef, or dataplaneLabels'
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{}, [': .spec in body is required']],
    [
      { spec: { selector: { ...redis, dataplaneLabels: { matchLabels: { app: 'redis' } } } } },
      [`spec.selector: ${oneOf}`],
    ],
    [{ spec: { selector: { ...redis, dataplaneRef: { name: 'redis-01' } } } }, [`spec.selector: ${oneOf}`]],
    [withPorts({ targetPort: 80 }), ['spec.ports[0].port: in body is required']],
    [withPorts({ port: '80' }), ['spec.ports[0].port: in body must be of type integer: "string"']],
    [
      withPorts({ port: 80, targetPort: true }),
      ['spec.ports[0].targetPort: in body must be of type integer or string: "boolean"'],
    ],
    [{ spec: { state: 'Up' } }, ['spec.state: in body should be one of [Available Unavailable]']],
    [
      { spec: { identities: [{ type: 'Tag', value: 'x' }] } },
      ['spec.identities[0].type: in body should be one of [ServiceTag SpiffeID]'],
    ],
    [
      withPorts({ port: 0 }, { port: 65_536 }, { port: 80, name: '' }),
      [
        'spec.ports[0].port: port must be a valid (1-65535)',
        'spec.ports[1].port: port must be a valid (1-65535)',
        'spec.ports[2].name: must not be empty',
      ],
    ],
    [
      withPorts({ port: 80 }, { port: 80, name: 'http' }, { port: 81, name: '80' }),
      ['spec.ports[1].port: port 80 is there already', 'spec.ports[2].name: name "80" is there already'],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('names are at most 63 characters', async t => {
  for (const type of ['MeshService', 'MeshExternalService', 'MeshMultiZoneService', 'Workload']) {
    const spec = SPECS[type]
    t.notMatch(faults(type, { name: 'a'.repeat(63), spec }), ['name: must not'], type)
    t.match(faults(type, { name: 'a'.repeat(64), spec }), [
      'name: name from the URL has to be the same as in body',
      'name: must not be longer than 63 characters',
    ])
  }
})

t.test('warns of names that are no DNS label', async t => {
  const rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
  for (const type of ['MeshService', 'MeshExternalService', 'MeshMultiZoneService']) {
    for (const name of ['1svc', 'a.b']) {
      const warning = `Invalid ${type} resource name: '${name}'. It does not conform to the DNS format (RFC 1035). This is deprecated. Errors: ${rule}`
      t.same(kindNamed(type).warnings(SPECS[type] ?? {}, { mesh: 'default', name }), [warning])
    }
    t.same(accepted(type, { spec: SPECS[type] }).warnings, [])
  }
})

t.test('warns of a protocol that nobody knows', async t => {
  t.match(accepted(TYPE, withPorts({ port: 1, appProtocol: 'mysql' })).warnings, [
    'spec.ports[0].appProtocol "mysql" is none of grpc, http, http2, kafka, tcp: it counts as tcp',
  ])
})

t.test('PUT adds the state and protocols', async t => {
  const written = withPorts({ port: 6379 }, { port: 80, targetPort: 'web', appProtocol: 'http', name: 'w' })
  t.same(accepted(TYPE, written).draft.spec, {
    state: 'Unavailable',
    selector: redis,
    ports: [
      { port: 6379, appProtocol: 'tcp' },
      { port: 80, targetPort: 'web', appProtocol: 'http', name: 'w' },
    ],
  })
  t.same(accepted(TYPE, { spec: {} }).draft.spec, { state: 'Unavailable', selector: {} })
})

t.test('shows the SNI of each port and an empty status, and takes them back', async t => {
  const labels = { 'kuma.io/mesh': 'default', 'kuma.io/zone': 'z1' }
  const shown = show(TYPE, withPorts({ port: 6379 }, { port: 80, name: 'http' }), labels)
  t.same(Object.keys(shown).slice(-4), ['kri', 'snis', 'spec', 'status'])
  t.same(shown['snis'], [
    { port: 6379, sni: 'sni.msvc.default.z1.x.6379' },
    { port: 80, sni: 'sni.msvc.default.z1.x.http' },
  ])
  t.same(shown['status'], { tls: {}, dataplaneProxies: {} })
  const again = read(TYPE, shown)
  t.match(again, { ok: true, unknownFields: [], draft: { spec: shown['spec'] as object } })
  t.notOk('snis' in show(TYPE, { spec: {} }, labels), 'no port, no SNI')
  const named = show(TYPE, withPorts({ port: 1 }), { ...labels, 'kuma.io/display-name': 'shown' })
  t.match(named['snis'], [{ sni: 'sni.msvc.default.z1.shown.1' }])
})

t.test('says that it is not enforced yet', async t => {
  t.match(accepted(TYPE, { spec: {} }).unenforced, [{ field: '', refusesTraffic: false }])
})

/** The least of each kind. */
const SPECS: Readonly<Record<string, object>> = {
  MeshService: {},
  MeshExternalService: { match: { port: 80 } },
  MeshMultiZoneService: { selector: { meshService: { matchLabels: { app: 'x' } } }, ports: [{ port: 80 }] },
  Workload: {},
}

function show(
  type: string,
  fields: object,
  labels: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const times = { creationTime: '2026-11-23T00:07:26Z', modificationTime: '2026-11-23T00:07:26Z' }
  return showResource(kindNamed(type), { ...accepted(type, fields).draft, labels, ...times, revision: 1 })
}
