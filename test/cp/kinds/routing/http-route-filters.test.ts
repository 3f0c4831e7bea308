/** Filters of a MeshHTTPRoute: what may be written, with Kuma's messages (kuma-api 4.12). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'MeshHTTPRoute'
const FILTERS = 'spec.to[0].rules[0].default.filters'

const backend = { kind: 'MeshService', name: 'backend' }
const anyPath = { path: { type: 'PathPrefix', value: '/' } }
const route = (rule: object, item: object = {}): object => ({
  spec: { to: [{ targetRef: backend, rules: [{ matches: [anyPath], default: {}, ...rule }], ...item }] },
})
const filtered = (...filters: readonly object[]): object => route({ default: { filters } })

t.test("refuses in Kuma's words", async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [
      filtered(
        { type: 'RequestHeaderModifier' },
        { type: 'ResponseHeaderModifier' },
        { type: 'RequestRedirect' },
        { type: 'RequestMirror' },
        { type: 'URLRewrite' },
      ),
      [
        `${FILTERS}[0].requestHeaderModifier: must be defined`,
        `${FILTERS}[1].responseHeaderModifier: must be defined`,
        `${FILTERS}[2].requestRedirect: must be defined`,
        `${FILTERS}[3].requestMirror: must be defined`,
        `${FILTERS}[4].urlRewrite: must be defined`,
      ],
    ],
    [
      filtered(
        {
          type: 'RequestHeaderModifier',
          requestHeaderModifier: {
            set: [
              { name: 'foo', value: 'a' },
              { name: 'foo', value: 'b' },
            ],
          },
        },
        { type: 'ResponseHeaderModifier', responseHeaderModifier: {} },
        {
          type: 'ResponseHeaderModifier',
          responseHeaderModifier: { add: [{ name: 'foo', value: 'a' }], remove: ['foo'] },
        },
      ),
      [
        `${FILTERS}[0].requestHeaderModifier.set[1].name: duplicate header name`,
        `${FILTERS}[1].responseHeaderModifier: must have at least one defined: set, add, remove`,
        `${FILTERS}[2].responseHeaderModifier.remove[0].name: duplicate header name`,
      ],
    ],
    [
      filtered({
        type: 'RequestHeaderModifier',
        requestHeaderModifier: { remove: Array.from({ length: 17 }, (_, i) => `h${i}`) },
      }),
      [`${FILTERS}[0].requestHeaderModifier.remove: in body should have at most 16 items`],
    ],
    [
      route({
        matches: [{ path: { type: 'Exact', value: '/prefix' } }],
        default: {
          filters: [
            {
              type: 'URLRewrite',
              urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/other' } },
            },
            {
              type: 'RequestRedirect',
              requestRedirect: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/other' } },
            },
          ],
        },
      }),
      [
        `${FILTERS}[0].urlRewrite.path.replacePrefixMatch: can only appear if all matches match a path prefix`,
        `${FILTERS}[1].requestRedirect.path.replacePrefixMatch: can only appear if all matches match a path prefix`,
      ],
    ],
    [
      filtered({ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath' } } }),
      [`${FILTERS}[0].urlRewrite.path.replaceFullPath: must be defined`],
    ],
    [
      filtered(
        { type: 'RequestRedirect', requestRedirect: { hostname: '127.0.0.1' } },
        { type: 'URLRewrite', urlRewrite: { hostname: '10.0.0.1' } },
      ),
      [
        `${FILTERS}[0].requestRedirect.hostname: cannot be an IP address`,
        `${FILTERS}[1].urlRewrite.hostname: cannot be an IP address`,
      ],
    ],
    [
      filtered({
        type: 'RequestRedirect',
        requestRedirect: { hostname: '*.example.com', port: 0, scheme: 'ftp', statusCode: 300 },
      }),
      [
        `${FILTERS}[0].requestRedirect.scheme: in body should be one of [http https]`,
        `${FILTERS}[0].requestRedirect.hostname: in body should match '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'`,
        `${FILTERS}[0].requestRedirect.port: in body should be greater than or equal to 1`,
        `${FILTERS}[0].requestRedirect.statusCode: in body should be one of [301 302 303 307 308]`,
      ],
    ],
    [
      route(
        {
          default: {
            filters: [{ type: 'URLRewrite', urlRewrite: { hostToBackendHostname: true, hostname: 'a.b' } }],
          },
        },
        { hostnames: ['backend.com'] },
      ),
      [
        `${FILTERS}[0].urlRewrite.hostToBackendHostname: can only be set with MeshGateway`,
        `${FILTERS}[0].urlRewrite.hostToBackendHostname: cannot be set together with hostname`,
        'spec.to[0].hostnames: must not be defined',
      ],
    ],
    [
      filtered(
        { type: 'RequestMirror', requestMirror: { percentage: '101', backendRef: { kind: 'Mesh' } } },
        { type: 'RequestMirror', requestMirror: { backendRef: { kind: 'MeshServiceSubset' } } },
      ),
      [
        `${FILTERS}[0].requestMirror.percentage: must be in inclusive range [0.0, 100.0]`,
        `${FILTERS}[0].requestMirror.backendRef.kind: value 'Mesh' is not supported`,
        `${FILTERS}[1].requestMirror.backendRef.name: must be set when kind is MeshServiceSubset`,
      ],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('stores filters as they are', async t => {
  const path = { type: 'ReplacePrefixMatch', replacePrefixMatch: '/other' }
  const fields = filtered(
    {
      type: 'RequestHeaderModifier',
      requestHeaderModifier: { set: [{ name: 'a', value: 'b' }], remove: ['X-C'] },
    },
    { type: 'ResponseHeaderModifier', responseHeaderModifier: { add: [] } },
    { type: 'URLRewrite', urlRewrite: { hostname: 'a.b', path } },
    { type: 'RequestRedirect', requestRedirect: { scheme: 'https', port: 8443, statusCode: 308, path } },
  )
  t.same({ spec: accepted(TYPE, fields).draft.spec }, fields)
})
