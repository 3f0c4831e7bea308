/** What `vmesh-dp status` shows: gathered from what runs, changes nothing. */
import { span } from '#base/text/table.ts'
import type { EndpointStatus, InboundStatus, RunningStatistics } from '#contract/questions.ts'
import { routeLines } from './routes.ts'

export interface DataPlaneStatus {
  readonly mesh: string
  readonly name: string
  readonly version: string
  readonly pid: number
  readonly startedAtMs: number
  readonly controlPlane: {
    readonly address: string
    readonly isConnected: boolean
    readonly lastFault: string
  }
  /** null: nothing applied yet. */
  readonly snapshot: { readonly version: string; readonly appliedAtMs: number } | null
  readonly certificate: {
    readonly uris: readonly string[]
    readonly notBeforeMs: number
    readonly notAfterMs: number
  } | null
  readonly engine: RunningStatistics
}

/** For people: one screen of plain text. */
export function formatStatus(status: DataPlaneStatus, nowMs: number): string {
  const { controlPlane, snapshot, certificate, engine } = status
  const ago = (ms: number): string => `${span(nowMs - ms)} ago`
  const lines = [
    `${status.name} in mesh ${status.mesh}  (vmesh-dp ${status.version}, pid ${status.pid}, up ${span(nowMs - status.startedAtMs)})`,
    `control plane  ${controlPlane.address}  ${controlPlane.isConnected ? 'connected' : `not connected: ${controlPlane.lastFault || 'connecting'}`}`,
    `snapshot       ${snapshot === null ? 'none yet' : `${snapshot.version}, applied ${ago(snapshot.appliedAtMs)}`}`,
    `certificate    ${certificate === null ? 'none' : certificateText(certificate, nowMs)}`,
  ]
  for (const inbound of engine.inbounds) {
    lines.push(
      '',
      `inbound  ${inbound.address}:${inbound.port}  ${inbound.protocol}  ${inbound.service}  ${inbound.connections} open  ${counters(inbound.counters)}`,
    )
    for (const endpoint of inbound.endpoints) {
      const said = [
        ...(inbound.readiness === undefined ? [] : [readinessText(inbound, nowMs)]),
        ...(endpoint.healthy ? [] : [healthText(endpoint, nowMs)]),
      ]
      for (const text of said) lines.push(`  application ${endpoint.address}:${endpoint.port}  ${text}`)
    }
  }
  for (const outbound of engine.outbounds) {
    const healthy = outbound.endpoints.filter(endpoint => endpoint.healthy).length
    lines.push(
      '',
      `outbound ${outbound.address}:${outbound.port}  ${outbound.protocol}  ${outbound.cluster}  ${healthy}/${outbound.endpoints.length} healthy  ${outbound.connections} open  ${counters(outbound.counters)}`,
    )
    lines.push(...routeLines(outbound).map(line => `  ${line}`))
    lines.push(...outbound.endpoints.map(endpoint => `  ${endpointText(endpoint, nowMs)}`))
    for (const { cluster, endpoints } of outbound.others ?? [])
      lines.push(`  ${cluster}`, ...endpoints.map(endpoint => `    ${endpointText(endpoint, nowMs)}`))
  }
  return `${lines.join('\n')}\n`
}

function readinessText({ readiness, probe }: InboundStatus, nowMs: number): string {
  const how = probe === undefined ? '' : ` (${probe} probe)`
  if (readiness === null || readiness === undefined) return `not probed yet${how}`
  const time = span(Math.max(0, nowMs - readiness.sinceMs))
  return readiness.isReady ? `ready for ${time}${how}` : `not ready for ${time}: ${readiness.reason}`
}

function endpointText(endpoint: EndpointStatus, nowMs: number): string {
  return `${endpoint.address}:${endpoint.port}  ${healthText(endpoint, nowMs)}  ${endpoint.active} active`
}

function healthText({ healthy, reason, marks = [] }: EndpointStatus, nowMs: number): string {
  if (healthy) return 'healthy'
  const said = marks.map(mark => `${mark.cause} for ${span(nowMs - mark.sinceMs)}: ${mark.reason}`)
  return said.length === 0 ? `not healthy: ${reason}` : said.join('; ')
}

function certificateText(certificate: NonNullable<DataPlaneStatus['certificate']>, nowMs: number): string {
  const left = certificate.notAfterMs - nowMs
  const end = new Date(certificate.notAfterMs).toISOString()
  return `${certificate.uris[0] ?? ''}  ${left > 0 ? `ends in ${span(left)} (${end})` : `EXPIRED at ${end}`}`
}

function counters(all: Readonly<Record<string, number>>): string {
  return Object.entries(all)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}
