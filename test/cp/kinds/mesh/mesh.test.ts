/** Mesh: what may be written, what is added, what it says about Dataplanes (kuma-api 4.4). */
import t from 'tap'
import {
  caChangeViolation,
  constraintViolation,
  enabledBackend,
  type MeshSpec,
} from '../../../../cp/kinds/mesh/mesh.ts'
import { accepted, faults } from '../../../support/bodies.ts'

const builtin = (fields: object = {}): object => ({ name: 'ca-1', type: 'builtin', ...fields })
const withBackend = (fields: object): object => ({
  mtls: { enabledBackend: 'ca-1', backends: [builtin(fields)] },
})

t.test('a mesh without settings is a mesh', async t => {
  const { draft, warnings } = accepted('Mesh', {})
  t.same(draft, { type: 'Mesh', mesh: '', name: 'x', labels: {}, spec: {} })
  t.match(warnings, [/^the mesh has no mTLS/])
})

t.test('takes the mesh of the documents', async t => {
  const written = {
    mtls: {
      enabledBackend: 'ca-1',
      backends: [
        {
          name: 'ca-1',
          type: 'builtin',
          dpCert: { rotation: { expiration: '1d' }, requestTimeout: '10s' },
          conf: { caCert: { RSAbits: 2048, expiration: '10y' } },
        },
      ],
    },
    networking: { outbound: { passthrough: true } },
    constraints: { dataplaneProxy: { requirements: [{ tags: { team: 'a', env: '*' } }] } },
  }
  const { draft, warnings, unenforced } = accepted('Mesh', written)
  t.same(draft.spec, written)
  t.same(warnings, [])
  t.match(unenforced, [{ field: 'mtls.backends[0].conf.caCert.RSAbits', refusesTraffic: false }])
})

t.test("answers mistakes in Kuma's words", async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [
      { mtls: { enabledBackend: 'b', backends: [builtin()] } },
      ['mtls.enabledBackend: has to be set to one of the backends in the mesh'],
    ],
    [
      { mtls: { backends: [builtin(), builtin()] } },
      [
        'mtls.backends: cannot have more than 1 backends',
        'mtls.backends[1].name: "ca-1" name is already used for another backend',
      ],
    ],
    [withBackend({ type: 'zork' }), ['mtls.backends[0].type: could not find installed plugin for this type']],
    [{ mtls: { backends: [{ type: 'builtin' }] } }, ['mtls.backends[0].name: cannot be empty']],
    [
      withBackend({ dpCert: { rotation: { expiration: '1d12h' } } }),
      ['mtls.dpcert.rotation.expiration: has to be a valid format'],
    ],
    [
      withBackend({ dpCert: { rotation: {} } }),
      ['mtls.dpcert.rotation.expiration: has to be a valid format'],
    ],
    [withBackend({ dpCert: { rotation: { expiration: '0' } } }), []],
    [
      withBackend({ conf: { caCert: { expiration: 'long' } } }),
      ['mtls.backends[0].conf.caCert.expiration: has to be a valid format'],
    ],
    [
      withBackend({ type: 'provided' }),
      ['mtls.backends[0].conf.cert: has to be defined', 'mtls.backends[0].conf.key: has to be defined'],
    ],
    [
      withBackend({ type: 'provided', conf: { cert: {}, key: { secret: 's' } } }),
      ['mtls.backends[0].conf.cert: data source cannot be empty'],
    ],
    [{ routing: { zoneEgress: true } }, ['mtls: has to be set when zoneEgress enabled']],
    [
      { constraints: { dataplaneProxy: { requirements: [{}], restrictions: [{ tags: {} }] } } },
      [
        'constraints.dataplaneProxy.requirements[0].tags: must have at least one tag',
        'constraints.dataplaneProxy.restrictions[0].tags: must have at least one tag',
      ],
    ],
    [
      {
        logging: {
          defaultBackend: 'z',
          backends: [
            { name: 'a', type: 'file' },
            { name: 'a', type: 'tcp', conf: { address: '1.2.3.4' } },
          ],
        },
      },
      [
        'logging.backends[0].config.path: cannot be empty',
        'logging.backends[1].config.address: has to be in format of HOST:PORT',
        'logging.backends[1].name: "a" name is already used for another backend',
        'logging.defaultBackend: has to be set to one of the logging backend in mesh',
      ],
    ],
    [
      {
        tracing: {
          defaultBackend: 'z',
          backends: [
            { name: 'a', type: 'zipkin', sampling: 101, conf: { url: 'http://zipkin/api' } },
            { name: 'b', type: 'datadog', conf: { address: 'x', port: 0 } },
          ],
        },
      },
      [
        'tracing.backends[0].sampling: has to be in [0.0 - 100.0] range',
        'tracing.backends[0].config.url: port has to be explicitly specified',
        'tracing.backends[1].config.port: port must be in the range [1, 65535]',
        'tracing.defaultBackend: has to be set to one of the tracing backend in mesh',
      ],
    ],
    [
      {
        metrics: {
          enabledBackend: 'z',
          backends: [{ name: 'a', type: 'prometheus', conf: { envoy: { filterRegex: '(?=x)' } } }],
        },
      },
      [
        'metrics.enabledBackend: has to be set to one of the backends in the mesh',
        'metrics.backends[0].conf.envoy.filterRegex: value must be a valid regular expression',
      ],
    ],
    [
      {
        tracing: {
          backends: [{ name: 'a', type: 'zipkin', conf: { url: 'http://z:9411/v2', apiVersion: 'invalid' } }],
        },
      },
      [
        'tracing.backends[0].config.apiVersion: has invalid value. Allowed values: httpJsonV1, httpJson, httpProto',
      ],
    ],
    [{ tracing: { backends: [{ name: 'a', type: 'zipkin', conf: { url: 'http://zipkin:80/api' } }] } }, []],
    [
      { metrics: { backends: [{ name: 'a', type: 'prometheus', conf: { port: -1 } }] } },
      ['metrics.backends[0].conf.port: must be a whole number from 0 to 4294967295'],
    ],
    [
      withBackend({ conf: { caCert: { RSAbits: 1e15 } } }),
      ['mtls.backends[0].conf.caCert.RSAbits: must be a whole number from 0 to 4294967295'],
    ],
    [
      { name: 'm'.repeat(64) },
      ['name: cannot be longer than 63 characters', 'name: name from the URL has to be the same as in body'],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults('Mesh', fields), expected, JSON.stringify(fields))
})

t.test('stores the defaults of a prometheus backend', async t => {
  for (const backend of [{}, { conf: {} }]) {
    const { draft } = accepted('Mesh', {
      metrics: { backends: [{ name: 'p', type: 'prometheus', ...backend }] },
    })
    const conf = { port: 5670, path: '/metrics', tags: { 'kuma.io/service': 'dataplane-metrics' }, tls: {} }
    t.same(draft.spec, { metrics: { backends: [{ name: 'p', type: 'prometheus', conf }] } })
  }
})

t.test('says what it stores without effect', async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [withBackend({ mode: 'PERMISSIVE' }), ['mtls.backends[0].mode']],
    [withBackend({ mode: 'STRICT' }), []],
    [{ routing: { localityAwareLoadBalancing: true, zoneEgress: false } }, []],
    [{ networking: { outbound: { passthrough: false } } }, ['networking.outbound.passthrough']],
    [{ networking: { outbound: { passthrough: true } } }, []],
    [{ meshServices: { mode: 'Everywhere' } }, ['meshServices.mode']],
    [{ logging: { backends: [{ name: 'a', type: 'file', conf: { path: '/x' } }] } }, ['logging.backends']],
    [{ metrics: { backends: [{ name: 'a', type: 'prometheus' }] } }, ['metrics.backends']],
  ]
  for (const [fields, expected] of cases) {
    const { unenforced } = accepted('Mesh', fields)
    t.same(
      unenforced.map(found => found.field),
      expected,
      JSON.stringify(fields),
    )
    t.notOk(unenforced.some(found => found.refusesTraffic))
  }
})

t.test('the enabled backend is the one that is named', async t => {
  const spec = accepted('Mesh', withBackend({})).draft.spec as MeshSpec
  t.match(enabledBackend(spec), { name: 'ca-1', type: 'builtin' })
  t.equal(enabledBackend({ mtls: { backends: [{ name: 'ca-1', type: 'builtin' }] } }), undefined)
  t.equal(enabledBackend({}), undefined)
})

t.test('the CA cannot change while it is on', async t => {
  const on = (enabledBackend: string): MeshSpec => ({ mtls: { enabledBackend } })
  t.match(caChangeViolation(on('a'), on('b')), {
    field: 'mtls.enabledBackend',
    message: 'Changing CA when mTLS is enabled is forbidden. Disable mTLS first and then change the CA',
  })
  for (const [before, after] of [
    [on('a'), on('a')],
    [on('a'), {}],
    [{}, on('b')],
    [on(''), on('b')],
  ] as const) {
    t.equal(caChangeViolation(before, after), null)
  }
})

t.test('constraints hold every tag set', async t => {
  const mesh = (dataplaneProxy: object) => ({
    name: 'm',
    spec: { constraints: { dataplaneProxy } } as MeshSpec,
  })
  const needs = mesh({ requirements: [{ tags: { team: 'a' } }, { tags: { zone: '*' } }] })
  const bans = mesh({ restrictions: [{ tags: { team: 'bad', env: '*' } }] })
  t.equal(constraintViolation(needs, [{ team: 'a' }, { zone: 'x' }]), null)
  t.equal(
    constraintViolation(needs, [{ team: 'a' }, { team: 'b' }]),
    'dataplane cannot be a member of mesh "m" because its tags "team=b" does not fulfill any requirements defined on the Mesh',
  )
  t.equal(constraintViolation(bans, [{ team: 'bad' }]), null)
  t.equal(
    constraintViolation(bans, [{ team: 'bad', env: 'x' }]),
    'dataplane cannot be a member of mesh "m" because its tags "env=x team=bad" matches restricted tags "env=* team=bad" defined on the Mesh',
  )
  t.equal(constraintViolation({ name: 'm', spec: {} }, [{}]), null)
})
