/** Workload and MeshZoneAddress: what may be written and what is read back (kuma-api 4.12, 4.13). */
import t from 'tap'
import { showResource } from '../../../../cp/kinds/show.ts'
import { accepted, faults, kindNamed } from '../../../support/bodies.ts'

t.test('a Workload has no settings, and counters at zero', async t => {
  const { draft, warnings } = accepted('Workload', { spec: {} })
  t.same(draft.spec, {})
  t.same(warnings, [])
  const time = '2026-11-23T00:07:26Z'
  const stored = { ...draft, creationTime: time, modificationTime: time, revision: 1 }
  t.same(showResource(kindNamed('Workload'), stored)['status'], {
    dataplaneProxies: { connected: 0, healthy: 0, total: 0 },
  })
  t.same(accepted('Workload', { spec: { selector: {} } }).warnings, [
    'unknown field spec.selector is ignored',
  ])
  t.same(faults('Workload', {}), [': .spec in body is required'])
})

t.test("a MeshZoneAddress is refused in Kuma's words", async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{}, ['spec.address: in body is required', 'spec.port: in body is required']],
    [
      { address: '', port: 0 },
      [
        'spec.address: in body should be at least 1 chars long',
        'spec.port: in body should be greater than or equal to 1',
      ],
    ],
    [{ address: '192.168.0.1', port: 70_000 }, ['spec.port: in body should be less than or equal to 65535']],
    [{ address: '0.0.0.0', port: 10_001 }, ['spec.address: must not be 0.0.0.0 or ::']],
    [{ address: '::', port: 10_001 }, ['spec.address: must not be 0.0.0.0 or ::']],
    [
      { address: 'http://10.0.0.1:10001', port: 10_001 },
      ['spec.address: must be a valid IP address or domain name'],
    ],
  ]
  for (const [spec, expected] of cases) {
    t.same(faults('MeshZoneAddress', { spec }), expected, JSON.stringify(spec))
  }
})

t.test('a MeshZoneAddress is read back as it was written', async t => {
  for (const address of ['192.168.0.1', '2001:db8::1', 'a1b2c3.elb.us-east-1.amazonaws.com']) {
    const spec = { address, port: 10_001 }
    t.same(accepted('MeshZoneAddress', { spec }).draft.spec, spec)
  }
  t.equal(kindNamed('MeshZoneAddress').emptyStatus, null)
})
