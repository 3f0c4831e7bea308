/** MeshMultiZoneService: what may be written and what is read back (kuma-api 4.12, 4.13). */
import t from 'tap'
import { showResource } from '../../../../cp/kinds/show.ts'
import { accepted, faults, kindNamed } from '../../../support/bodies.ts'

const TYPE = 'MeshMultiZoneService'
const selector = { meshService: { matchLabels: { app: 'xyz' } } }
const withPorts = (...ports: readonly object[]): object => ({ spec: { selector, ports } })

t.test("refuses in Kuma's words", async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ spec: {} }, ['spec.selector: in body is required']],
    [{ spec: { selector: {} } }, ['spec.selector.meshService: in body is required']],
    [
      { spec: { selector: { meshService: {} } } },
      ['spec.selector.meshService.matchLabels: in body is required'],
    ],
    [
      { spec: { selector: { meshService: { matchLabels: {} } } } },
      ['spec.selector.meshService.matchLabels: cannot be empty', 'spec.ports: cannot be empty'],
    ],
    [{ spec: { selector } }, ['spec.ports: cannot be empty']],
    [withPorts(), ['spec.ports: in body should have at least 1 items']],
    [withPorts({ port: 123, name: '' }), ['spec.ports[0].name: must not be empty']],
    [
      withPorts({ port: 123, appProtocol: 'not_supported' }),
      ['spec.ports[0].appProtocol: must be one of [grpc, http, http2, kafka, tcp]'],
    ],
    [withPorts({ port: 1 }, { port: 1 }), ['spec.ports[1].port: port 1 is there already']],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('PUT adds protocols; its SNI names no zone', async t => {
  const { draft } = accepted(TYPE, withPorts({ port: 6379 }, { port: 80, name: 'web', appProtocol: 'grpc' }))
  t.same(draft.spec, {
    selector,
    ports: [
      { port: 6379, appProtocol: 'tcp' },
      { port: 80, name: 'web', appProtocol: 'grpc' },
    ],
  })
  const labels = { 'kuma.io/mesh': 'default' }
  const time = '2026-11-23T00:07:26Z'
  const stored = { ...draft, labels, creationTime: time, modificationTime: time, revision: 1 }
  t.match(showResource(kindNamed(TYPE), stored), {
    kri: 'kri_mzsvc_default___x_',
    snis: [
      { port: 6379, sni: 'sni.mzsvc.default.x.6379' },
      { port: 80, sni: 'sni.mzsvc.default.x.web' },
    ],
    status: {},
  })
})
