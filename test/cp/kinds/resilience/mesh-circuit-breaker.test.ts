/** MeshCircuitBreaker: limits above 0, detectors, shares in their range (kuma-api 4.12). */
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

const TYPE = 'MeshCircuitBreaker'
const limits = { connectionLimits: { maxConnections: 1024 } }
const outlier = (fields: object): object => to({ outlierDetection: fields })
const detectors = (fields: object): object => outlier({ detectors: fields })

t.test('stores what was written, with durations as Go prints them', async t => {
  const everything = (interval: string): object =>
    to({
      connectionLimits: {
        maxConnections: 2,
        maxConnectionPools: 3,
        maxPendingRequests: 4,
        maxRetries: 5,
        maxRequests: 4_294_967_295,
      },
      outlierDetection: {
        disabled: false,
        interval,
        baseEjectionTime: interval,
        maxEjectionPercent: 0,
        splitExternalAndLocalErrors: true,
        healthyPanicThreshold: '12.5',
        detectors: {
          totalFailures: { consecutive: 10 },
          gatewayFailures: { consecutive: 10 },
          localOriginFailures: {},
          successRate: { minimumHosts: 5, requestVolume: 10, standardDeviationFactor: '1.9' },
          failurePercentage: { minimumHosts: 5, requestVolume: 10, threshold: 85 },
        },
      },
    })
  t.same(storedSpec(TYPE, everything('60s')), everything('1m0s'))
})

t.test('takes the tops, destinations and lists of the matrix', async t => {
  const cases = [
    from(limits),
    rules(limits, { kind: 'Dataplane', sectionName: 'main' }),
    to(limits, { kind: 'MeshGateway', name: 'edge', tags: { port: '80' } }),
    to(limits, { kind: 'MeshService', name: 'web' }, { kind: 'MeshMultiZoneService', name: 'web' }),
  ]
  for (const spec of cases) t.same(storedSpec(TYPE, spec), spec, JSON.stringify(spec))
})

t.test("answers mistakes in Kuma's words", async t => {
  const above = 'must be greater than 0'
  const zero = 'must be greater than zero when defined'
  const at = 'to[0].default.outlierDetection'
  const cases: readonly SpecCase[] = [
    [{}, [": at least one of 'from', 'to' or 'rules' has to be defined"]],
    [
      to({}),
      ["to[0].default: at least one of: 'connectionLimits' or 'outlierDetection' should be configured"],
    ],
    [
      from({ connectionLimits: { maxConnections: 0, maxRetries: 0 } }),
      [
        `from[0].default.connectionLimits.maxConnections: ${above}`,
        `from[0].default.connectionLimits.maxRetries: ${above}`,
      ],
    ],
    [outlier({}), [`${at}.detectors: must be defined`]],
    [
      detectors({}),
      [
        `${at}.detectors: must have at least one defined: totalFailures, gatewayFailures, localOriginFailures, successRate, failurePercentage`,
      ],
    ],
    [
      outlier({
        interval: '0s',
        baseEjectionTime: '-1s',
        maxEjectionPercent: 101,
        healthyPanicThreshold: '100.5',
        detectors: { totalFailures: { consecutive: 0 } },
      }),
      [
        `${at}.interval: ${zero}`,
        `${at}.baseEjectionTime: ${zero}`,
        `${at}.maxEjectionPercent: must be in inclusive range [0, 100]`,
        `${at}.healthyPanicThreshold: must be in inclusive range [0.0, 100.0]`,
        `${at}.detectors.totalFailures.consecutive: ${above}`,
      ],
    ],
    [
      detectors({
        successRate: { minimumHosts: 0, requestVolume: 0, standardDeviationFactor: '0.0' },
        failurePercentage: { threshold: 200 },
      }),
      [
        `${at}.detectors.successRate.minimumHosts: ${above}`,
        `${at}.detectors.successRate.requestVolume: ${above}`,
        `${at}.detectors.successRate.standardDeviationFactor: ${above}`,
        `${at}.detectors.failurePercentage.threshold: must be in inclusive range [0, 100]`,
      ],
    ],
    [
      detectors({ successRate: { standardDeviationFactor: 'much' } }),
      [`${at}.detectors.successRate.standardDeviationFactor: invalid number`],
    ],
    [
      detectors({ successRate: { standardDeviationFactor: 1.9 } }),
      [
        `${at}.detectors.successRate.standardDeviationFactor: in body must be of type integer or string: "number"`,
      ],
    ],
    [
      to({ connectionLimits: { maxConnections: 4_294_967_296 } }),
      ['to[0].default.connectionLimits.maxConnections: in body should be less than or equal to 4294967295'],
    ],
    [
      to(limits, undefined, { kind: 'MeshHTTPRoute', name: 'r' }),
      ["to[0].targetRef.kind: value 'MeshHTTPRoute' is not supported"],
    ],
  ]
  for (const [spec, expected] of cases) t.same(specFaults(TYPE, spec), expected, JSON.stringify(spec))
})

t.test('its rules are for all clients: a selection of them is named as unknown', async t => {
  const matches = [{ spiffeID: { type: 'Exact', value: 'spiffe://default/web' } }]
  t.match(read(TYPE, { spec: rules(limits, undefined, matches) }), {
    unknownFields: ['spec.rules[0].matches'],
  })
})

t.test('warns of from', async t => {
  t.same(warningsOf(TYPE, from(limits)), ["'from' field is deprecated, use 'rules' instead"])
})
