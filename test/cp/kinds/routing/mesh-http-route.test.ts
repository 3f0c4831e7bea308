/** MeshHTTPRoute: what may be written, with Kuma's messages, and what is read back (kuma-api 4.12). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'MeshHTTPRoute'
const RULE = 'spec.to[0].rules[0]'
const BACKENDS = `${RULE}.default.backendRefs`

const backend = { kind: 'MeshService', name: 'backend' }
const anyPath = { path: { type: 'PathPrefix', value: '/' } }
const route = (rule: object, item: object = {}, spec: object = {}): object => ({
  spec: {
    to: [{ targetRef: backend, rules: [{ matches: [anyPath], default: {}, ...rule }], ...item }],
    ...spec,
  },
})
const matched = (...matches: readonly object[]): object => route({ matches })
const sentTo = (...backendRefs: readonly object[]): object => route({ default: { backendRefs } })
const gateway = { targetRef: { kind: 'MeshGateway', name: 'edge', tags: { port: 'http' } } }
const ofGateway = (conf: object, item: object = {}): object =>
  route({ default: conf }, { targetRef: { kind: 'Mesh' }, ...item }, gateway)

t.test("refuses in Kuma's words", async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [
      { spec: { targetRef: { kind: 'MeshHTTPRoute', name: 'x' } } },
      ["spec.targetRef.kind: value 'MeshHTTPRoute' is not supported"],
    ],
    [
      { spec: { targetRef: { kind: 'BlahBlah' } } },
      [
        'spec.targetRef.kind: in body should be one of [Mesh MeshSubset MeshGateway MeshService MeshExternalService MeshMultiZoneService MeshServiceSubset MeshHTTPRoute Dataplane]',
      ],
    ],
    [
      { spec: { targetRef: { kind: 'Dataplane', sectionName: 'http' } } },
      ['spec.targetRef.sectionName: can only be used with inbound policies'],
    ],
    [{ spec: { to: [{}] } }, ['spec.to[0].targetRef: in body is required']],
    [
      route({}, { targetRef: { kind: 'Mesh' } }),
      ["spec.to[0].targetRef.kind: value 'Mesh' is not supported"],
    ],
    [
      route({ default: { backendRefs: [backend] } }, {}, gateway),
      ["spec.to[0].targetRef.kind: value 'MeshService' is not supported"],
    ],
    [matched(), [`${RULE}.matches: in body should have at least 1 items`]],
    [
      { spec: { to: [{ targetRef: backend, rules: [{}] }] } },
      [`${RULE}.matches: in body is required`, `${RULE}.default: in body is required`],
    ],
    [
      matched(
        { path: { type: 'Exact', value: 'relative' } },
        { path: { type: 'PathPrefix', value: '/trailing/slash/' } },
        { path: { type: 'PathPrefix', value: 'relative' } },
        { path: { type: 'RegularExpression', value: '/a(?!b)' } },
      ),
      [
        `${RULE}.matches[0].path.value: must be an absolute path`,
        `${RULE}.matches[1].path.value: does not need a trailing slash because only a \`/\`-separated prefix or an entire path is matched`,
        `${RULE}.matches[2].path.value: must be an absolute path`,
        `${RULE}.matches[3].path.value: must be a regular expression in RE2 syntax: look-ahead and look-behind are not supported`,
      ],
    ],
    [
      matched(
        { path: { type: 'Exact', value: '' } },
        { path: { type: 'Prefix', value: '/' } },
        { method: 'get' },
      ),
      [
        `${RULE}.matches[0].path.value: in body should be at least 1 chars long`,
        `${RULE}.matches[1].path.type: in body should be one of [Exact PathPrefix RegularExpression]`,
        `${RULE}.matches[2].method: in body should be one of [CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE]; did you mean GET?`,
      ],
    ],
    [
      matched({
        queryParams: [
          { type: 'Exact', name: 'foo', value: 'bar' },
          { type: 'RegularExpression', name: 'foo', value: '(a)\\1' },
        ],
      }),
      [
        `${RULE}.matches[0].queryParams[1].name: multiple entries for name foo`,
        `${RULE}.matches[0].queryParams[1].value: must be a regular expression in RE2 syntax: backreference \\1 is not supported`,
      ],
    ],
    [
      matched({
        headers: [
          { type: 'Present', name: 'foo', value: 'x' },
          { type: 'Absent', name: 'foo', value: 'x' },
          { type: 'RegularExpression', name: 'foo', value: '[' },
        ],
      }),
      [
        `${RULE}.matches[0].headers[0].value: must not be defined`,
        `${RULE}.matches[0].headers[1].value: must not be defined`,
        `${RULE}.matches[0].headers[2].value: must be a regular expression in RE2 syntax: missing ]`,
      ],
    ],
    [
      matched({ headers: [{ name: 'X-User', value: 'a' }, { value: 'a' }] }),
      [
        `${RULE}.matches[0].headers[0].name: in body should match '^[a-z0-9!#$%&'*+\\-.^_\\x60|~]+$'`,
        `${RULE}.matches[0].headers[1].name: in body is required`,
      ],
    ],
    [
      sentTo(
        { kind: 'MeshServiceSubset', tags: { version: 'v1' } },
        { kind: 'MeshMultiZoneService', name: 'test-server' },
        { kind: 'MeshService', name: 'x', port: 70_000 },
        { kind: 'MeshGateway', name: 'x' },
      ),
      [
        `${BACKENDS}[0].name: must be set when kind is MeshServiceSubset`,
        `${BACKENDS}[1].port: must be defined with kind MeshMultiZoneService`,
        `${BACKENDS}[2].port: port must be in the range [1, 65535]`,
        `${BACKENDS}[3].kind: value 'MeshGateway' is not supported`,
      ],
    ],
    [
      sentTo({ ...backend, weight: 0 }, { kind: 'MeshService', name: 'other', weight: 0 }),
      [`${BACKENDS}: the sum of all weights must be greater than 0`],
    ],
    [
      sentTo({ ...backend, weight: -1 }),
      [`${BACKENDS}[0].weight: in body should be greater than or equal to 0`],
    ],
    [ofGateway({}), [`${BACKENDS}: must not be empty`]],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('takes what the matrix allows', async t => {
  const tops = [
    { kind: 'Mesh', proxyTypes: ['Sidecar'] },
    { kind: 'MeshSubset', tags: { team: 'a' } },
    { kind: 'MeshService', name: 'web' },
    { kind: 'MeshServiceSubset', name: 'web', tags: { version: 'v1' } },
    { kind: 'Dataplane', labels: { app: 'web' } },
  ]
  for (const targetRef of tops) t.same(faults(TYPE, route({}, {}, { targetRef })), [], targetRef.kind)
  const destinations = [
    { kind: 'MeshExternalService', name: 'x' },
    { kind: 'MeshMultiZoneService', labels: { a: 'b' } },
    { kind: 'MeshService', labels: { a: 'b' }, sectionName: 'http' },
  ]
  for (const targetRef of destinations) t.same(faults(TYPE, route({}, { targetRef })), [], targetRef.kind)
  const rewrite = { type: 'URLRewrite', urlRewrite: { hostToBackendHostname: true } }
  const redirect = { type: 'RequestRedirect', requestRedirect: { hostname: 'a.b', statusCode: 301 } }
  t.same(faults(TYPE, ofGateway({ filters: [rewrite], backendRefs: [backend] }, { hostnames: ['*.a'] })), [])
  t.same(faults(TYPE, ofGateway({ filters: [redirect] })), [], 'a redirect needs no backend')
  t.same(faults(TYPE, { spec: {} }), [])
})

t.test('PUT adds the weight to every backendRef, and nothing else', async t => {
  const mirror = (ref: object) => ({
    type: 'RequestMirror',
    requestMirror: { percentage: '12.5', backendRef: ref },
  })
  const redirect = { type: 'RequestRedirect', requestRedirect: { scheme: 'https' } }
  const rule = (...[one, two]: readonly object[]) => ({
    matches: [{ ...anyPath, headers: [{ name: 'x-user', value: 'a' }] }],
    default: { filters: [mirror(one ?? {}), redirect], backendRefs: [two ?? {}, { ...backend, weight: 90 }] },
  })
  const { draft } = accepted(TYPE, route(rule(backend, backend)))
  const weighted = { ...backend, weight: 1 }
  t.same(draft.spec, (route(rule(weighted, weighted)) as { spec: object }).spec)
})

t.test('says which kinds at the top are old', async t => {
  const { warnings, unenforced } = accepted(
    TYPE,
    route({}, {}, { targetRef: { kind: 'MeshService', name: 'web' } }),
  )
  t.same(warnings, [
    "MeshService value for 'targetRef.kind' is deprecated, use Dataplane with labels instead",
  ])
  t.same(unenforced, [])
})

t.test('says which of its targets stand for nothing yet', async t => {
  const resource = { kind: 'MeshService', name: 'backend', port: 80 }
  const filters = [{ type: 'RequestMirror', requestMirror: { backendRef: resource } }]
  const { unenforced } = accepted(TYPE, {
    spec: {
      targetRef: { kind: 'Mesh' },
      to: [
        {
          targetRef: { kind: 'MeshService', labels: { app: 'x' } },
          rules: [
            {
              matches: [anyPath],
              default: { filters, backendRefs: [{ kind: 'MeshExternalService', name: 'x' }, backend] },
            },
          ],
        },
        { targetRef: { kind: 'MeshMultiZoneService', name: 'x' } },
      ],
    },
  })
  t.same(
    unenforced.map(({ field }) => field),
    [
      'spec.to[0].targetRef',
      'spec.to[0].rules[0].default.backendRefs[0]',
      'spec.to[0].rules[0].default.filters[0].requestMirror.backendRef',
      'spec.to[1].targetRef',
    ],
  )
})

t.test('refuses what a data plane cannot put into a message', async t => {
  const filtered = (type: string, section: string, conf: object): object =>
    route({ default: { filters: [{ type, [section]: conf }] } })
  const FILTER = `${RULE}.default.filters[0]`
  const edit = (conf: object): object => filtered('RequestHeaderModifier', 'requestHeaderModifier', conf)
  const rewrite = (path: object): object => filtered('URLRewrite', 'urlRewrite', { path })
  const connection = 'belongs to the connection and cannot be changed'
  const path = 'must hold only visible ASCII characters, without ? and #'
  for (const [body, fault] of [
    [
      edit({ set: [{ name: 'content-length', value: '1' }] }),
      `requestHeaderModifier.set[0].name: ${connection}`,
    ],
    [edit({ remove: ['Transfer-Encoding'] }), `requestHeaderModifier.remove[0]: ${connection}`],
    [
      edit({ remove: ['a b'] }),
      "requestHeaderModifier.remove[0]: must consist of letters, digits and !#$%&'*+-.^_`|~",
    ],
    [
      edit({ set: [{ name: 'host', value: 'a/b' }] }),
      'requestHeaderModifier.set[0].value: must be a host, with or without a port',
    ],
    [
      rewrite({ type: 'ReplaceFullPath', replaceFullPath: '/a b' }),
      `urlRewrite.path.replaceFullPath: ${path}`,
    ],
    [
      rewrite({ type: 'ReplacePrefixMatch', replacePrefixMatch: '/a?b' }),
      `urlRewrite.path.replacePrefixMatch: ${path}`,
    ],
  ] as const)
    t.same(faults(TYPE, body), [`${FILTER}.${fault}`])
})
