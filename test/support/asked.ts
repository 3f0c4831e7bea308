/** Probes asked once by the ways of dp/probe/ask, and what is left of their connections. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Protocol } from '#contract/listener.ts'
import type { ServiceProbe } from '#contract/resilience/service-probe.ts'
import { askBy, type ProbeMeans } from '../../dp/probe/ask.ts'
import { LOOPBACK } from './snapshots.ts'

type Distribute<P> = P extends ServiceProbe ? Omit<P, keyof typeof TIMES> : never
/** A probe without its times. */
export type Way = Distribute<ServiceProbe>

const TIMES = { intervalMs: 1_000, timeoutMs: 1_000, unhealthyThreshold: 1, healthyThreshold: 1 }
export const MEANS: ProbeMeans = {
  allowsExec: true,
  environment: { PATH: '/usr/bin:/bin', LANG: 'C' },
  systemctl: 'systemctl',
}

export interface AskOptions {
  readonly port?: number
  readonly protocol?: Protocol
  readonly address?: string
  readonly means?: Partial<ProbeMeans>
  readonly signal?: AbortSignal
}

/** What the way to ask says. */
export function asks(way: Way, options: AskOptions = {}): Promise<string> {
  const { port = 1, protocol = 'http', address = LOOPBACK, means = {} } = options
  const asked = { probe: { ...TIMES, ...way }, address, port, protocol }
  return askBy({ ...MEANS, ...means })(asked, options.signal ?? new AbortController().signal)
}

export interface Watched {
  readonly port: number
  /** Resolves when that many connections have come. */
  came(count: number): Promise<void>
  /** Connections so far. */
  count(): number
  /** Resolves when none of them is open any more. */
  gone(): Promise<void>
}

/** A server that listens on the loopback, and its connections. */
export async function watched(
  t: { teardown(end: () => void): void },
  server: Server = createServer(),
  address = LOOPBACK,
): Promise<Watched> {
  const sockets: Socket[] = []
  server.on('connection', socket => {
    sockets.push(socket)
    socket.on('error', () => {})
    // without this a socket that nobody reads does not hear of the end
    socket.resume()
  })
  server.listen(0, address)
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const where = server.address()
  return {
    port: typeof where === 'object' && where !== null ? where.port : 0,
    async came(count) {
      while (sockets.length < count) await once(server, 'connection')
    },
    count: () => sockets.length,
    async gone() {
      const open = sockets.filter(socket => !socket.closed)
      await Promise.all(open.map(socket => new Promise(resolve => socket.once('close', resolve))))
    },
  }
}
