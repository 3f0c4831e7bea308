/** MeshTrust: what may be written and what is read back (kuma-api 1.7, 4.12, 4.13). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'
import { makeMeshCa } from '../../../support/certificates.ts'

const TYPE = 'MeshTrust'
const trusted = (...caBundles: readonly object[]): object => ({ spec: { trustDomain: 'a.b', caBundles } })
const pem = (value: string): object => ({ type: 'Pem', pem: { value } })

t.test("refuses in Kuma's words", async t => {
  const { rootPem, privateKeyPem } = await makeMeshCa()
  const format = 'provided certificate has incorrect format'
  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    [
      'nothing',
      { spec: {} },
      ['spec.trustDomain: in body is required', 'spec.caBundles: in body is required'],
    ],
    ['no bundle', trusted(), ['spec.caBundles: in body should have at least 1 items']],
    [
      'no trust domain',
      { spec: { trustDomain: '', caBundles: [pem(rootPem)] } },
      ['spec.trustDomain: trustDomain needs to be defined'],
    ],
    [
      'a long trust domain',
      { spec: { trustDomain: 'a'.repeat(254), caBundles: [pem(rootPem)] } },
      ['spec.trustDomain: in body should be at most 253 chars long'],
    ],
    [
      'no PEM',
      trusted(pem('adfadfafadf'), { type: 'Pem' }, pem('-----BEGIN CERTIFICATE-----\n...')),
      [
        `spec.caBundles[0].pem.value: ${format}`,
        'spec.caBundles[1].pem: must be defined',
        `spec.caBundles[2].pem.value: ${format}`,
      ],
    ],
    ['a private key', trusted(pem(privateKeyPem)), [`spec.caBundles[0].pem.value: ${format}`]],
    [
      'a private key behind the certificate',
      trusted(pem(`${rootPem}\n${privateKeyPem}`)),
      [`spec.caBundles[0].pem.value: ${format}`],
    ],
    ['another type', trusted({ type: 'Der' }), ['spec.caBundles[0].type: in body should be one of [Pem]']],
    ['no value', trusted({ type: 'Pem', pem: {} }), ['spec.caBundles[0].pem.value: in body is required']],
  ]
  for (const [name, fields, expected] of cases) t.same(faults(TYPE, fields), expected, name)
})

t.test('is read back as it was written; its origin is deprecated', async t => {
  const { rootPem } = await makeMeshCa()
  const spec = { trustDomain: 'default.east.mesh.local', caBundles: [pem(rootPem), pem(rootPem + rootPem)] }
  const { draft, warnings } = accepted(TYPE, { spec })
  t.same(draft.spec, spec)
  t.same(warnings, [])
  t.same(accepted(TYPE, { spec: { ...spec, origin: { kri: 'kri_mid_default_east__id_' } } }).warnings, [
    'setting spec.origin field is deprecated',
  ])
})
