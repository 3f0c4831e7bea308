/** MeshTCPRoute: what may be written, with Kuma's messages, and what is read back (kuma-api 4.12). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'MeshTCPRoute'
const backend = { kind: 'MeshService', name: 'backend' }
const route = (rules: readonly object[], spec: object = {}, targetRef: object = backend): object => ({
  spec: { to: [{ targetRef, rules }], ...spec },
})
const sentTo = (...backendRefs: readonly object[]): object => route([{ default: { backendRefs } }])

t.test("refuses in Kuma's words", async t => {
  const refs = 'spec.to[0].rules[0].default.backendRefs'
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ spec: { to: [] } }, ['spec.to: in body should have at least 1 items']],
    [{ spec: { to: [{ targetRef: backend }] } }, ['spec.to[0].rules: in body is required']],
    [route([{ default: {} }, { default: {} }]), ['spec.to[0].rules: in body should have at most 1 items']],
    [route([{}]), ['spec.to[0].rules[0].default: in body is required']],
    [route([{ default: {} }]), [`${refs}: must be defined`]],
    [sentTo(), [`${refs}: must be defined`]],
    [
      sentTo({ kind: 'Mesh' }, { kind: 'MeshMultiZoneService', name: 'x' }, { kind: 'MeshService' }),
      [
        `${refs}[0].kind: value 'Mesh' is not supported`,
        `${refs}[1].port: must be defined with kind MeshMultiZoneService`,
        `${refs}[2]: name or labels must be set when kind is MeshService`,
      ],
    ],
    [sentTo({ ...backend, weight: 0 }), [`${refs}: the sum of all weights must be greater than 0`]],
    [
      route([], {}, { kind: 'MeshServiceSubset', name: 'x' }),
      ["spec.to[0].targetRef.kind: value 'MeshServiceSubset' is not supported"],
    ],
    [
      route([], { targetRef: { kind: 'MeshGateway', name: 'edge' } }),
      ["spec.to[0].targetRef.kind: value 'MeshService' is not supported"],
    ],
    [
      route([], { targetRef: { kind: 'MeshMultiZoneService', name: 'edge' } }),
      ["spec.targetRef.kind: value 'MeshMultiZoneService' is not supported"],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('PUT adds the weight to every backendRef; no rules are read back as no rules', async t => {
  const subset = { kind: 'MeshServiceSubset', name: 'backend', tags: { version: 'v2' }, weight: 10 }
  t.same(accepted(TYPE, sentTo(backend, subset)).draft.spec, {
    to: [{ targetRef: backend, rules: [{ default: { backendRefs: [{ ...backend, weight: 1 }, subset] } }] }],
  })
  t.same(accepted(TYPE, route([])).draft.spec, { to: [{ targetRef: backend, rules: [] }] })
})

t.test('takes a gateway with its listener tags, and says that there is none yet', async t => {
  const targetRef = { kind: 'MeshGateway', name: 'edge', tags: { port: 'tcp' } }
  const { unenforced, warnings } = accepted(
    TYPE,
    route([{ default: { backendRefs: [backend] } }], { targetRef }, { kind: 'Mesh' }),
  )
  t.same(warnings, [])
  t.match(unenforced, [{ field: 'spec.targetRef', refusesTraffic: false, message: /no builtin gateways/ }])
})
