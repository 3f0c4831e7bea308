/**
 * A mesh of real processes for tests of policies: `web-1` calls service `api` (two endpoints, HTTP), `rpc` (gRPC) and
 * `store` (TCP) whose applications misbehave as they are told; mTLS, everybody allowed.
 */
import { connect as connectHttp2 } from 'node:http2'
import { type Answer, call, eventually, Lab, type Running } from './lab.ts'
import { type Misbehaving, startMisbehaving } from './misbehaving.ts'
import { freePorts } from './ports.ts'
import { LOOPBACK } from './snapshots.ts'

interface Teardown {
  teardown(end: () => Promise<void> | void): void
}

export interface Policed {
  readonly lab: Lab
  readonly apps: {
    readonly api: Misbehaving
    readonly api2: Misbehaving
    readonly rpc: Misbehaving
    readonly store: Misbehaving
  }
  /** The data plane in front of the applications. */
  readonly services: Running
  /** Where `web-1` calls them. */
  readonly ports: { readonly api: number; readonly rpc: number; readonly store: number }
  /** A policy for the calls of `web` to `service`; of the legacy dialect where there is `conf` instead of `to`. */
  put(type: string, body: object, name?: string): Promise<void>
  remove(type: string, name?: string): Promise<void>
}

const COLLECTIONS: Readonly<Record<string, string>> = {
  Retry: 'retries',
  MeshRetry: 'meshretries',
  TrafficPermission: 'traffic-permissions',
  FaultInjection: 'fault-injections',
  RateLimit: 'rate-limits',
  HealthCheck: 'health-checks',
}

/** Ends with the test. */
export async function startPoliced(t: Teardown): Promise<Policed> {
  const lab = new Lab()
  t.teardown(() => lab.close())
  await lab.startControlPlane()
  const [api, api2, rpc, store] = [
    await startMisbehaving(t, { name: 'a1' }),
    await startMisbehaving(t, { name: 'a2' }),
    await startMisbehaving(t, { name: 'rpc' }),
    await startMisbehaving(t, { name: 'store', protocol: 'tcp' }),
  ]
  const [toApi = 0, toRpc = 0, toStore = 0, ...inPorts] = await freePorts(8)
  const inbound = (app: Misbehaving, service: string, protocol: string) => ({
    port: inPorts.shift(),
    servicePort: app.port,
    tags: { 'kuma.io/service': service, 'kuma.io/protocol': protocol },
  })
  const services = await lab.startDataPlane({
    name: 'services-1',
    networking: {
      address: LOOPBACK,
      inbound: [
        inbound(api, 'api', 'http'),
        inbound(api2, 'api', 'http'),
        inbound(rpc, 'rpc', 'grpc'),
        inbound(store, 'store', 'tcp'),
      ],
    },
  })
  const ports = { api: toApi, rpc: toRpc, store: toStore }
  await lab.startDataPlane({
    name: 'web-1',
    networking: {
      address: LOOPBACK,
      inbound: [inbound(api, 'web', 'http')],
      outbound: Object.entries(ports).map(([service, port]) => ({
        port,
        tags: { 'kuma.io/service': service },
      })),
    },
  })
  await eventually(
    () => call(toApi, '/'),
    ({ status }) => status === 200,
  )
  const pathOf = (type: string, name: string) =>
    `/meshes/default/${COLLECTIONS[type] ?? `${type.toLowerCase()}s`}/${name}`
  return {
    lab,
    services,
    apps: { api, api2, rpc, store },
    ports,
    put: (type, body, name = 'test') =>
      lab.put(pathOf(type, name), {
        type,
        mesh: 'default',
        name,
        ...(type.startsWith('Mesh') ? { spec: body } : body),
      }),
    async remove(type, name = 'test') {
      const answer = await lab.api('DELETE', pathOf(type, name))
      if (answer.status !== 200) throw new Error(answer.body)
    },
  }
}

/** `to` item of a policy for the calls of `web`. */
export function callsOf(service: string, conf: object): object {
  return {
    targetRef: { kind: 'MeshService', name: 'web' },
    to: [{ targetRef: { kind: 'MeshService', name: service }, default: conf }],
  }
}

/** Selectors of a legacy policy for the calls of `web`. */
export function legacyCallsOf(service: string, conf: object): object {
  return {
    sources: [{ match: { 'kuma.io/service': 'web' } }],
    destinations: [{ match: { 'kuma.io/service': service } }],
    conf,
  }
}

/** One request of HTTP/2 with prior knowledge. */
export function callOver2(port: number, path: string): Promise<Pick<Answer, 'status' | 'headers'>> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://${LOOPBACK}:${port}`)
    session.on('error', reject)
    const stream = session.request({ ':path': path, ':authority': 'api' })
    stream.on('error', reject)
    stream.on('response', headers => {
      resolve({ status: Number(headers[':status']), headers })
      session.destroy()
    })
  })
}
