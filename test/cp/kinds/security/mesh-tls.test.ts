/** MeshTLS: what may be written, with Kuma's messages, and what is read back (kuma-api 4.12). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'MeshTLS'
const ruled = (conf: object, spec: object = {}): object => ({ spec: { rules: [{ default: conf }], ...spec } })
const versions = (tlsVersion: object): object => ruled({ tlsVersion })

t.test("refuses in Kuma's words", async t => {
  const conf = 'spec.rules[0].default'
  const from = [{ targetRef: { kind: 'Mesh' }, default: { mode: 'Strict' } }]
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [
      ruled({}, { targetRef: { kind: 'MeshService', name: 'x' } }),
      ["spec.targetRef.kind: value 'MeshService' is not supported"],
    ],
    [
      { spec: { from: [{ targetRef: { kind: 'MeshSubset' } }] } },
      ["spec.from[0].targetRef.kind: value 'MeshSubset' is not supported"],
    ],
    [ruled({}, { from }), ["spec: field 'from' must be empty when 'rules' is defined"]],
    [
      ruled({ mode: 'STRICT', tlsCiphers: ['AES'], tlsVersion: { min: 'TLS15' } }),
      [
        `${conf}.tlsVersion.min: in body should be one of [TLSAuto TLS10 TLS11 TLS12 TLS13]`,
        `${conf}.tlsCiphers[0]: in body should be one of [ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305]`,
        `${conf}.mode: in body should be one of [Permissive Strict]; did you mean Strict?`,
      ],
    ],
    [
      ruled(
        { tlsCiphers: ['ECDHE-RSA-AES128-GCM-SHA256'], tlsVersion: { min: 'TLS12' }, mode: 'Strict' },
        { targetRef: { kind: 'Dataplane', labels: { app: 'demo' } } },
      ),
      [
        `${conf}.tlsCiphers: tlsCiphers can only be defined with top level targetRef kind: Mesh`,
        `${conf}.tlsVersion: tlsVersion can only be defined with top level targetRef kind: Mesh`,
      ],
    ],
    [
      versions({ min: 'TLS13', max: 'TLS12' }),
      [`${conf}.tlsVersion.min: min version must be lower than max`],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('PUT adds the end of the versions that was left out', async t => {
  const cases = [
    [{ min: 'TLS12' }, { min: 'TLS12', max: 'TLSAuto' }],
    [{ max: 'TLS13' }, { min: 'TLSAuto', max: 'TLS13' }],
    [
      { min: 'TLS12', max: 'TLS12' },
      { min: 'TLS12', max: 'TLS12' },
    ],
  ] as const
  for (const [written, read] of cases) {
    t.same(accepted(TYPE, versions(written)).draft.spec, { rules: [{ default: { tlsVersion: read } }] })
  }
  t.same(accepted(TYPE, { spec: {} }).draft.spec, {})
})

t.test('takes the kinds of the matrix; warns of from; says what holds meanwhile', async t => {
  const tops = [
    { kind: 'Mesh' },
    { kind: 'MeshSubset', tags: { team: 'a' } },
    { kind: 'Dataplane', name: 'web-1', sectionName: 'http' },
  ]
  for (const targetRef of tops) t.same(faults(TYPE, ruled({ mode: 'Permissive' }, { targetRef })), [])
  const from = [{ targetRef: { kind: 'Mesh' }, default: { mode: 'Strict' } }]
  const { warnings, unenforced } = accepted(TYPE, { spec: { targetRef: { kind: 'MeshSubset' }, from } })
  t.same(warnings, [
    "'from' field is deprecated, use 'rules' instead",
    "MeshSubset value for 'targetRef.kind' is deprecated, use Dataplane with labels instead",
  ])
  t.match(unenforced, [{ field: '', refusesTraffic: false, message: /strict.*TLS 1\.3/ }])
})
