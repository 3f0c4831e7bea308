/** MeshPassthrough: what may be written, with Kuma's messages, and what is read back (kuma-api 4.12). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'MeshPassthrough'
const matching = (...appendMatch: readonly object[]): object => ({ spec: { default: { appendMatch } } })
const domain = (value: string, rest: object = {}): object => ({
  type: 'Domain',
  value,
  protocol: 'tls',
  ...rest,
})

t.test("refuses in Kuma's words", async t => {
  const at = (i: number, field: string): string => `spec.default.appendMatch[${i}].${field}`
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [
      { spec: { targetRef: { kind: 'MeshService', name: 'x' } } },
      ["spec.targetRef.kind: value 'MeshService' is not supported"],
    ],
    [
      { spec: { default: { passthroughMode: 'Some' } } },
      ['spec.default.passthroughMode: in body should be one of [All Matched None]'],
    ],
    [
      matching({ type: 'test', value: '1.2.3.4', protocol: 'udp' }, {}),
      [
        `${at(0, 'type')}: in body should be one of [Domain IP CIDR]`,
        `${at(0, 'protocol')}: in body should be one of [tcp tls grpc http http2 mysql]`,
        `${at(1, 'type')}: in body is required`,
        `${at(1, 'value')}: in body is required`,
      ],
    ],
    [
      matching({ type: 'IP', value: '1.2.3.4', port: 0 }, { type: 'IP', value: '1.2.3.4', port: 65_536 }),
      [
        `${at(0, 'port')}: port must be a valid (1-65535)`,
        `${at(1, 'port')}: port must be a valid (1-65535)`,
      ],
    ],
    [
      matching({ type: 'Domain', value: 'example.com' }),
      [`${at(0, 'protocol')}: protocol tcp is not supported for a domain`],
    ],
    [
      matching(domain('example.com', { protocol: 'mysql', port: 1 })),
      [`${at(0, 'protocol')}: protocol mysql is not supported for a domain`],
    ],
    [
      matching(domain('1.2.3.4'), domain('*w.example.com'), domain('*.'), domain('a b')),
      [
        `${at(0, 'value')}: provided DNS has incorrect value`,
        `${at(1, 'value')}: provided DNS has incorrect value, partial wildcard is currently not supported`,
        `${at(2, 'value')}: provided DNS has incorrect value`,
        `${at(3, 'value')}: provided DNS has incorrect value`,
      ],
    ],
    [
      matching({ type: 'IP', value: 'example.com' }, { type: 'CIDR', value: '1.2.3.4' }),
      [
        `${at(0, 'value')}: provided IP has incorrect value`,
        `${at(1, 'value')}: provided CIDR has incorrect value`,
      ],
    ],
    [
      matching({ type: 'CIDR', value: '1.2.3.0/33' }, { type: 'CIDR', value: 'fd00::/129' }),
      [
        `${at(0, 'value')}: provided CIDR has incorrect value`,
        `${at(1, 'value')}: provided CIDR has incorrect value`,
      ],
    ],
    [
      matching({ type: 'IP', value: '1.2.3.4', protocol: 'mysql' }),
      [`${at(0, 'port')}: port must be defined for Mysql protocol`],
    ],
    [
      matching(
        domain('a.com', { port: 8080, protocol: 'http' }),
        domain('b.com', { port: 8080, protocol: 'http2' }),
      ),
      [
        `${at(1, 'port')}: using the same port in multiple matches requires the same protocol for the following protocols: [grpc http http2]`,
      ],
    ],
    [
      matching(
        domain('a.com', { port: 443 }),
        domain('a.com', { port: 443 }),
        domain('b.com'),
        domain('b.com'),
      ),
      [
        `${at(1, 'value')}: value a.com is already defiend for this port and protocol`,
        `${at(3, 'value')}: value b.com is already defiend for this port and protocol`,
      ],
    ],
    [
      matching(domain('*.example.com', { protocol: 'grpc' })),
      [`${at(0, 'port')}: wildcard domains doesn't work for all ports and layer 7 protocol`],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('PUT adds the protocol tcp, and no passthroughMode', async t => {
  const cidr = { type: 'CIDR', value: '10.0.0.1/8' }
  const rest = [
    { type: 'IP', value: 'fd00::1', port: 3306, protocol: 'mysql' },
    domain('*.example.com'),
    domain('*'),
    domain('example.com', { port: 443 }),
    domain('example.com', { port: 443, protocol: 'http' }),
    domain('other.com', { port: 443, protocol: 'http' }),
  ]
  t.same(accepted(TYPE, matching(cidr, ...rest)).draft.spec, {
    default: { appendMatch: [{ ...cidr, protocol: 'tcp' }, ...rest] },
  })
  for (const kind of ['Mesh', 'MeshSubset', 'Dataplane']) {
    t.same(faults(TYPE, { spec: { targetRef: { kind }, default: { passthroughMode: 'None' } } }), [], kind)
  }
  t.match(accepted(TYPE, { spec: {} }).unenforced, [{ field: '', message: /no transparent proxy/ }])
})
