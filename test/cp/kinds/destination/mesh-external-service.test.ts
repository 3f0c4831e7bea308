/** MeshExternalService: what may be written and what is read back (kuma-api 4.12, 4.13). */
import t from 'tap'
import { showResource } from '../../../../cp/kinds/show.ts'
import { accepted, faults, kindNamed } from '../../../support/bodies.ts'

const TYPE = 'MeshExternalService'
const match = { type: 'HostnameGenerator', port: 4242, protocol: 'tcp' }
const endpoint = { address: 'tcpbin.com', port: 4242 }
const withSpec = (spec: object): object => ({ spec: { match, ...spec } })
const verified = (verification: object): object => withSpec({ tls: { enabled: true, verification } })
const secret = (name: string): object => ({ type: 'Secret', secretRef: { kind: 'Secret', name } })

t.test("refuses in Kuma's words", async t => {
  const tls = 'spec.tls'
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ spec: {} }, ['spec.match: in body is required']],
    [{ spec: { match: {} } }, ['spec.match.port: in body is required']],
    [{ spec: { match: { port: 0 } } }, ['spec.match.port: in body should be greater than or equal to 1']],
    [
      { spec: { match: { port: 70_000, type: 'Unknown', protocol: 'kafka' } } },
      [
        'spec.match.type: in body should be one of [HostnameGenerator]',
        'spec.match.port: in body should be less than or equal to 65535',
        'spec.match.protocol: in body should be one of [tcp grpc http http2]',
      ],
    ],
    [
      withSpec({ endpoints: [{ address: 'unix:///tmp/example.sock' }, { port: 1, address: '' }] }),
      [
        'spec.endpoints[0].port: in body is required',
        'spec.endpoints[1].address: in body should be at least 1 chars long',
      ],
    ],
    [
      withSpec({
        endpoints: [
          { address: 'not a host', port: 1 },
          { ...endpoint, port: 1, priority: 0 },
        ],
      }),
      ['spec.endpoints[0].address: address has to be a valid IP or hostname'],
    ],
    [
      withSpec({
        endpoints: [
          { ...endpoint, priority: 129 },
          { ...endpoint, priority: -1 },
        ],
      }),
      [
        'spec.endpoints[0].priority: in body should be less than or equal to 128',
        'spec.endpoints[1].priority: in body should be greater than or equal to 0',
      ],
    ],
    [
      withSpec({ tls: { version: { min: 'TLS13', max: 'TLS12' } } }),
      [`${tls}.version.min: min version must be lower than max`],
    ],
    [
      withSpec({ tls: { version: { min: 'TLS15' } } }),
      [`${tls}.version.min: in body should be one of [TLSAuto TLS10 TLS11 TLS12 TLS13]`],
    ],
    [verified({ serverName: 'not[]valid' }), [`${tls}.verification.serverName: must be a valid DNS name`]],
    [
      verified({ mode: 'Unknown', subjectAltNames: [{ type: 'Regex' }] }),
      [
        `${tls}.verification.mode: in body should be one of [SkipSAN SkipCA Secured SkipAll]`,
        `${tls}.verification.subjectAltNames[0].type: in body should be one of [Exact Prefix]`,
        `${tls}.verification.subjectAltNames[0].value: in body is required`,
      ],
    ],
    [
      verified({ clientCert: { secret: '123' } }),
      [`${tls}.verification.clientKey: must be defined when clientCert is defined`],
    ],
    [
      verified({ clientKey: { secret: '123' } }),
      [`${tls}.verification.clientCert: must be defined when clientKey is defined`],
    ],
    [
      verified({
        caCert: { type: 'InsecureInline', inline: 'dGVzdA==', insecureInline: { value: 'test' } },
        clientCert: { type: 'File', file: { path: '/etc/passwd' } },
        clientKey: secret(''),
      }),
      [
        `${tls}.verification.caCert: secret, inline and inlineString cannot be combined with type`,
        `${tls}.verification.clientCert.type: File must be one of: Secret, InsecureInline`,
        `${tls}.verification.clientKey.secretRef.name: must be defined`,
      ],
    ],
    [
      verified({ caCert: {}, clientCert: { type: 'EnvVar' }, clientKey: { type: 'Secret' } }),
      [
        `${tls}.verification.caCert: data source cannot be empty`,
        `${tls}.verification.clientCert.type: EnvVar must be one of: Secret, InsecureInline`,
        `${tls}.verification.clientKey.secretRef: must be defined`,
      ],
    ],
    [withSpec({ extension: {} }), ['spec.extension.type: in body is required']],
    [withSpec({ extension: { type: '' } }), ['spec.extension.type: must not be empty']],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('with an extension, endpoints and tls are its own affair', async t => {
  const extension = { type: 'Lambda', config: { arn: 'arn:x', deep: [{ a: 1 }] } }
  const written = withSpec({
    extension,
    endpoints: [{ address: 'no host', port: 1 }],
    tls: { verification: { serverName: '[]' } },
  })
  t.match(accepted(TYPE, written).draft.spec, { extension })
})

t.test('PUT adds the defaults of the schema', async t => {
  t.same(accepted(TYPE, { spec: { match: { port: 80 }, tls: {} } }).draft.spec, {
    match: { type: 'HostnameGenerator', port: 80, protocol: 'tcp' },
    tls: { enabled: false, allowRenegotiation: false },
  })
  const written = verified({ subjectAltNames: [{ value: 'a' }], caCert: { inlineString: 'PEM' } })
  t.same(accepted(TYPE, written).draft.spec, {
    match,
    tls: {
      enabled: true,
      allowRenegotiation: false,
      verification: {
        mode: 'Secured',
        subjectAltNames: [{ type: 'Exact', value: 'a' }],
        caCert: { inlineString: 'PEM' },
      },
    },
  })
})

t.test('shows its SNI and an empty address', async t => {
  const { draft } = accepted(TYPE, withSpec({ endpoints: [endpoint, { address: '2001:db8::1', port: 1 }] }))
  const time = '2026-11-23T00:07:26Z'
  const labels = { 'kuma.io/zone': 'z1' }
  const stored = { ...draft, labels, creationTime: time, modificationTime: time, revision: 1 }
  t.match(showResource(kindNamed(TYPE), stored), {
    kri: 'kri_extsvc_default_z1__x_',
    snis: [{ port: 4242, sni: 'sni.extsvc.default.z1.x.4242' }],
    status: { vip: {} },
  })
})
