/** What several workers count → what the data plane counts. They run the same listeners. */
import type { EndpointStatus, OutboundStatus, RunningStatistics } from '#contract/questions.ts'

export function sumOf(parts: readonly RunningStatistics[]): RunningStatistics {
  return {
    inbounds: sumListeners(parts.map(part => part.inbounds)),
    outbounds: sumOthers(sumListeners(parts.map(part => part.outbounds)), parts),
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
      endpoints: sumEndpoints(listener.endpoints, all),
    }
  })
}

/** Of the clusters to which the routes of outbounds lead. */
function sumOthers(
  sums: readonly OutboundStatus[],
  parts: readonly RunningStatistics[],
): readonly OutboundStatus[] {
  const all = parts.flatMap(({ outbounds }) => outbounds)
  return sums.map(sum => {
    if (sum.others === undefined) return sum
    const same = all.filter(one => isSameAddress(one, sum)).flatMap(({ others = [] }) => others)
    const others = sum.others.map(({ cluster, endpoints }) => ({
      cluster,
      endpoints: sumEndpoints(
        endpoints,
        same.filter(one => one.cluster === cluster),
      ),
    }))
    return { ...sum, others }
  })
}

/** As all of them see them. */
function sumEndpoints(
  endpoints: readonly EndpointStatus[],
  all: readonly { readonly endpoints: readonly EndpointStatus[] }[],
): readonly EndpointStatus[] {
  return endpoints.map(endpoint =>
    sumEndpoint(all.flatMap(one => one.endpoints.filter(other => isSameAddress(other, endpoint)))),
  )
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
