/**
 * What a data plane counts, in the line formats of Envoy's admin interface that kumactl prints and the GUI parses
 * (kuma-api 1.10, 3.4). Only what the engine counts is named; Envoy's names are used where they mean the same.
 */
import type {
  EndpointStatus,
  InboundStatus,
  OutboundStatus,
  RunningStatistics,
} from '../../push/questions/questions.ts'

export interface Stat {
  readonly name: string
  readonly value: number
}

/** @param isUsedOnly leave out what is 0 */
export function statsOf(statistics: RunningStatistics, isUsedOnly: boolean): readonly Stat[] {
  const stats = [
    ...clustersOf(statistics).flatMap(clusterStats),
    ...statistics.inbounds.flatMap(inbound => listenerStats(inbound, inboundCluster(inbound))),
    ...statistics.outbounds.flatMap(outbound => listenerStats(outbound, outbound.cluster)),
  ]
  const used = isUsedOnly ? stats.filter(({ value }) => value !== 0) : stats
  return used.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

export function statsText(stats: readonly Stat[]): string {
  return stats.map(({ name, value }) => `${name}: ${value}\n`).join('')
}

export interface ClusterView {
  readonly name: string
  readonly protocol: string
  readonly endpoints: readonly EndpointStatus[]
}

/** Called services, and the application behind each inbound; one for each name. */
export function clustersOf({ inbounds, outbounds }: RunningStatistics): readonly ClusterView[] {
  const clusters = new Map<string, ClusterView>()
  const all = [
    ...inbounds.map(inbound => ({ ...inbound, cluster: inboundCluster(inbound) })),
    ...outbounds,
    ...outbounds.flatMap(({ protocol, others = [] }) => others.map(other => ({ protocol, ...other }))),
  ]
  for (const { cluster: name, protocol, endpoints } of all) {
    const known = clusters.get(name)
    clusters.set(name, known === undefined ? { name, protocol, endpoints } : both(known, endpoints))
  }
  return [...clusters.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The lines of Envoy's `/clusters`. */
export function clustersText(clusters: readonly ClusterView[]): string {
  return clusters
    .flatMap(({ name, protocol, endpoints }) => [
      `${name}::observability_name::${name}`,
      `${name}::added_via_api::true`,
      ...endpoints.flatMap(({ address, port, healthy, active }) => {
        const host = `${name}::${hostOf(address, port)}`
        return [
          `${host}::${activeName(protocol)}::${active}`,
          `${host}::health_flags::${healthy ? 'healthy' : '/failed_outlier_check'}`,
        ]
      }),
    ])
    .map(line => `${line}\n`)
    .join('')
}

/** Envoy's `/clusters?format=json`. */
export function clustersJson(clusters: readonly ClusterView[]): unknown {
  return {
    cluster_statuses: clusters.map(({ name, protocol, endpoints }) => ({
      name,
      observability_name: name,
      added_via_api: true,
      host_statuses: endpoints.map(({ address, port, healthy, active }) => ({
        address: { socket_address: { address, port_value: port } },
        stats: [{ name: activeName(protocol), value: String(active), type: 'GAUGE' }],
        health_status: healthy
          ? { eds_health_status: 'HEALTHY' }
          : { failed_outlier_check: true, eds_health_status: 'HEALTHY' },
      })),
    })),
  }
}

/** Kuma's name of the application behind an inbound. */
function inboundCluster({ endpoints, port }: InboundStatus): string {
  return `localhost:${endpoints[0]?.port ?? port}`
}

function both(cluster: ClusterView, endpoints: readonly EndpointStatus[]): ClusterView {
  const more = endpoints.filter(
    ({ address, port }) => !cluster.endpoints.some(one => one.address === address && one.port === port),
  )
  return { ...cluster, endpoints: [...cluster.endpoints, ...more] }
}

function clusterStats({ name, protocol, endpoints }: ClusterView): readonly Stat[] {
  const prefix = `cluster.${sanitized(name)}`
  return [
    { name: `${prefix}.membership_total`, value: endpoints.length },
    {
      name: `${prefix}.outlier_detection.ejections_active`,
      value: endpoints.filter(({ marks = [] }) => marks.some(({ cause }) => cause === 'ejected')).length,
    },
    { name: `${prefix}.membership_healthy`, value: endpoints.filter(({ healthy }) => healthy).length },
    {
      name: `${prefix}.upstream_${activeName(protocol)}`,
      value: endpoints.reduce((sum, { active }) => sum + active, 0),
    },
  ]
}

/** Calls that failed are told under our own names, with the reason codes of the answers. */
function listenerStats(status: InboundStatus | OutboundStatus, cluster: string): readonly Stat[] {
  const { address, port, protocol, connections, counters } = status
  const listener = `listener.${address.replaceAll(':', '_')}_${port}`
  const traffic = `${protocol === 'http' ? 'http' : 'tcp'}.${sanitized(cluster)}`
  const { accepted = 0, requests = 0, denied = 0, shadowDenied = 0, bytesIn = 0, bytesOut = 0 } = counters
  const failures = Object.entries(counters).filter(([name]) => name.startsWith('errors.'))
  return [
    { name: `${listener}.downstream_cx_total`, value: accepted },
    { name: `${listener}.downstream_cx_active`, value: connections },
    ...(protocol === 'http' ? [{ name: `${traffic}.downstream_rq_total`, value: requests }] : []),
    { name: `${traffic}.downstream_cx_total`, value: accepted },
    { name: `${traffic}.downstream_cx_active`, value: connections },
    { name: `${traffic}.downstream_cx_rx_bytes_total`, value: bytesIn },
    { name: `${traffic}.downstream_cx_tx_bytes_total`, value: bytesOut },
    ...('service' in status
      ? [
          { name: `${traffic}.rbac.denied`, value: denied },
          { name: `${traffic}.rbac.shadow_denied`, value: shadowDenied },
        ]
      : []),
    ...failures.map(([name, value]) => ({ name: `${listener}.${name}`, value })),
  ]
}

function activeName(protocol: string): string {
  return protocol === 'http' ? 'rq_active' : 'cx_active'
}

/** As Envoy writes names in statistics. */
function sanitized(name: string): string {
  return name.replaceAll(':', '_')
}

function hostOf(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
