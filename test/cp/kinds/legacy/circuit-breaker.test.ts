/** CircuitBreaker: detectors with defaults, wrappers that keep 0, false that is dropped (kuma-api 4.10, 4.12). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'
import { anyToAny, type FaultCase, OUTBOUND_FAULTS, storedSpec } from '../../../support/legacy.ts'

const TYPE = 'CircuitBreaker'
const conf = (fields: object): object => ({ ...anyToAny, conf: fields })
const limits = { maxConnections: 1024, maxPendingRequests: 1024, maxRetries: 3, maxRequests: 1024 }

t.test('stores wrappers with 0 and empty detectors, and drops false', async t => {
  const cases = [
    // the default of Kuma 2.5's meshes
    [{ thresholds: limits }, { thresholds: limits }],
    [
      {
        interval: '5s',
        baseEjectionTime: '1m30s',
        maxEjectionPercent: 0,
        splitExternalAndLocalErrors: false,
        detectors: {
          totalErrors: {},
          gatewayErrors: { consecutive: 10 },
          localErrors: { consecutive: 0 },
          standardDeviation: { requestVolume: 10, minimumHosts: 5, factor: 1.9 },
          failure: { requestVolume: 10, minimumHosts: 5, threshold: 100 },
        },
      },
      {
        interval: '5s',
        baseEjectionTime: '90s',
        maxEjectionPercent: 0,
        detectors: {
          totalErrors: {},
          gatewayErrors: { consecutive: 10 },
          localErrors: { consecutive: 0 },
          standardDeviation: { requestVolume: 10, minimumHosts: 5, factor: 1.9 },
          failure: { requestVolume: 10, minimumHosts: 5, threshold: 100 },
        },
      },
    ],
    [
      { split_external_and_local_errors: true, detectors: { standard_deviation: { factor: '0' } } },
      { splitExternalAndLocalErrors: true, detectors: { standardDeviation: { factor: 0 } } },
    ],
  ] as const
  for (const [written, stored] of cases) t.same(storedSpec(TYPE, conf(written)), conf(stored))
})

t.test("answers mistakes in Kuma's words", async t => {
  const nothing = 'conf: must have at least one of the detector or threshold configured'
  const range = 'has to be in [0.0 - 100.0] range'
  const cases: readonly FaultCase[] = [
    [anyToAny, [nothing]],
    [conf({ interval: '1s', maxEjectionPercent: 101 }), [nothing]],
    [conf({ detectors: {}, thresholds: {} }), [nothing]],
    [conf({ detectors: {}, thresholds: limits }), ["conf.detectors: can't be empty"]],
    [conf({ detectors: { totalErrors: {} }, thresholds: {} }), ["conf.thresholds: can't be empty"]],
    [
      conf({ maxEjectionPercent: 101, detectors: { failure: { threshold: 1000 } } }),
      [`conf.maxEjectionPercent: ${range}`, `conf.detectors.failure.threshold: ${range}`],
    ],
    [
      conf({ thresholds: { maxConnections: 1.5, maxRetries: 'many' } }),
      [
        'conf.thresholds.maxConnections: must be a whole number from 0 to 4294967295',
        'conf.thresholds.maxRetries: must be a number, not a string',
      ],
    ],
    ...OUTBOUND_FAULTS.map(
      ([fields, found]): FaultCase => [{ ...fields, conf: { thresholds: limits } }, found],
    ),
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('all of it acts', async t => {
  t.same(accepted(TYPE, conf({ thresholds: limits })).unenforced, [])
})
