/** MeshRateLimit: rates, which list goes with gateways, and that it is not enforced (kuma-api 4.12). */
import t from 'tap'
import { accepted } from '../../../support/bodies.ts'
import {
  from,
  rules,
  type SpecCase,
  specFaults,
  storedSpec,
  to,
  warningsOf,
} from '../../../support/policies.ts'

const TYPE = 'MeshRateLimit'
const SIDECARS = { kind: 'Mesh', proxyTypes: ['Sidecar'] }
const GATEWAY = { kind: 'MeshGateway', name: 'edge' }
const rate = { num: 5, interval: '10s' }
const local = (fields: object): object => ({ local: fields })
const http = (fields: object): object => local({ http: fields })
const five = http({ requestRate: rate })

t.test('stores what was written, with durations as Go prints them', async t => {
  const everything = (interval: string): object =>
    from(
      local({
        http: {
          disabled: false,
          requestRate: { num: 1, interval },
          onRateLimit: {
            status: 423,
            headers: {
              set: [{ name: 'x-kuma-rate-limited', value: 'true' }],
              add: [{ name: 'x-other', value: '' }],
            },
          },
        },
        tcp: { disabled: true, connectionRate: { num: 1, interval } },
      }),
      SIDECARS,
    )
  t.same(storedSpec(TYPE, everything('60s')), everything('1m0s'))
})

t.test('takes from, to and rules where they make sense, and what Kuma 2.5 takes', async t => {
  const cases = [
    {},
    from(five),
    from(five, { kind: 'Mesh' }),
    from(five, { kind: 'MeshService', name: 'web' }),
    to(five, { kind: 'Mesh' }),
    to(five, GATEWAY),
    to(five, { kind: 'MeshHTTPRoute', name: 'r' }),
    rules(five, { kind: 'Dataplane', sectionName: 'main' }),
    rules(five, undefined, [{ spiffeID: { type: 'Prefix', value: 'spiffe://default' } }]),
    from(local({ http: { disabled: true }, tcp: { disabled: true } }), SIDECARS),
    { ...from(five, { kind: 'Mesh' }), ...to(five, { kind: 'Mesh' }) },
  ]
  for (const spec of cases) t.same(storedSpec(TYPE, spec), spec, JSON.stringify(spec))
})

t.test("answers mistakes in Kuma's words", async t => {
  const at = 'from[0].default.local'
  const gateways =
    'from: must not be defined when the scope includes a Gateway, select only proxyType Sidecar or select only gateways and use spec.to'
  const cases: readonly SpecCase[] = [
    [from(undefined), [`${at}: must be defined`]],
    [from({}), [`${at}: must be defined`]],
    [from(local({})), [`${at}: must have at least one defined: tcp, http`]],
    [
      from(local({ http: {}, tcp: {} })),
      [
        `${at}.http: must have at least one defined: disabled, requestRate, onRateLimit`,
        `${at}.tcp: must have at least one defined: disabled, connectionRate`,
      ],
    ],
    [
      from(
        local({
          http: { requestRate: { num: 0, interval: '50ms' }, onRateLimit: { status: 0 } },
          tcp: { connectionRate: { num: 0, interval: '-1s' } },
        }),
      ),
      [
        `${at}.http.requestRate.num: must be greater than 0`,
        `${at}.http.requestRate.interval: must be greater than: 50ms`,
        `${at}.http.onRateLimit.status: must be greater than 0`,
        `${at}.tcp.connectionRate.num: must be greater than 0`,
        `${at}.tcp.connectionRate.interval: must be greater than: 50ms`,
      ],
    ],
    [
      from(http({ requestRate: {} })),
      [
        `${at}.http.requestRate.num: in body is required`,
        `${at}.http.requestRate.interval: in body is required`,
      ],
    ],
    [from(five, GATEWAY), [gateways]],
    [from(five, { kind: 'Mesh', proxyTypes: ['Gateway'] }), [gateways]],
    [from(five, { kind: 'MeshHTTPRoute', name: 'r' }), [gateways]],
    [rules(five, GATEWAY), ['rules: must not be defined']],
    [to(five, SIDECARS), ['to: must not be defined']],
    [to(five, { kind: 'MeshService', name: 'web' }), ['to: must not be defined']],
    [
      from(five, SIDECARS, { kind: 'MeshService', name: 'web' }),
      ["from[0].targetRef.kind: value 'MeshService' is not supported"],
    ],
    [
      rules(local({ tcp: { connectionRate: rate } }), undefined, [
        { spiffeID: { type: 'Exact', value: 'spiffe://default/web' } },
      ]),
      [
        "rules[0].default.local.tcp: can't be specified when matches contain spiffeID because this field cannot be conditioned on source identity",
      ],
    ],
  ]
  for (const [spec, expected] of cases) t.same(specFaults(TYPE, spec), expected, JSON.stringify(spec))
})

t.test('warns of from and of an answer that looks like success', async t => {
  const status = (list: string): string =>
    `'spec.${list}[0].default.local.http.requestRate.status' must be 400 or higher. Please update your configuration.`
  const success = http({ onRateLimit: { status: 200 } })
  t.same(warningsOf(TYPE, from(success, SIDECARS)), [
    "'from' field is deprecated, use 'rules' instead",
    status('from'),
  ])
  t.same(warningsOf(TYPE, rules(success)), [status('rules')])
  t.same(warningsOf(TYPE, rules(http({ onRateLimit: { status: 400 } }))), [])
})

t.test('is enforced', async t => {
  t.same(accepted(TYPE, { spec: from(five) }).unenforced, [])
})
