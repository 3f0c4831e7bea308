/** MeshTrafficPermission: what may be written, and what must not widen a permission unseen (kuma-api 4.12). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'MeshTrafficPermission'
const allow = { default: { action: 'Allow' } }
const everybody = { targetRef: { kind: 'Mesh' }, ...allow }
const spec = (fields: object): object => ({ spec: { from: [everybody], ...fields } })
const from = (targetRef: object): object => ({ spec: { from: [{ targetRef, ...allow }] } })

t.test('takes every kind that the matrix allows and stores it as it is', async t => {
  const tops = [
    { kind: 'Mesh' },
    { kind: 'Mesh', proxyTypes: ['Sidecar'] },
    { kind: 'MeshSubset', tags: { team: 'a' } },
    { kind: 'MeshService', name: 'backend' },
    { kind: 'MeshServiceSubset', name: 'backend', tags: { version: 'v1' } },
    { kind: 'Dataplane' },
    { kind: 'Dataplane', name: 'web-1', sectionName: 'main' },
    { kind: 'Dataplane', labels: { app: 'web' }, sectionName: '8080' },
  ]
  for (const targetRef of tops) {
    t.same(accepted(TYPE, spec({ targetRef })).draft.spec, { targetRef, from: [everybody] })
  }
  t.same(accepted(TYPE, spec({})).draft.spec, { from: [everybody] }, 'an absent targetRef stays absent')
  for (const targetRef of tops.slice(2, 5)) t.same(faults(TYPE, from(targetRef)), [])
  for (const action of ['Allow', 'Deny', 'AllowWithShadowDeny']) {
    t.same(faults(TYPE, { spec: { from: [{ targetRef: { kind: 'Mesh' }, default: { action } }] } }), [])
  }
})

t.test("refuses other kinds and missing parts in Kuma's words", async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ spec: {} }, ["spec: at least one of 'from' or 'rules' has to be defined"]],
    [{ spec: { from: [] } }, ["spec: at least one of 'from' or 'rules' has to be defined"]],
    [
      spec({ targetRef: { kind: 'MeshGateway', name: 'x' } }),
      ["spec.targetRef.kind: value 'MeshGateway' is not supported"],
    ],
    [from({ kind: 'Dataplane' }), ["spec.from[0].targetRef.kind: value 'Dataplane' is not supported"]],
    [{ spec: { from: [{ targetRef: { kind: 'Mesh' } }] } }, ['spec.from[0].default.action: must be defined']],
    [
      { spec: { from: [{ targetRef: { kind: 'Mesh' }, default: {} }] } },
      ['spec.from[0].default.action: must be defined'],
    ],
    [{ spec: { from: [allow] } }, ['spec.from[0].targetRef: in body is required']],
    [
      { spec: { rules: [{ default: {} }] } },
      ["spec.rules[0]: at least one of 'allow', 'allowWithShadowDeny', 'deny' has to be defined"],
    ],
    [
      spec({ rules: [{ default: { deny: [{ spiffeID: { type: 'Exact', value: 'spiffe://m/web' } }] } }] }),
      ["spec: field 'from' must be empty when 'rules' is defined"],
    ],
    [
      {
        spec: {
          rules: [
            {
              default: {
                allow: [
                  {},
                  { spiffeID: { type: 'Prefix', value: 'web' } },
                  { sni: { type: 'Exact', value: 'A_b' } },
                  { sni: { type: 'Exact', value: '' } },
                  { spiffeID: { type: 'Prefix', value: 'spiffe://default/' } },
                ],
                deny: [{ spiffeID: { type: 'Exact', value: 'spiffe://Default/web' } }],
              },
            },
          ],
        },
      },
      [
        'spec.rules[0].allow[0]: at least one of spiffeID or sni must be defined',
        'spec.rules[0].allow[1].spiffeID: must be a valid Spiffe ID: scheme is missing or invalid',
        "spec.rules[0].allow[2].sni.value: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'spec.rules[0].allow[3].sni.value: must be set',
        'spec.rules[0].allow[4].spiffeID: must be a valid Spiffe ID: path cannot have a trailing slash',
        'spec.rules[0].deny[0].spiffeID: must be a valid Spiffe ID: trust domain characters are limited to lowercase letters, numbers, dots, dashes, and underscores',
      ],
    ],
    [
      { spec: { targetRef: { kind: 'Dataplane', name: 'x', sectionName: 'http' } } },
      [
        'spec.targetRef.sectionName: can only be used with inbound policies',
        "spec: at least one of 'from' or 'rules' has to be defined",
      ],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('a selection that cannot be enforced is refused rather than widened', async t => {
  const cases = [
    [from({ kind: 'MeshService', labels: { a: 'b' } }), 'spec.from[0].targetRef.labels'],
    [from({ kind: 'MeshService', name: 'x', sectionName: 'y' }), 'spec.from[0].targetRef.sectionName'],
    [from({ kind: 'Mesh', proxyTypes: ['Gateway'] }), 'spec.from[0].targetRef.proxyTypes'],
    [from({ kind: 'MeshService', name: 'x', namespace: 'n' }), 'spec.from[0].targetRef.namespace'],
    [spec({ targetRef: { kind: 'MeshService', name: 'x', sectionName: 'y' } }), 'spec.targetRef.sectionName'],
    [spec({ targetRef: { kind: 'MeshService', labels: { a: 'b' } } }), 'spec.targetRef.labels'],
    [spec({ targetRef: { kind: 'MeshSubset', tags: { a: null } } }), 'spec.targetRef.tags["a"]'],
  ] as const
  for (const [fields, field] of cases) {
    const found = faults(TYPE, fields)
    t.ok(
      found.some(fault => fault.startsWith(`${field}: `)),
      `${field}: ${found.join('; ')}`,
    )
  }
})

t.test('rules are enforced', async t => {
  const rules = [{ default: { deny: [{ spiffeID: { type: 'Exact', value: 'spiffe://default/web' } }] } }]
  const { draft, unenforced, warnings } = accepted(TYPE, { spec: { rules } })
  t.same(draft.spec, { rules })
  t.same(unenforced, [])
  t.same(warnings, [])
})

t.test('warns as Kuma does of MeshSubset, of nothing else', async t => {
  const { warnings, unenforced } = accepted(TYPE, spec({ targetRef: { kind: 'MeshSubset' } }))
  t.same(warnings, ["MeshSubset value for 'targetRef.kind' is deprecated, use Dataplane with labels instead"])
  t.same(unenforced, [])
})
