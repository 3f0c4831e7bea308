/** ProxyTemplate: what has to be complete in configuration that only Envoy understands (kuma-api 4.9). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'ProxyTemplate'
const selectors = [{ match: { 'kuma.io/service': '*' } }]
const but = (conf: object): object => ({ selectors, conf })
const change = (fields: object): object => but({ modifications: [fields] })
const value = 'name: x\nconnectTimeout: 5s\n'
const M = 'conf.modifications[0]'
const YAML = 'native Envoy resource is not valid:'

t.test('shows the Envoy part letter by letter, whatever it says', async t => {
  const written = but({
    imports: ['default-proxy'],
    resources: [{ name: 'a', version: 'v1', resource: "'@type': x # comment\nunknown: [1,  2]\n" }],
    modifications: [
      { cluster: { operation: 'add', value } },
      { listener: { operation: 'patch', match: { origin: 'inbound', tags: { a: 'b' } }, value } },
      { networkFilter: { operation: 'addFirst', match: { listenerTags: { a: 'b' } }, value } },
      { httpFilter: { operation: 'addAfter', match: { name: 'x', listenerName: 'y' }, value } },
      { virtualHost: { operation: 'add', match: { routeConfigurationName: 'z' }, value } },
      { cluster: { operation: 'remove', match: {} } },
    ],
  })
  t.same(accepted(TYPE, written).draft.spec, written)
  t.same(faults(TYPE, {}), [], 'nothing is required')
})

t.test("refuses with Kuma's messages", async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [
      { selectors: [{ match: { a: 'b' } }] },
      ['selectors[0].match: mandatory tag "kuma.io/service" is missing'],
    ],
    [
      but({ imports: ['', 'x'] }),
      [
        'conf.imports[0]: cannot be empty',
        'conf.imports[1]: profile not found. Available profiles: default-proxy,ingress-proxy,egress-proxy,gateway-proxy,ingress,egress,gateway',
      ],
    ],
    [
      but({ resources: [{}] }),
      [
        'conf.resources[0].name: cannot be empty',
        'conf.resources[0].version: cannot be empty',
        'conf.resources[0].resource: cannot be empty',
      ],
    ],
    [
      change({ cluster: { operation: 'addFirst', value } }),
      [`${M}.cluster.operation: invalid operation. Available operations: "add", "patch", "remove"`],
    ],
    [
      change({ httpFilter: { operation: 'add', value } }),
      [
        `${M}.httpFilter.operation: invalid operation. Available operations: "addFirst", "addLast", "addBefore", "addAfter", "patch", "remove"`,
      ],
    ],
    [
      change({ listener: { operation: 'add', match: {}, value } }),
      [`${M}.listener.match: cannot be defined`],
    ],
    [
      change({ virtualHost: { operation: 'add', match: { name: 'x' }, value } }),
      [`${M}.virtualHost.match.name: cannot be defined`],
    ],
    [
      change({ networkFilter: { operation: 'addBefore', value } }),
      [
        `${M}.networkFilter.match.name: cannot be empty. You need to pick a filter before which this one will be added`,
      ],
    ],
    [
      change({ networkFilter: { operation: 'addAfter', value } }),
      [
        `${M}.networkFilter.match.name: cannot be empty. You need to pick a filter after which this one will be added`,
      ],
    ],
    [change({ httpFilter: { operation: 'patch', value } }), [`${M}.httpFilter.match.name: cannot be empty`]],
    [
      change({ cluster: { operation: 'add', value: '- a' } }),
      [`${M}.cluster.value: ${YAML} it is not an object`],
    ],
    [
      change({ cluster: { operation: 'add' }, listener: { operation: 'remove' } }),
      [`${M}: must have only one of them defined: cluster, listener`],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
  for (const broken of ['{', 'a: b: c', '', 'a: 1\n---\nb: 2\n']) {
    const [only, ...others] = faults(TYPE, change({ cluster: { operation: 'patch', value: broken } }))
    t.match(only, `${M}.cluster.value: ${YAML} `)
    t.same(others, [])
  }
})
