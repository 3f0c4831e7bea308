/**
 * The two sides of the comparison of policies, each one proxy in front of the same nginx: vmesh as it is installed, and Envoy
 * with what Kuma would make of the same policies.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../../support/lab.ts'
import { freePorts } from '../../support/ports.ts'
import { environmentOf, programOf } from '../daemon.ts'
import { httpWay, PACKAGE, type Way } from '../side-by-side/envoy.ts'
import { startNginx } from '../side-by-side/nginx.ts'
import { HOST } from '../side-by-side/peer.ts'
import { hold, LOAD_CPU, PROXY_CPU, startOn } from '../side-by-side/processes.ts'

export const WAYS = ['nothing', 'limits', 'retry', 'outliers', 'inbound', 'rate limit'] as const
export type WayName = (typeof WAYS)[number]

export interface Contender {
  readonly name: string
  readonly pid: number
  readonly ports: Readonly<Record<WayName, number>>
}

/** One service of ten endpoints: the last one fails each time. */
export const MIXED = Array.from({ length: 10 }, (_, at) => `127.0.1.${at + 1}`)
const FAILING = MIXED.at(-1)

export interface Backends {
  /** It is well. */
  readonly well: number
  /** One answer in ten is a 503. */
  readonly flaky: number
  /** On the addresses of `MIXED`. */
  readonly mixed: number
}

export async function startBackends(folder: string): Promise<Backends> {
  const [well = 0, flaky = 0, mixed = 0] = await freePorts(3)
  const ok = `return 200 "${'x'.repeat(99)}\\n";`
  const addresses = MIXED.map(address => {
    const answer = address === FAILING ? 'return 503;' : ok
    return `server { listen ${address}:${mixed} backlog=4096; location / { ${answer} } }`
  })
  await startNginx(folder, {
    name: 'backends',
    cpu: LOAD_CPU,
    port: well,
    http: `split_clients "$request_id" $fails { 10% 1; * ""; }
      server { listen ${HOST}:${well} backlog=4096; location / { ${ok} } }
      server { listen ${HOST}:${flaky} backlog=4096; location / { if ($fails) { return 503; } ${ok} } }
      ${addresses.join('\n')}`,
  })
  return { well, flaky, mixed }
}

const LIMITS = { maxConnections: 1024, maxPendingRequests: 1024, maxRequests: 1024, maxRetries: 128 }
const RETRIES = 5
const EJECTION = '30s'
const EJECTED_PERCENT = 50
const CONSECUTIVE = 5
const MANY = 100_000_000

export async function startVmesh(lab: Lab, { well, flaky, mixed }: Backends): Promise<Contender> {
  const [nothing = 0, limits = 0, retry = 0, outliers = 0, inbound = 0, limited = 0] = await freePorts(6)
  const controlPlane = await lab.startControlPlane()
  hold(controlPlane.child.pid ?? 0, LOAD_CPU)
  await lab.put('/meshes/plain', { type: 'Mesh', name: 'plain', skipCreatingInitialPolicies: ['*'] })
  const endpoint = (name: string, service: string, address: string, port: number) =>
    lab.put(`/meshes/plain/dataplanes/${name}`, {
      type: 'Dataplane',
      mesh: 'plain',
      name,
      networking: {
        address,
        inbound: [
          { port, servicePort: port + 1, tags: { 'kuma.io/service': service, 'kuma.io/protocol': 'http' } },
        ],
      },
    })
  await endpoint('well-1', 'well', HOST, well)
  await endpoint('limits-1', 'limits', HOST, well)
  await endpoint('flaky-1', 'flaky', HOST, flaky)
  for (const [at, address] of MIXED.entries()) await endpoint(`mixed-${at}`, 'mixed', address, mixed)
  const policy = (type: string, plural: string, name: string, spec: object) =>
    lab.put(`/meshes/plain/${plural}/${name}`, { type, mesh: 'plain', name, spec })
  const to = (name: string, conf: object) => ({
    to: [{ targetRef: { kind: 'MeshService', name }, default: conf }],
  })
  // those of the service that fails: three retries at a time are let through where nobody says more
  for (const service of ['limits', 'flaky'])
    await policy(
      'MeshCircuitBreaker',
      'meshcircuitbreakers',
      service,
      to(service, { connectionLimits: LIMITS }),
    )
  await policy(
    'MeshCircuitBreaker',
    'meshcircuitbreakers',
    'outliers',
    to('mixed', {
      outlierDetection: {
        baseEjectionTime: EJECTION,
        maxEjectionPercent: EJECTED_PERCENT,
        detectors: { totalFailures: { consecutive: CONSECUTIVE } },
      },
    }),
  )
  const http = {
    numRetries: RETRIES,
    retryOn: ['5xx'],
    backOff: { baseInterval: '1ms', maxInterval: '10ms' },
  }
  await policy('MeshRetry', 'meshretries', 'retry', to('flaky', { http }))
  const rate = { local: { http: { requestRate: { num: MANY, interval: '1s' } } } }
  await policy('MeshRateLimit', 'meshratelimits', 'limited', {
    targetRef: { kind: 'MeshService', name: 'limited' },
    from: [{ targetRef: { kind: 'Mesh' }, default: rate }],
  })
  const offered = (port: number, service: string) => ({
    port,
    servicePort: well,
    tags: { 'kuma.io/service': service, 'kuma.io/protocol': 'http' },
  })
  const outbound = (port: number, service: string) => ({ port, tags: { 'kuma.io/service': service } })
  const [, ...args] = await lab.dataPlaneArguments({
    mesh: 'plain',
    name: 'caller',
    networking: {
      address: HOST,
      inbound: [offered(inbound, 'open'), offered(limited, 'limited')],
      outbound: [
        outbound(nothing, 'well'),
        outbound(limits, 'limits'),
        outbound(retry, 'flaky'),
        outbound(outliers, 'mixed'),
      ],
    },
  } as Parameters<Lab['dataPlaneArguments']>[0])
  const daemon = lab.run([...programOf('vmesh-dp', 'bundle'), ...args], environmentOf('bundle'))
  const pid = daemon.child.pid ?? 0
  hold(pid, PROXY_CPU)
  await daemon.said(/data plane is ready/)
  return { name: 'vmesh', pid, ports: { nothing, limits, retry, outliers, inbound, 'rate limit': limited } }
}

export async function startEnvoy(program: string, folder: string, backends: Backends): Promise<Contender> {
  const [nothing = 0, limits = 0, retry = 0, outliers = 0, inbound = 0, limited = 0] = await freePorts(6)
  const { well, flaky, mixed } = backends
  const ways: Readonly<Record<WayName, Way>> = {
    nothing: { port: nothing, to: well },
    limits: {
      port: limits,
      to: well,
      parts: envoyLimits(),
    },
    retry: {
      port: retry,
      to: flaky,
      parts: envoyLimits(),
      route: {
        retry_policy: {
          retry_on: '5xx',
          num_retries: RETRIES,
          retry_back_off: { base_interval: '0.001s', max_interval: '0.010s' },
        },
      },
    },
    outliers: {
      port: outliers,
      to: mixed,
      endpoints: MIXED.map(host => ({ host, port: mixed })),
      parts: {
        outlier_detection: {
          consecutive_5xx: CONSECUTIVE,
          enforcing_consecutive_5xx: 100,
          enforcing_success_rate: 0,
          enforcing_consecutive_gateway_failure: 0,
          base_ejection_time: EJECTION,
          max_ejection_percent: EJECTED_PERCENT,
        },
      },
    },
    inbound: { port: inbound, to: well },
    'rate limit': { port: limited, to: well, filters: [rateLimit()] },
  }
  const configured = WAYS.map(name => httpWay(name.replace(' ', '-'), ways[name]))
  const file = join(folder, 'envoy-policies.json')
  const listeners = configured.map(({ listener }) => listener)
  const clusters = configured.map(({ cluster }) => cluster)
  writeFileSync(file, JSON.stringify({ static_resources: { listeners, clusters } }))
  const argv = [program, '-c', file, '--concurrency', '1', '-l', 'error', '--disable-hot-restart']
  const pid = await startOn(PROXY_CPU, argv, nothing)
  return { name: 'Envoy', pid, ports: { nothing, limits, retry, outliers, inbound, 'rate limit': limited } }
}

function envoyLimits(): object {
  const thresholds = {
    max_connections: LIMITS.maxConnections,
    max_pending_requests: LIMITS.maxPendingRequests,
    max_requests: LIMITS.maxRequests,
    max_retries: LIMITS.maxRetries,
  }
  return { circuit_breakers: { thresholds: [thresholds] } }
}

function rateLimit(): object {
  const all = { default_value: { numerator: 100, denominator: 'HUNDRED' } }
  return {
    name: 'local_ratelimit',
    typed_config: {
      '@type': `${PACKAGE}.filters.http.local_ratelimit.v3.LocalRateLimit`,
      stat_prefix: 'limited',
      token_bucket: { max_tokens: MANY, tokens_per_fill: MANY, fill_interval: '1s' },
      filter_enabled: all,
      filter_enforced: all,
    },
  }
}
