/** A client's engine with an outbound as the test wants it, in front of HTTP applications without a mesh between them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Cluster } from '#contract/cluster.ts'
import type { OutboundListener } from '#contract/listener.ts'
import type { Retry } from '#contract/resilience/retry.ts'
import type { LocalEngine } from '../../dp/apply/applier.ts'
import type { Limits } from '../../dp/codec/limits.ts'
import { anEngine, mustApply } from './engine-pair.ts'
import { freePorts } from './ports.ts'
import { aCluster, anOutbound, LOOPBACK } from './snapshots.ts'

interface Teardown {
  teardown(end: () => Promise<void> | void): void
}

export type Answer = (request: IncomingMessage, response: ServerResponse, number: number) => void

export interface ToldApplication {
  readonly port: number
  /** Bodies of the requests that it has had, in their order. */
  readonly bodies: string[]
}

/** An application that answers by `answer`, told the number of the request from 1. Closed with the test. */
export async function toldApplication(t: Teardown, answer: Answer): Promise<ToldApplication> {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    const number = bodies.push('')
    let body = ''
    request.on('error', () => {})
    for await (const chunk of request) body += chunk
    bodies[number - 1] = body
    answer(request, response, number)
  })
  await new Promise<void>(resolve => server.listen(0, LOOPBACK, resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, bodies }
}

export interface CallingEngine {
  readonly engine: LocalEngine
  readonly url: string
  readonly port: number
  change(listener: Partial<OutboundListener>, cluster?: Partial<Cluster>): Promise<void>
  /** Of the outbound. */
  counters(): Readonly<Record<string, number>>
}

/** `ports`: of the applications, or of data planes. Drained with the test. */
export async function callingEngine(
  t: Teardown,
  ports: readonly number[],
  listener: Partial<OutboundListener>,
  cluster: Partial<Cluster> = {},
  limits: Partial<Limits> = {},
): Promise<CallingEngine> {
  const [port = 0] = await freePorts(1)
  const engine = anEngine(t, limits)
  const change = (section: Partial<OutboundListener>, destination: Partial<Cluster> = {}) =>
    mustApply(engine, {
      listeners: [anOutbound(port, 'api', section)],
      clusters: [aCluster('api', ports, { tls: null, ...destination })],
    })
  await change(listener, cluster)
  return {
    engine,
    url: `http://${LOOPBACK}:${port}`,
    port,
    change,
    counters: () => engine.status().outbounds[0]?.counters ?? {},
  }
}

export function aRetry(options: Partial<Retry> = {}): Retry {
  return {
    policy: 'MeshRetry/thrice',
    on: ['gateway-error', 'connect-failure', 'refused-stream'],
    retries: 3,
    backOff: { baseMs: 1, maxMs: 10 },
    ...options,
  }
}
