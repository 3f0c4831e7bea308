/** MeshProxyPatch: what may be written, with Kuma's messages (kuma-api 4.12); it is stored as it is. */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'MeshProxyPatch'
const AT = 'spec.default.appendModifications'
const patches = (...appendModifications: readonly object[]): object => ({
  spec: { default: { appendModifications } },
})
const value = 'connectTimeout: 5s\n'

t.test("refuses in Kuma's words", async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ spec: {} }, ['spec.default: in body is required']],
    [{ spec: { default: {} } }, [`${AT}: must not be empty`]],
    [patches(), [`${AT}: must not be empty`]],
    [
      { spec: { targetRef: { kind: 'MeshHTTPRoute', name: 'x' }, default: {} } },
      ["spec.targetRef.kind: value 'MeshHTTPRoute' is not supported", `${AT}: must not be empty`],
    ],
    [
      patches({}, { cluster: { operation: 'Remove' }, listener: { operation: 'Remove' } }),
      [
        `${AT}[0]: exactly one modification can be defined at a time. Currently, 0 modifications are defined`,
        `${AT}[1]: exactly one modification can be defined at a time. Currently, 2 modifications are defined`,
      ],
    ],
    [
      patches({ cluster: { operation: 'AddFirst' } }, { httpFilter: { operation: 'Add' } }, { listener: {} }),
      [
        `${AT}[0].cluster.operation: in body should be one of [Add Remove Patch]`,
        `${AT}[1].httpFilter.operation: in body should be one of [Remove Patch AddFirst AddBefore AddAfter AddLast]`,
        `${AT}[2].listener.operation: in body is required`,
      ],
    ],
    [
      patches({ cluster: { operation: 'Add', match: { name: 'x' } } }),
      [`${AT}[0].cluster.match: must not be defined`, `${AT}[0].cluster.value: must be defined`],
    ],
    [patches({ listener: { operation: 'Remove', value } }), [`${AT}[0].listener.value: must not be defined`]],
    [
      patches({ virtualHost: { operation: 'Add', match: { name: 'x' }, value: ' ' } }),
      [
        `${AT}[0].virtualHost.match.name: must not be defined`,
        `${AT}[0].virtualHost.value: native Envoy resource is not valid: it is empty`,
      ],
    ],
    [
      patches(
        { networkFilter: { operation: 'AddBefore', value } },
        { httpFilter: { operation: 'AddAfter', match: { origin: 'inbound' } } },
        { httpFilter: { operation: 'Patch', value } },
      ),
      [
        `${AT}[0].networkFilter.match.name: must be defined. You need to pick a filter before which this one will be added`,
        `${AT}[1].httpFilter.match.name: must be defined. You need to pick a filter after which this one will be added`,
        `${AT}[1].httpFilter.value: must be defined`,
        `${AT}[2].httpFilter.match.name: must be defined`,
      ],
    ],
    [
      patches(
        { cluster: { operation: 'Patch' } },
        { cluster: { operation: 'Patch', value, jsonPatches: [{ op: 'remove', path: '/a' }] } },
      ),
      [
        `${AT}[0].cluster: cluster must have exactly one defined: value, jsonPatches`,
        `${AT}[1].cluster: cluster must have only one type defined: value, jsonPatches`,
      ],
    ],
    [
      patches({
        cluster: {
          operation: 'Patch',
          jsonPatches: [
            { op: 'remove', path: '/' },
            { op: 'add', path: '/a', from: '/b' },
            { op: 'copy', path: '/a', value: 1 },
          ],
        },
      }),
      [
        `${AT}[0].cluster.jsonPatches[0].path: root path cannot be removed`,
        `${AT}[0].cluster.jsonPatches[1].from: "from" is allowed only when "op" is one of ["move", "copy"]`,
        `${AT}[0].cluster.jsonPatches[1].value: "value" must not be empty when "op" is one of ["add", "replace"]`,
        `${AT}[0].cluster.jsonPatches[2].from: "from" must not be empty when "op" is one of ["move", "copy"]`,
        `${AT}[0].cluster.jsonPatches[2].value: "value" is allowed only when "op" is one of ["add", "replace"]`,
      ],
    ],
    [
      patches({ cluster: { operation: 'Patch', jsonPatches: [{ op: 'test', path: '/a' }, { op: 'add' }] } }),
      [
        `${AT}[0].cluster.jsonPatches[0].op: in body should be one of [add remove replace move copy]`,
        `${AT}[0].cluster.jsonPatches[1].path: in body is required`,
      ],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('stores all kinds of changes as they are, also a virtualHost without match', async t => {
  const modifications = [
    { cluster: { operation: 'Add', value } },
    { cluster: { operation: 'Patch', match: { origin: 'outbound', name: 'x' }, value } },
    { listener: { operation: 'Patch', match: { tags: { 'kuma.io/service': 'x' } }, value } },
    {
      networkFilter: { operation: 'AddFirst', match: { listenerName: 'x', listenerTags: { a: 'b' } }, value },
    },
    { httpFilter: { operation: 'AddBefore', match: { name: 'envoy.filters.http.router' }, value } },
    { virtualHost: { operation: 'Add', value } },
    { virtualHost: { operation: 'Remove', match: { routeConfigurationName: 'outbound:x' } } },
    {
      httpFilter: {
        operation: 'Patch',
        match: { name: 'x' },
        jsonPatches: [
          { op: 'add', path: '/a', value: { deep: [false, 0, ''] } },
          { op: 'move', path: '/b', from: '/a' },
        ],
      },
    },
  ]
  const { draft, warnings, unenforced } = accepted(TYPE, patches(...modifications))
  t.same(draft.spec, { default: { appendModifications: modifications } })
  t.same(warnings, [])
  t.match(unenforced, [{ field: '', refusesTraffic: false, message: /no Envoy/ }])
})
