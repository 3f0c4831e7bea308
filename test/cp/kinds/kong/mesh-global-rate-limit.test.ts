/** MeshGlobalRateLimit: limits, answers and who counts (kuma-api 4.14). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'MeshGlobalRateLimit'
const all = { kind: 'Mesh' }
const http = { requestRate: { num: 100, interval: '1s' } }
const from = (conf: object): object => ({ spec: { from: [{ targetRef: all, default: conf }] } })
const rate = (fields: object): object => from({ http: { requestRate: { ...http.requestRate, ...fields } } })
const D = 'spec.from[0].default'

t.test('shows what was written, with durations as Go prints them', async t => {
  const conf = {
    http: {
      requestRate: { num: 1, interval: '24h' },
      onRateLimit: {
        status: 423,
        headers: { set: [{ name: 'a', value: '1' }], add: [{ name: 'b', value: '2' }] },
      },
    },
    mode: 'Shadow',
    backend: { rateLimitService: { url: 'http://ratelimit:10003', timeout: '0.025s' } },
  }
  t.same(accepted(TYPE, from(conf)).draft.spec, {
    from: [
      {
        targetRef: all,
        default: {
          ...conf,
          http: { ...conf.http, requestRate: { num: 1, interval: '24h0m0s' } },
          backend: { rateLimitService: { url: 'http://ratelimit:10003', timeout: '25ms' } },
        },
      },
    ],
  })
  for (const interval of ['1s', '1m', '60s', '1h', '24h'])
    t.same(faults(TYPE, rate({ interval })), [], interval)
})

t.test('limits at the service, and for gateways at the way out', async t => {
  const item = { targetRef: all, default: { http } }
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ targetRef: { kind: 'MeshService', name: 'a' }, from: [item] }, []],
    [{ targetRef: { kind: 'MeshSubset', tags: { a: 'b' } }, from: [item] }, []],
    [{ targetRef: { kind: 'MeshGateway', name: 'a' }, to: [item] }, []],
    [
      { targetRef: { kind: 'MeshGateway', name: 'a' }, from: [item] },
      ["spec.from[0].targetRef.kind: value 'Mesh' is not supported"],
    ],
    [
      { targetRef: { kind: 'MeshService', name: 'a' }, to: [item] },
      ["spec.to[0].targetRef.kind: value 'Mesh' is not supported"],
    ],
    [
      { from: [{ ...item, targetRef: { kind: 'MeshService', name: 'a' } }] },
      ["spec.from[0].targetRef.kind: value 'MeshService' is not supported"],
    ],
    [
      { targetRef: { kind: 'MeshHTTPRoute', name: 'a' }, from: [item] },
      ["spec.targetRef.kind: value 'MeshHTTPRoute' is not supported"],
    ],
  ]
  for (const [spec, expected] of cases) t.same(faults(TYPE, { spec }), expected, JSON.stringify(spec))
  t.same(faults(TYPE, { spec: {} }), ["spec: at least one of 'from' or 'to' has to be defined"])
})

t.test('refuses what would limit nothing', async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [from({}), [`${D}: must have at least one defined: http, mode, backend`]],
    [from({ http: {} }), [`${D}.http.requestRate: must be defined`]],
    [
      from({ http: { requestRate: {} } }),
      [`${D}.http.requestRate.num: must be defined`, `${D}.http.requestRate.interval: must be defined`],
    ],
    [rate({ num: 0 }), [`${D}.http.requestRate.num: must be greater than 0`]],
    [rate({ interval: '2s' }), [`${D}.http.requestRate.interval: must be one of: 1s, 1m, 1h, 24h`]],
    [
      from({ http: { ...http, onRateLimit: { status: 600, headers: {} } } }),
      [
        `${D}.http.onRateLimit.status: must be in inclusive range [100, 599]`,
        `${D}.http.onRateLimit.headers: must have at least one defined: set, add`,
      ],
    ],
    [from({ backend: {} }), [`${D}.backend.rateLimitService: must be defined`]],
    [
      from({ backend: { rateLimitService: { timeout: '0s' } } }),
      [
        `${D}.backend.rateLimitService.url: must be defined`,
        `${D}.backend.rateLimitService.timeout: must be greater than zero when defined`,
      ],
    ],
    [
      from({ backend: { rateLimitService: { url: 'ratelimit' } } }),
      [`${D}.backend.rateLimitService.url: must be a valid url`],
    ],
    [from({ mode: 'Off' }), [`${D}.mode: in body should be one of [Limit Shadow]`]],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('is for refusing traffic, which it does not yet', async t => {
  t.match(accepted(TYPE, from({ http })).unenforced, [{ field: '', refusesTraffic: true }])
})
