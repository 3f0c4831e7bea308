/** MeshFaultInjection: faults with their shares, and Kuma's odd paths to them (kuma-api 4.12). */
import t from 'tap'
import {
  from,
  rules,
  type SpecCase,
  specFaults,
  storedSpec,
  to,
  warningsOf,
} from '../../../support/policies.ts'

const TYPE = 'MeshFaultInjection'
const SIDECARS = { kind: 'Mesh', proxyTypes: ['Sidecar'] }
const abort = { abort: { httpStatus: 500, percentage: '2.5' } }
const http = (...faults: readonly object[]): object => ({ http: faults })

t.test('stores what was written, with durations as Go prints them', async t => {
  const everything = (value: string): object =>
    from(
      http(
        abort,
        { delay: { value, percentage: 5 } },
        { responseBandwidth: { limit: '50mbps', percentage: 50 } },
        { ...abort, responseBandwidth: { limit: '1 Gbps', percentage: '0' } },
      ),
      SIDECARS,
      { kind: 'MeshServiceSubset', name: 'web', tags: { version: '1' } },
    )
  t.same(storedSpec(TYPE, everything('90s')), everything('1m30s'))
  const cases = [
    {},
    from({}),
    from(http(abort), { kind: 'Mesh' }),
    to(http(abort), { kind: 'MeshGateway', name: 'edge' }),
    rules(http(abort), { kind: 'Dataplane' }, [
      { spiffeID: { type: 'Exact', value: 'spiffe://default/web' } },
    ]),
  ]
  for (const spec of cases) t.same(storedSpec(TYPE, spec), spec, JSON.stringify(spec))
})

t.test("answers mistakes in Kuma's words", async t => {
  const at = 'from[0].default.http'
  const cases: readonly SpecCase[] = [
    [
      from(
        http(
          abort,
          { abort: { httpStatus: 99, percentage: 101 }, delay: { value: '-1s', percentage: 'half' } },
          { responseBandwidth: { limit: '1000', percentage: '-1' } },
          { responseBandwidth: { limit: '', percentage: 1 } },
        ),
      ),
      [
        `${at}.abort[1].httpStatus: must be in inclusive range [100, 599]`,
        `${at}.abort[1].percentage: must be in inclusive range [0.0, 100.0]`,
        `${at}.delay[1].value: must not be negative when defined`,
        `${at}.delay[1].percentage: string must be a valid number`,
        `${at}.responseBandwidth[2].limit: must be in kbps/Mbps/Gbps units`,
        `${at}.responseBandwidth[2].percentage: must be in inclusive range [0.0, 100.0]`,
        `${at}.responseBandwidth[3].limit: must be defined`,
      ],
    ],
    [
      from(http({ abort: {}, delay: { percentage: 1 } })),
      [
        `${at}[0].abort.httpStatus: in body is required`,
        `${at}[0].abort.percentage: in body is required`,
        `${at}[0].delay.value: in body is required`,
      ],
    ],
    [
      from(http(abort), { kind: 'MeshGateway', name: 'edge' }),
      [
        'from: must not be defined when the scope includes a Gateway, select only proxyType Sidecar or select only gateways and use spec.to',
      ],
    ],
    [to(http(abort), { kind: 'Dataplane' }), ['to: must not be defined']],
    [
      to(http(abort), undefined, { kind: 'MeshService', name: 'web' }),
      ["to[0].targetRef.kind: value 'MeshService' is not supported"],
    ],
    [
      from(http(abort), undefined, { kind: 'Dataplane' }),
      ["from[0].targetRef.kind: value 'Dataplane' is not supported"],
    ],
  ]
  for (const [spec, expected] of cases) t.same(specFaults(TYPE, spec), expected, JSON.stringify(spec))
})

t.test('warns of from', async t => {
  t.same(warningsOf(TYPE, from(http(abort))), [
    "'from' field is deprecated, use 'rules' with SPIFFE-based 'matches' instead",
  ])
  t.same(warningsOf(TYPE, rules(http(abort))), [])
})
