/** ExternalService: addresses, TLS and tags that may be written, and what is shown of them (kuma-api 4.9). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'ExternalService'
const tags = { 'kuma.io/service': 'httpbin' }
const at = (address: unknown): object => ({ tags, networking: { address } })
const withTls = (tls: object): object => ({ tags, networking: { address: 'httpbin.org:443', tls } })

t.test('takes every kind of address', async t => {
  for (const address of [
    'httpbin.org:443',
    '10.0.0.7:80',
    '[fd00::7]:9443',
    'my_host:1',
    'localhost:65535',
  ]) {
    t.same(faults(TYPE, at(address)), [], address)
  }
})

t.test('shows what was written: both spellings, wrappers kept, zero values dropped', async t => {
  const written = {
    tags: { ...tags, 'kuma.io/protocol': 'grpc', 'kuma.io/zone': 'zone-1' },
    networking: {
      address: 'httpbin.org:443',
      disableHostDNSEntry: false,
      tls: {
        enabled: true,
        ca_cert: { inline: 'YWJj' },
        client_cert: { secret: 'cert' },
        client_key: { file: '/key.pem' },
        allowRenegotiation: false,
        server_name: 'x',
        skipHostnameVerification: false,
      },
    },
  }
  t.same(accepted(TYPE, written).draft.spec, {
    tags: written.tags,
    networking: {
      address: 'httpbin.org:443',
      tls: {
        enabled: true,
        caCert: { inline: 'YWJj' },
        clientCert: { secret: 'cert' },
        clientKey: { file: '/key.pem' },
        allowRenegotiation: false,
        serverName: 'x',
        skipHostnameVerification: false,
      },
    },
  })
  t.same(accepted(TYPE, withTls({ enabled: false })).draft.spec, withTls({}), 'an empty message stays')
})

t.test("refuses with Kuma's messages", async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{}, ['networking: should have networking', 'tags: mandatory tag "kuma.io/service" is missing']],
    [at(''), ["networking.address: address can't be empty"]],
    [
      at('x'),
      [
        'networking.address: unable to parse address',
        'networking.address: address has to be a valid IP address or a domain name',
        'networking.address: unable to parse port in address',
        'networking.address: port must be in the range [1, 65535]',
      ],
    ],
    [at('x:0'), ['networking.address: port must be in the range [1, 65535]']],
    [at('x:65536'), ['networking.address: port must be in the range [1, 65535]']],
    [
      at('x:http'),
      [
        'networking.address: unable to parse port in address',
        'networking.address: port must be in the range [1, 65535]',
      ],
    ],
    [at('..:80'), ['networking.address: address has to be a valid IP address or a domain name']],
    [at(':80'), ['networking.address: address has to be a valid IP address or a domain name']],
    [at(80), ['networking.address: must be a string, not a number']],
    [withTls({ serverName: '' }), ['networking.tls.serverName: cannot be empty']],
    [withTls({ caCert: {} }), ['networking.tls.caCert: data source cannot be empty']],
    [
      withTls({ clientCert: { secret: 'a', inlineString: 'b' } }),
      ['networking.tls.clientCert: data source has to be chosen. Only one of the fields may be set'],
    ],
    [
      { ...at('x:1'), tags: { ...tags, 'kuma.io/protocol': 'ftp' } },
      [
        'tags["kuma.io/protocol"]: tag "kuma.io/protocol" has an invalid value "ftp". Allowed values: grpc, http, http2, kafka, tcp',
      ],
    ],
    [
      { ...at('x:1'), tags: { ...tags, a: '', 'b c': 'd' } },
      [
        'tags["a"]: tag value must be non-empty',
        'tags["b c"]: tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores',
      ],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('says that nobody routes to it yet', async t => {
  const { unenforced } = accepted(TYPE, at('x:1'))
  t.match(unenforced, [{ field: '', refusesTraffic: false, message: /do not route to it/ }])
})
