/** What several workers count → what the data plane counts. They run the same listeners. */
import type { EndpointStatus, RunningStatistics } from '#contract/questions.ts'

export function sumOf(parts: readonly RunningStatistics[]): RunningStatistics {
  return {
    inbounds: sumListeners(parts.map(part => part.inbounds)),
    outbounds: sumListeners(parts.map(part => part.outbounds)),
  }
}

interface Listener {
  readonly address: string
  readonly port: number
  readonly connections: number
  readonly counters: Readonly<Record<string, number>>
  readonly endpoints: readonly EndpointStatus[]
}

/** Listeners that a worker does not have yet count nothing there. */
function sumListeners<L extends Listener>([first = [], ...others]: readonly (readonly L[])[]): readonly L[] {
  return first.map(listener => {
    const same = others.flatMap(list => list.filter(one => isSameAddress(one, listener)))
    const all = [listener, ...same]
    return {
      ...listener,
      connections: all.reduce((sum, one) => sum + one.connections, 0),
      counters: sumCounters(all.map(one => one.counters)),
      endpoints: listener.endpoints.map(endpoint =>
        sumEndpoint(all.flatMap(one => one.endpoints.filter(other => isSameAddress(other, endpoint)))),
      ),
    }
  })
}

function sumCounters(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const counters of all)
    for (const [name, count] of Object.entries(counters)) sum[name] = (sum[name] ?? 0) + count
  return sum
}

/** Healthy when it is for all: workers tell each other, so they differ for a moment only. */
function sumEndpoint(all: readonly EndpointStatus[]): EndpointStatus {
  const [first] = all
  if (first === undefined) throw new Error('an endpoint of nobody')
  const sick = all.find(one => !one.healthy)
  const active = all.reduce((sum, one) => sum + one.active, 0)
  return { ...(sick ?? first), active }
}

function isSameAddress(
  one: { address: string; port: number },
  other: { address: string; port: number },
): boolean {
  return one.address === other.address && one.port === other.port
}
