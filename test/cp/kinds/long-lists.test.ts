/** Bodies that use up what a request may hold: what their checks cost grows with the body, not with its square. */
import t from 'tap'
import { faults } from '../../support/bodies.ts'

t.test('names every fault of a list that holds nothing else, however long', async t => {
  const count = 50_000
  const wrong = Array.from({ length: count }, (_, i) => `ACTION${i}`)
  const flat = faults('AccessAudit', { rules: [{ access: wrong }] })
  t.equal(flat.length, count)
  t.match(flat.at(-1), /^rules\[0\]\.access\[49999\]: unknown value "ACTION49999"/)
  const proxyTypes = faults('MeshTrafficPermission', {
    spec: { targetRef: { kind: 'Mesh', proxyTypes: wrong }, from: [] },
  })
  t.equal(proxyTypes.length, count)
  t.equal(proxyTypes.at(-1), 'spec.targetRef.proxyTypes[49999]: in body should be one of [Sidecar Gateway]')
})

t.test('finds the one name that is used twice among many', async t => {
  const names = [...Array.from({ length: 20_000 }, (_, i) => `n${i}`), 'n7']
  const last = names.length - 1
  const ports = names.map((name, i) => ({ port: i + 1, name, appProtocol: 'tcp' }))
  const service = { selector: { meshService: { matchLabels: { a: 'b' } } }, ports }
  t.same(faults('MeshMultiZoneService', { spec: service }), [
    `spec.ports[${last}].name: name "n7" is there already`,
  ])
  const backends = names.map(name => ({ name, type: 'file', conf: { path: '/x' } }))
  t.same(faults('Mesh', { logging: { backends } }), [
    `logging.backends[${last}].name: "n7" name is already used for another backend`,
  ])
  const conf = { aggregate: names.map(name => ({ name })) }
  t.same(faults('Mesh', { metrics: { backends: [{ name: 'a', type: 'prometheus', conf }] } }), [
    `metrics.backends[0].conf.aggregate[${last}].name: duplicate entry, values have to be unique`,
  ])
  const inbound = names.map((name, i) => ({ port: i + 1, servicePort: 8080, name }))
  t.same(faults('Dataplane', { networking: { address: '192.168.0.1', inbound } }), [
    `networking.inbound[${last}].name: name must be unique`,
  ])
})
