/** targetRef: which kind goes with which fields (kuma-api 4.11). */
import t from 'tap'
import {
  TARGET_KINDS,
  type TargetRef,
  type TargetRefRules,
  targetRefViolations,
  topLevelWarnings,
} from '../../../cp/kinds/target-ref.ts'

const ALL: TargetRefRules = { kinds: TARGET_KINDS }

t.test('each kind takes its own fields', async t => {
  const fine: readonly TargetRef[] = [
    { kind: 'Mesh' },
    { kind: 'Mesh', proxyTypes: ['Sidecar', 'Gateway'] },
    { kind: 'MeshSubset' },
    { kind: 'MeshSubset', tags: { 'kuma.io/zone': 'east' }, proxyTypes: ['Sidecar'] },
    { kind: 'MeshService', name: 'backend_svc_80' },
    { kind: 'MeshService', labels: { app: 'x' }, sectionName: 'http' },
    { kind: 'MeshServiceSubset', name: 'backend', tags: { version: 'v1' } },
    { kind: 'MeshGateway', name: 'edge' },
    { kind: 'MeshExternalService', labels: { app: 'x' } },
    { kind: 'MeshMultiZoneService', name: 'x' },
    { kind: 'MeshHTTPRoute', name: 'x' },
    { kind: 'Dataplane' },
    { kind: 'Dataplane', name: 'web.1' },
    { kind: 'Dataplane', labels: { app: 'x' } },
  ]
  for (const ref of fine) t.same(of(ref), [], JSON.stringify(ref))
})

t.test('refuses what does not go together, all at once', async t => {
  const cases: readonly (readonly [TargetRef, readonly string[]])[] = [
    [{ kind: 'Mesh', name: 'x' }, ['ref.name: using name with kind Mesh is not yet supported']],
    [
      { kind: 'Mesh', tags: { a: 'b' }, labels: { a: 'b' }, sectionName: 'x' },
      ['tags', 'labels', 'sectionName'].map(field => `ref.${field}: must not be set with kind Mesh`),
    ],
    [{ kind: 'Mesh', proxyTypes: [] }, ['ref.proxyTypes: must be undefined or have at least one element']],
    [{ kind: 'MeshSubset', name: 'x' }, ['ref.name: must not be set with kind MeshSubset']],
    [
      { kind: 'MeshSubset', tags: { '': 'x', 'a b': 'c', d: '' } },
      [
        'ref.tags: tag name must be non-empty',
        'ref.tags["a b"]: tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores',
        'ref.tags["d"]: tag value must be non-empty',
      ],
    ],
    [{ kind: 'MeshService' }, ['ref: name or labels must be set when kind is MeshService']],
    [
      { kind: 'MeshService', name: 'x', labels: { a: 'b' } },
      ['ref.labels: either labels or name and namespace must be specified'],
    ],
    [
      { kind: 'MeshExternalService', name: 'x', labels: { a: 'b' } },
      ['ref.labels: either labels or name must be specified'],
    ],
    [{ kind: 'MeshService', name: 'x', mesh: 'm' }, ['ref.mesh: must not be set with kind MeshService']],
    [
      { kind: 'MeshService', name: 'x', namespace: 'n' },
      ['ref.namespace: must not be set with kind MeshService'],
    ],
    [
      { kind: 'MeshService', name: 'Web!' },
      ["ref.name: invalid characters: must consist of lower case alphanumeric characters, '-', '.' and '_'."],
    ],
    [
      { kind: 'MeshServiceSubset', tags: { a: 'b' } },
      ['ref.name: must be set when kind is MeshServiceSubset'],
    ],
    [
      { kind: 'MeshGateway', name: 'x', tags: { a: 'b' } },
      ['ref.tags: must not be set with kind MeshGateway'],
    ],
    [
      { kind: 'MeshHTTPRoute', name: 'x', sectionName: 's' },
      ['ref.sectionName: must not be set with kind MeshHTTPRoute'],
    ],
    [
      { kind: 'Dataplane', name: 'x', sectionName: 's' },
      ['ref.sectionName: can only be used with inbound policies'],
    ],
  ]
  for (const [ref, expected] of cases) t.same(of(ref), expected, JSON.stringify(ref))
})

t.test('a place admits the kinds and fields of its rules', async t => {
  const rules: TargetRefRules = {
    kinds: ['Mesh', 'MeshService', 'Dataplane'],
    byLabels: ['Dataplane'],
    isInbound: true,
  }
  t.same(of({ kind: 'MeshGateway', name: 'x' }, rules), ["ref.kind: value 'MeshGateway' is not supported"])
  t.same(of({ kind: 'Dataplane', name: 'x', sectionName: 's' }, rules), [])
  t.same(of({ kind: 'MeshService', labels: { a: 'b' } }, rules), [
    'ref.labels: must not be set with kind MeshService',
    'ref.name: must be set when kind is MeshService',
  ])
  t.same(of({ kind: 'Mesh', proxyTypes: ['Sidecar'] }, { ...rules, hasProxyTypes: false }), [
    'ref.proxyTypes: must not be set with kind Mesh',
  ])
  t.same(
    of(
      { kind: 'MeshGateway', name: 'x', tags: { a: 'b', port: 'http/8080' } },
      { kinds: ['MeshGateway'], hasGatewayTags: true },
    ),
    [],
  )
  t.same(of({ kind: 'MeshSubset', tags: { port: 'http/8080' } }), [
    'ref.tags["port"]: tag value must consist of alphanumeric characters, dots, dashes and underscores',
  ])
})

t.test('warns of kinds at the top that have a successor', async t => {
  for (const kind of ['MeshSubset', 'MeshService', 'MeshServiceSubset'] as const) {
    t.same(topLevelWarnings({ kind }), [
      `${kind} value for 'targetRef.kind' is deprecated, use Dataplane with labels instead`,
    ])
  }
  t.same(topLevelWarnings({ kind: 'MeshHTTPRoute' }), [
    "MeshHTTPRoute value for 'targetRef.kind' is deprecated, use MeshHTTPRoute in spec.to[].targetRef",
  ])
  t.same(topLevelWarnings({ kind: 'Dataplane' }), [])
  t.same(topLevelWarnings(undefined), [])
})

function of(ref: TargetRef, rules: TargetRefRules = ALL): readonly string[] {
  return targetRefViolations(ref, 'ref', rules).map(({ field, message }) => `${field}: ${message}`)
}
