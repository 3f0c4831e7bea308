/** What others read out of a Dataplane: inbounds and outbounds with their defaults, tags, the zone. */
import t from 'tap'
import {
  type DataplaneSpec,
  inboundsOf,
  outboundsOf,
  tagSetsOf,
  withZoneTag,
} from '../../../../cp/kinds/proxy/dataplane.ts'
import { accepted, faults, withInbound } from '../../../support/bodies.ts'

const net = (networking: object): object => ({ networking: { address: '192.168.0.1', ...networking } })

t.test('inbounds have their defaults filled in', async t => {
  const spec = specOf(
    withInbound({ servicePort: undefined, tags: { 'kuma.io/service': 'web', 'kuma.io/protocol': 'http' } }),
  )
  t.same(inboundsOf(spec), [
    {
      address: '192.168.0.1',
      port: 10_001,
      advertisedAddress: '192.168.0.1',
      serviceAddress: '127.0.0.1',
      servicePort: 10_001,
      service: 'web',
      protocol: 'http',
      tags: { 'kuma.io/service': 'web', 'kuma.io/protocol': 'http' },
      state: 'Ready',
      isHealthTold: false,
      probe: null,
      name: '10001',
    },
  ])
  const own = {
    address: '10.9.9.9',
    serviceAddress: '10.0.0.2',
    name: 'main',
    protocol: 'grpc',
    state: 'Ignored',
  }
  const [inbound] = inboundsOf(specOf(withInbound(own, { advertisedAddress: '1.2.3.4' })))
  t.match(inbound, { ...own, advertisedAddress: '1.2.3.4', servicePort: 8080 })
  t.same(inboundsOf({}), [])
})

t.test('an inbound without readiness is not ready', async t => {
  const stateOf = (fields: object) => inboundsOf(specOf(withInbound(fields)))[0]?.state
  t.equal(stateOf({ health: { ready: true } }), 'Ready')
  t.equal(stateOf({ health: { ready: false } }), 'NotReady')
  t.equal(stateOf({ health: {} }), 'NotReady')
  t.equal(stateOf({ state: 'NotReady' }), 'NotReady')
  t.equal(stateOf({ state: 'Ignored', health: { ready: true } }), 'Ignored')
  t.equal(stateOf({}), 'Ready')
})

t.test('outbounds by tags are listed, those by reference are not', async t => {
  const tags = { 'kuma.io/service': 'redis', version: 'v1' }
  const spec = specOf(
    net({
      outbound: [
        { port: 1, tags },
        { port: 2, backendRef: { kind: 'MeshService', name: 'x', port: 1 } },
      ],
    }),
  )
  t.same(outboundsOf(spec), [{ address: '127.0.0.1', port: 1, service: 'redis', tags }])
})

t.test(
  'tag sets are those of inbounds or of the gateway, with the zone that the control plane says',
  async t => {
    const spec = specOf(withInbound({ tags: { 'kuma.io/service': 'web', 'kuma.io/zone': 'mine' } }))
    const zoned = withZoneTag(spec, 'default')
    t.same(tagSetsOf(zoned), [{ 'kuma.io/service': 'web', 'kuma.io/zone': 'default' }])
    t.same(
      tagSetsOf(spec),
      [{ 'kuma.io/service': 'web', 'kuma.io/zone': 'mine' }],
      'the original stays as it was',
    )
    const gateway = specOf(net({ gateway: { tags: { 'kuma.io/service': 'edge' } } }))
    t.same(tagSetsOf(withZoneTag(gateway, 'z')), [{ 'kuma.io/service': 'edge', 'kuma.io/zone': 'z' }])
    t.same(withZoneTag({}, 'z'), {})
  },
)

t.test('numbers have no sign, as in Kuma', async t => {
  t.same(faults('Dataplane', net({ transparentProxying: { redirectPortInbound: -1 } })), [
    'networking.transparentProxying.redirectPortInbound: must be a whole number from 0 to 4294967295',
  ])
})

function specOf(fields: object): DataplaneSpec {
  return accepted('Dataplane', fields).draft.spec as DataplaneSpec
}
