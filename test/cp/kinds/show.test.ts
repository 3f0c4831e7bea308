/** The REST representation (kuma-api 1.8), identifiers, and the way back. */
import t from 'tap'
import { parseDocument, stringifyYaml } from '#base/yaml.ts'
import { formatKri, kriOf, parseKri } from '../../../cp/kinds/identifier.ts'
import type { Resource } from '../../../cp/kinds/kind.ts'
import { showResource } from '../../../cp/kinds/show.ts'
import { readResource } from '../../../cp/kinds/validate.ts'
import { accepted, kindNamed, withInbound } from '../../support/bodies.ts'

const time = '2026-11-23T00:07:26.173Z'

t.test('shows keys in the order of the API, labels sorted', async t => {
  const labels = { 'kuma.io/zone': 'default', app: 'x', 'kuma.io/mesh': 'default' }
  const shown = showResource(kindNamed('Dataplane'), stored('Dataplane', withInbound(), labels))
  t.same(Object.keys(shown), [
    'type',
    'mesh',
    'name',
    'creationTime',
    'modificationTime',
    'labels',
    'kri',
    'networking',
  ])
  t.same(Object.keys(shown['labels'] as object), ['app', 'kuma.io/mesh', 'kuma.io/zone'])
  t.equal(shown['kri'], 'kri_dp_default_default__x_')
  const mesh = showResource(kindNamed('Mesh'), stored('Mesh', {}))
  t.same(mesh, { type: 'Mesh', name: 'x', creationTime: time, modificationTime: time, kri: 'kri_m____x_' })
  t.notOk('kri' in showResource(kindNamed('Secret'), stored('Secret', {})), 'secrets have no identifier')
})

t.test('what is shown reads back as the same resource, as JSON and as YAML', async t => {
  const bodies: readonly (readonly [string, object])[] = [
    ['Dataplane', withInbound({ serviceProbe: { interval: '10s', tcp: {} }, health: {} })],
    [
      'Mesh',
      { mtls: { enabledBackend: 'a', backends: [{ name: 'a', type: 'builtin', conf: { caCert: {} } }] } },
    ],
    ['Mesh', { metrics: { backends: [{ name: 'p', type: 'prometheus', conf: {} }] } }],
    ['Secret', { data: 'YQ==' }],
    ['GlobalSecret', {}],
    [
      'MeshTrafficPermission',
      { spec: { from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Deny' } }] } },
    ],
  ]
  for (const [type, fields] of bodies) {
    const kind = kindNamed(type)
    const resource = stored(type, fields, { app: 'x' })
    const shown = showResource(kind, resource)
    for (const again of [JSON.parse(JSON.stringify(shown)), parseDocument(stringifyYaml(shown), 'x').value]) {
      const result = readResource(kind, again, { name: 'x' })
      t.ok(result.ok, type)
      if (!result.ok) continue
      t.same(result.draft.spec, resource.spec)
      t.same(result.draft.labels, resource.labels)
      t.same(result.unknownFields, [])
    }
  }
})

t.test('an identifier has the display name, and a zone where a label says so', async t => {
  const kind = kindNamed('MeshTrafficPermission')
  const of = (labels: Record<string, string>) => kriOf(kind, { mesh: 'default', name: 'mtp-1', labels })
  t.equal(of({ 'kuma.io/zone': 'default' }), 'kri_mtp_default_default__mtp-1_')
  t.equal(of({}), 'kri_mtp_default___mtp-1_')
  t.equal(of({ 'kuma.io/display-name': 'shown', 'kuma.io/zone': 'z' }), 'kri_mtp_default_z__shown_')
  const parsed = parseKri('kri_mtp_default_z_ns_name_section')
  t.same(parsed, {
    shortName: 'mtp',
    mesh: 'default',
    zone: 'z',
    namespace: 'ns',
    name: 'name',
    section: 'section',
  })
  t.equal(parsed === null ? '' : formatKri(parsed), 'kri_mtp_default_z_ns_name_section')
  for (const text of ['foo', '', 'kri_m', 'kra_m____m1_', 'kri_m____m1__'])
    t.equal(parseKri(text), null, text)
})

function stored(type: string, fields: object, labels: Record<string, string> = {}): Resource {
  const { draft } = accepted(type, { labels, ...fields })
  return { ...draft, creationTime: time, modificationTime: time, revision: 1 }
}
