/** MeshTimeout: durations, which timeouts go with a route or a client, lists and tops (kuma-api 4.12). */
import t from 'tap'
import { read } from '../../../support/bodies.ts'
import {
  from,
  rules,
  type SpecCase,
  specFaults,
  storedSpec,
  to,
  warningsOf,
} from '../../../support/policies.ts'

const TYPE = 'MeshTimeout'
const ROUTE = { kind: 'MeshHTTPRoute', name: 'r' }
const GATEWAY = { kind: 'MeshGateway', name: 'edge' }
const CLIENT = { spiffeID: { type: 'Exact', value: 'spiffe://default/web' } }
const idle = { idleTimeout: '1h0m0s' }

t.test('stores durations as Go prints them and adds nothing', async t => {
  const written = {
    connectionTimeout: '90s',
    idleTimeout: '0',
    http: {
      requestTimeout: '1h',
      streamIdleTimeout: '1.5s',
      maxStreamDuration: '100ms',
      maxConnectionDuration: '0s',
    },
  }
  const stored = {
    connectionTimeout: '1m30s',
    idleTimeout: '0s',
    http: {
      requestTimeout: '1h0m0s',
      streamIdleTimeout: '1.5s',
      maxStreamDuration: '100ms',
      maxConnectionDuration: '0s',
    },
  }
  t.same(storedSpec(TYPE, to(written)), to(stored))
  t.same(storedSpec(TYPE, { ...to(idle), from: [] }), { ...to(idle), from: [] })
})

t.test('takes the tops, destinations and lists of the matrix', async t => {
  const cases = [
    ...['Mesh', 'Dataplane'].map(kind => to(idle, { kind })),
    to(idle, { kind: 'Mesh', proxyTypes: ['Gateway'] }),
    to(idle, { kind: 'MeshSubset', tags: { a: 'b' } }),
    to(idle, { kind: 'MeshService', name: 'web' }),
    to(idle, { kind: 'MeshServiceSubset', name: 'web', tags: { version: '1' } }),
    to(idle, { ...GATEWAY, tags: { port: 'http-8080' } }),
    to({ http: { requestTimeout: '1s', streamIdleTimeout: '0s' } }, ROUTE),
    to(idle, undefined, { kind: 'MeshService', name: 'web' }),
    to(idle, undefined, { kind: 'MeshService', labels: { app: 'web' }, sectionName: 'http' }),
    to(idle, undefined, { kind: 'MeshExternalService', name: 'ext' }),
    to(idle, GATEWAY, { kind: 'MeshExternalService', name: 'ext' }),
    to(idle, undefined, { kind: 'MeshMultiZoneService', name: 'web' }),
    to(idle, undefined, { kind: 'MeshHTTPRoute', name: 'r' }),
    from(idle),
    rules(idle, { kind: 'Dataplane', name: 'web-1', sectionName: 'main' }),
    from(idle, { kind: 'Dataplane', labels: { app: 'web' }, sectionName: '8080' }),
    rules({ http: { requestTimeout: '1s' } }, undefined, [CLIENT, { sni: { type: 'Exact', value: 'a.b' } }]),
    to({ http: { requestHeadersTimeout: '1s' } }),
  ]
  for (const spec of cases) t.same(storedSpec(TYPE, spec), spec, JSON.stringify(spec))
})

t.test("answers mistakes in Kuma's words", async t => {
  const onRoute = "can't be specified when top-level TargetRef is referencing MeshHTTPRoute"
  const ofClient =
    "can't be specified when matches contain spiffeID because this field cannot be conditioned on source identity"
  const nothing = ": at least one of 'from', 'to' or 'rules' has to be defined"
  const negative = 'must not be negative when defined'
  const cases: readonly SpecCase[] = [
    [{}, [nothing]],
    [{ targetRef: { kind: 'Mesh' }, to: [], from: [], rules: [] }, [nothing]],
    [{ ...to(idle), ...rules(idle) }, [": fields 'to' and 'from' must be empty when 'rules' is defined"]],
    [to({}), ['to[0].default: at least one timeout should be configured']],
    [to(undefined), ['to[0].default: at least one timeout should be configured']],
    [to({ http: {} }), ['to[0].default.http: at least one timeout in this section should be configured']],
    [
      to({ connectionTimeout: '0s', idleTimeout: '-1s' }),
      [
        'to[0].default.connectionTimeout: must be greater than zero when defined',
        `to[0].default.idleTimeout: ${negative}`,
      ],
    ],
    [
      rules({ http: { requestTimeout: '-1s', requestHeadersTimeout: '-1ms' } }),
      [
        `rules[0].default.http.requestTimeout: ${negative}`,
        `rules[0].default.http.requestHeadersTimeout: ${negative}`,
      ],
    ],
    [from(idle, ROUTE), ['from: must not be defined']],
    [from(idle, GATEWAY), ['from: must not be defined']],
    [
      from(idle, undefined, { kind: 'MeshService', name: 'web' }),
      ["from[0].targetRef.kind: value 'MeshService' is not supported"],
    ],
    [
      to(idle, GATEWAY, { kind: 'MeshService', name: 'web' }),
      ["to[0].targetRef.kind: value 'MeshService' is not supported"],
    ],
    [
      to(idle, { kind: 'MeshExternalService', name: 'ext' }),
      ["targetRef.kind: value 'MeshExternalService' is not supported"],
    ],
    [
      to(idle, { kind: 'Dataplane', sectionName: 'main' }),
      ['targetRef.sectionName: can only be used with inbound policies'],
    ],
    [
      to(
        { connectionTimeout: '1s', ...idle, http: { maxStreamDuration: '1s', maxConnectionDuration: '1s' } },
        ROUTE,
      ),
      [
        `to[0].default.connectionTimeout: ${onRoute}`,
        `to[0].default.idleTimeout: ${onRoute}`,
        `to[0].default.http.maxStreamDuration: ${onRoute}`,
        `to[0].default.http.maxConnectionDuration: ${onRoute}`,
      ],
    ],
    [
      rules(
        { connectionTimeout: '1s', http: { requestHeadersTimeout: '2s', maxStreamDuration: '3s' } },
        undefined,
        [CLIENT],
      ),
      [
        `rules[0].default.connectionTimeout: ${ofClient}`,
        `rules[0].default.http.requestHeadersTimeout: ${ofClient}`,
        `rules[0].default.http.maxStreamDuration: ${ofClient}`,
      ],
    ],
    [rules(idle, undefined, [{}]), ["rules[0].matches[0]: must specify at least one of 'spiffeID' or 'sni'"]],
    [to({ idleTimeout: 5 }), ['to[0].default.idleTimeout: in body must be of type string: "number"']],
    [
      to(idle, { kind: 'Zork' }),
      [
        'targetRef.kind: in body should be one of [Mesh MeshSubset MeshGateway MeshService MeshExternalService MeshMultiZoneService MeshServiceSubset MeshHTTPRoute Dataplane]',
      ],
    ],
  ]
  for (const [spec, expected] of cases) t.same(specFaults(TYPE, spec), expected, JSON.stringify(spec))
})

t.test('a text that is no duration is a mistake of the parser', async t => {
  const refused = read(TYPE, { spec: to({ idleTimeout: '1d' }) })
  t.match(refused, {
    ok: false,
    title: 'Bad Request',
    detail: 'invalid MeshTimeout object: "time: unknown unit \\"d\\" in duration \\"1d\\""',
    violations: [{ field: 'spec.to[0].default.idleTimeout' }],
  })
})

t.test('warns of what Kuma calls deprecated', async t => {
  const subset = "MeshSubset value for 'targetRef.kind' is deprecated, use Dataplane with labels instead"
  t.same(warningsOf(TYPE, to(idle)), [])
  t.same(warningsOf(TYPE, from(idle, { kind: 'MeshSubset' })), [
    "'from' field is deprecated, use 'rules' instead",
    subset,
  ])
  t.same(warningsOf(TYPE, to(idle, { kind: 'MeshSubset' })), [subset])
})
