/** OPAPolicy and MeshOPA: both dialects of a source and of the settings (kuma-api 4.14). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const selectors = [{ match: { 'kuma.io/service': '*' } }]
const rego = { inlineString: 'package envoy.authz' }
const secure = { type: 'Secret', secretRef: { kind: 'Secret', name: 'opa' } }
const opa = (conf: object): object => ({ spec: { default: conf } })
const D = 'spec.default'

t.test('OPAPolicy shows what was written, in the words of its own dialect', async t => {
  const written = {
    selectors,
    conf: {
      agentConfig: { secret: 'opa-config' },
      policies: [rego, { inline: 'YWJj' }, { file: '/a.rego' }],
      authConfig: {
        status_on_error: 503,
        onAgentFailure: 'Deny',
        requestBody: { maxSize: '9', sendRawBody: false },
      },
    },
  }
  t.same(accepted('OPAPolicy', written).draft.spec, {
    ...written,
    conf: {
      ...written.conf,
      authConfig: { statusOnError: 503, onAgentFailure: 'deny', requestBody: { maxSize: 9 } },
    },
  })
})

t.test('MeshOPA takes the sources of every version and keeps them as they are', async t => {
  const sources = [
    rego,
    { secret: 'a' },
    { inline: 'YWJj' },
    secure,
    { type: 'File', file: { path: '/etc/a.rego' } },
    { type: 'EnvVar', envVar: { name: 'REGO' } },
    { type: 'InsecureInline', insecureInline: { value: 'package a' } },
  ]
  const conf = {
    agentConfig: secure,
    appendPolicies: [...sources, ...sources.map(source => ({ rego: source, ignoreDecision: true }))],
    authConfig: {
      statusOnError: 413,
      onAgentFailure: 'Deny',
      requestBody: { maxSize: 1024, sendRawBody: true },
    },
  }
  t.same(accepted('MeshOPA', opa(conf)).draft.spec, { default: conf })
  t.same(accepted('MeshOPA', opa({ authConfig: { onAgentFailure: 'allow' } })).draft.spec, {
    default: { authConfig: { onAgentFailure: 'Allow' } },
  })
  for (const targetRef of [
    { kind: 'Mesh' },
    { kind: 'MeshSubset', tags: { a: 'b' } },
    { kind: 'MeshService', name: 'a' },
    { kind: 'MeshServiceSubset', name: 'a', tags: { b: 'c' } },
    { kind: 'MeshGateway', name: 'a' },
    { kind: 'Dataplane', labels: { app: 'a' } },
  ]) {
    t.same(faults('MeshOPA', { spec: { targetRef, default: {} } }), [], targetRef.kind)
  }
})

t.test('refuses what no agent could be asked with', async t => {
  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    ['OPAPolicy', {}, ['selectors: must have at least one element']],
    ['OPAPolicy', { selectors: [{}] }, ['selectors[0].match: must have at least one tag']],
    [
      'OPAPolicy',
      {
        selectors,
        conf: { agentConfig: {}, policies: [{ secret: 'a', file: 'b' }], authConfig: { statusOnError: 99 } },
      },
      [
        'conf.agentConfig: data source cannot be empty',
        'conf.policies[0]: data source has to be chosen. Only one of the fields may be set',
        'conf.authConfig.statusOnError: must be in inclusive range [100, 599]',
      ],
    ],
    [
      'OPAPolicy',
      { selectors, conf: { authConfig: { onAgentFailure: 'maybe' } } },
      ['conf.authConfig.onAgentFailure: unknown value "maybe", should be one of allow, deny, Allow, Deny'],
    ],
    ['MeshOPA', { spec: {} }, ['spec.default: must be defined']],
    [
      'MeshOPA',
      { spec: { targetRef: { kind: 'MeshHTTPRoute', name: 'a' }, default: {} } },
      ["spec.targetRef.kind: value 'MeshHTTPRoute' is not supported"],
    ],
    [
      'MeshOPA',
      opa({
        appendPolicies: [
          {},
          { rego: {} },
          { rego, secret: 'a' },
          { rego: { file: { path: '/a' } } },
          { rego: { type: 'Secret', inlineString: 'a' } },
          { rego: { type: 'Secret' } },
          { type: 'File', file: { path: '/a/../b' } },
        ],
        authConfig: { statusOnError: 600 },
      }),
      [
        `${D}.appendPolicies[0].rego: must be defined`,
        `${D}.appendPolicies[1].rego: data source cannot be empty`,
        `${D}.appendPolicies[2]: either rego or a data source must be defined`,
        `${D}.appendPolicies[3].rego.type: must be defined with file`,
        `${D}.appendPolicies[4].rego.type: must not be set with inlineString`,
        `${D}.appendPolicies[5].rego.secretRef: must be defined`,
        `${D}.appendPolicies[6].file.path: must be an absolute path without ".."`,
        `${D}.authConfig.statusOnError: must be in inclusive range [100, 599]`,
      ],
    ],
    [
      'MeshOPA',
      opa({ authConfig: { onAgentFailure: 'maybe' } }),
      [`${D}.authConfig.onAgentFailure: in body should be one of [Allow Deny allow deny]`],
    ],
  ]
  for (const [type, fields, expected] of cases) {
    t.same(faults(type, fields), expected, `${type} ${JSON.stringify(fields)}`)
  }
})

t.test('both are for refusing traffic, which they do not yet', async t => {
  const texts = [accepted('OPAPolicy', { selectors }), accepted('MeshOPA', opa({}))]
  for (const { unenforced } of texts) t.match(unenforced, [{ field: '', refusesTraffic: true }])
})
