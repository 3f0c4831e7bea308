/** Zone, ZoneIngress and ZoneEgress: their rules with Kuma's messages, and what is stored (kuma-api 4.7). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const at = (networking: object): object => ({
  networking: { address: '10.0.0.1', port: 10001, ...networking },
})

t.test('refuses what cannot be reached, in the words of Kuma', async t => {
  const cases: readonly (readonly [type: string, fields: object, expected: readonly string[]])[] = [
    ['ZoneIngress', at({}), []],
    ['ZoneIngress', {}, ['networking.port: port must be in the range [1, 65535]']],
    ['ZoneIngress', at({ port: 65_536 }), ['networking.port: port must be in the range [1, 65535]']],
    [
      'ZoneIngress',
      at({ advertisedAddress: '10.0.0.2' }),
      ['networking.advertisedAddress: has to be defined with advertisedPort'],
    ],
    [
      'ZoneIngress',
      at({ advertisedPort: 80 }),
      ['networking.advertisedPort: has to be defined with advertisedAddress'],
    ],
    ['ZoneIngress', at({ advertisedAddress: 'ingress.example.com', advertisedPort: 80 }), []],
    [
      'ZoneIngress',
      at({ address: '10.0.0.300' }),
      ['networking.address: address has to be valid IP address or domain name'],
    ],
    ['ZoneIngress', at({ admin: { port: 10001 } }), ['networking.admin.port: must differ from port']],
    ['ZoneEgress', at({}), []],
    ['ZoneEgress', { networking: {} }, ['networking.port: port must be in the range [1, 65535]']],
    ['ZoneEgress', at({ admin: { port: 10001 } }), ['networking.admin.port: must differ from port']],
    ['Zone', {}, []],
    ['Zone', { enabled: 'yes' }, ['enabled: must be a boolean, not a string']],
  ]
  for (const [type, fields, expected] of cases) {
    t.same(faults(type, fields), expected, `${type} ${JSON.stringify(fields)}`)
  }
})

t.test('a disabled zone stays disabled, and one that says nothing says nothing', async t => {
  t.same(accepted('Zone', {}).draft.spec, {})
  t.same(accepted('Zone', { enabled: false }).draft.spec, { enabled: false })
  t.match(accepted('Zone', { enabled: false }).unenforced, [{ field: 'enabled', refusesTraffic: false }])
})

t.test('takes both spellings and answers one', async t => {
  const { spec } = accepted(
    'ZoneIngress',
    at({ advertised_address: '10.0.0.2', advertised_port: '80' }),
  ).draft
  t.same(spec, at({ advertisedAddress: '10.0.0.2', advertisedPort: 80 }))
})
