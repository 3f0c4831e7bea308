/** Promises of cp/compile/resilience: what CircuitBreakers and MeshCircuitBreakers make of clusters and inbounds. */
import t from 'tap'
import type { InboundListener } from '#contract/listener.ts'
import type { Resource } from '../../../../cp/kinds/kind.ts'
import { sectionOf } from '../../../../cp/snapshot/sections.ts'
import { aPolicy, Compiled, meshOf, toService } from '../../../support/compiled.ts'
import { aDataplane, resource } from '../../../support/resources.ts'

const WEB = aDataplane('web-1', { calls: ['api', 'db'] })
const BASE = [WEB, aDataplane('api-1', { service: 'api' }), aDataplane('db-1', { service: 'db' })]

const TO_MESH = { kind: 'Mesh' } as const
const match = (service: string) => [{ match: { 'kuma.io/service': service } }]

function mesh(name: string, conf: object, to: object = TO_MESH): Resource {
  return aPolicy('MeshCircuitBreaker', name, { to: [{ targetRef: to, default: conf }] })
}

function legacy(name: string, conf: object, destination = '*', source = '*'): Resource {
  const spec = { sources: match(source), destinations: match(destination), conf }
  return resource('CircuitBreaker', 'default', name, spec)
}

function compiled(...policies: readonly Resource[]): Compiled {
  return new Compiled(meshOf([...BASE, ...policies]), 'web-1')
}

const LIMITS = { maxConnections: 2, maxPendingRequests: 3, maxRetries: 4, maxRequests: 5 }

t.test('both dialects make the same snapshot where they say the same', async t => {
  const times = { interval: '5s', baseEjectionTime: '1m', maxEjectionPercent: 50 }
  const volumes = { requestVolume: 10, minimumHosts: 3 }
  const old = compiled(
    legacy('same', {
      ...times,
      splitExternalAndLocalErrors: true,
      thresholds: LIMITS,
      detectors: {
        totalErrors: { consecutive: 20 },
        gatewayErrors: {},
        localErrors: { consecutive: 7 },
        standardDeviation: { ...volumes, factor: 1.5 },
        failure: { ...volumes, threshold: 70 },
      },
    }),
  )
  const now = compiled(
    mesh('same', {
      connectionLimits: LIMITS,
      outlierDetection: {
        ...times,
        splitExternalAndLocalErrors: true,
        detectors: {
          totalFailures: { consecutive: 20 },
          gatewayFailures: {},
          localOriginFailures: { consecutive: 7 },
          successRate: { ...volumes, standardDeviationFactor: '1.5' },
          failurePercentage: { ...volumes, threshold: 70 },
        },
      },
    }),
  )
  const text = ({ sections }: Compiled) => JSON.stringify([...sections]).replaceAll('MeshCircuit', 'Circuit')
  t.match(old.cluster('api'), { limits: { maxPending: 3 }, outliers: { consecutiveGateway: 5 } })
  t.equal(text(now), text(old))
})

t.test('what is not said is as Envoy has it', async t => {
  const detectors = { totalFailures: {}, successRate: {}, failurePercentage: {} }
  const api = compiled(
    mesh('bare', { connectionLimits: { maxRequests: 1 }, outlierDetection: { detectors } }),
  ).cluster('api')
  const policy = 'MeshCircuitBreaker/bare'
  t.same(api?.limits, { policy, maxConnections: 1024, maxPending: 1024, maxRequests: 1 })
  t.same(api?.outliers, {
    policy,
    intervalMs: 10_000,
    baseEjectionMs: 30_000,
    maxEjectionPercent: 10,
    splitsErrors: false,
    consecutive5xx: 5,
    successRate: { minimumHosts: 5, requestVolume: 100, factor: 1.9 },
    failurePercentage: { minimumHosts: 5, requestVolume: 50, threshold: 85 },
  })
  t.equal(api?.panic, undefined)
})

t.test('without a policy, or with limits alone, nobody is judged', async t => {
  const bare = compiled().cluster('api')
  t.notOk(bare?.limits ?? bare?.outliers)
  t.equal(compiled(legacy('limits', { thresholds: LIMITS })).cluster('api')?.outliers, undefined)
  t.equal(
    compiled(legacy('none', { detectors: { totalErrors: { consecutive: 0 } } })).cluster('api')?.outliers,
    undefined,
  )
})

t.test('of CircuitBreakers the most specific one alone holds', async t => {
  const web = compiled(
    legacy('all', { thresholds: { maxRequests: 1 } }),
    legacy('api', { thresholds: { maxConnections: 2 } }, 'api'),
    legacy('others', { thresholds: { maxRequests: 3 } }, 'db', 'backend'),
  )
  t.match(web.cluster('api')?.limits, { policy: 'CircuitBreaker/api', maxRequests: 1024, maxConnections: 2 })
  t.match(web.cluster('db')?.limits, { policy: 'CircuitBreaker/all', maxRequests: 1 })
})

t.test(
  'a MeshCircuitBreaker replaces limits and detectors, each where it says something of them',
  async t => {
    const old = legacy('old', { thresholds: LIMITS, detectors: { totalErrors: { consecutive: 2 } } })
    const detectors = { gatewayFailures: { consecutive: 3 } }
    const both = (conf: object) => compiled(old, mesh('new', conf, toService('api'))).cluster('api')
    t.match(both({ connectionLimits: { maxRequests: 9 } }), {
      limits: { policy: 'MeshCircuitBreaker/new', maxRequests: 9, maxConnections: 1024 },
      outliers: { policy: 'CircuitBreaker/old', consecutive5xx: 2 },
    })
    const judged = both({ outlierDetection: { detectors } })
    t.match(judged, {
      limits: { policy: 'CircuitBreaker/old', maxRequests: 5 },
      outliers: { policy: 'MeshCircuitBreaker/new', consecutiveGateway: 3 },
    })
    t.equal(judged?.outliers?.consecutive5xx, undefined)
    t.match(both({ outlierDetection: { disabled: true, detectors, healthyPanicThreshold: 10 } }), {
      outliers: { policy: 'CircuitBreaker/old' },
      panic: undefined,
    })
  },
)

t.test('the panic threshold names the policy that says something of detection', async t => {
  const api = compiled(
    mesh('a', { outlierDetection: { healthyPanicThreshold: '12.5', detectors: { totalFailures: {} } } }),
    mesh('b', { connectionLimits: LIMITS }),
  ).cluster('api')
  t.same(api?.panic, { policy: 'MeshCircuitBreaker/a', percent: 12.5, refuses: false })
  t.equal(api?.limits?.policy, 'MeshCircuitBreaker/b')
})

t.test('from and rules hold for the application behind each inbound', async t => {
  const conf = (maxRequests: number) => ({ connectionLimits: { maxRequests } })
  const inboundWith = (spec: object) => {
    const { sections } = compiled(aPolicy('MeshCircuitBreaker', 'in', spec))
    return [...sections.values()].find(
      (one): one is InboundListener => 'direction' in one && one.direction === 'inbound',
    )
  }
  const from = inboundWith({ from: [{ targetRef: TO_MESH, default: conf(1) }] })
  t.match(from?.upstream.limits, { policy: 'MeshCircuitBreaker/in', maxRequests: 1 })
  const rules = inboundWith({ rules: [{ default: conf(1) }] })
  t.same(rules, from)
  t.equal(inboundWith({ to: [{ targetRef: TO_MESH, default: conf(1) }] })?.upstream.limits, undefined)
})

t.test('data planes for which the same is said share the cluster', async t => {
  const other = aDataplane('web-2', { calls: ['api'] })
  const view = meshOf([
    ...BASE,
    other,
    mesh('all', { connectionLimits: LIMITS }),
    legacy('old', { thresholds: LIMITS }),
  ])
  const [first, second] = ['web-1', 'web-2'].map(name => new Compiled(view, name).cluster('api'))
  t.equal(first, second)
  t.equal(first && sectionOf(first), second && sectionOf(second))
})
