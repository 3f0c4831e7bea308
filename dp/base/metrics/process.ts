/**
 * What every program tells about its own process, under the names that Prometheus' dashboards know. Numbers are taken
 * when the page is read; nothing runs in between.
 */
import type { Metrics } from '../metrics.ts'

/** `version`: of the program, as a label. Starts no timer. */
export function addProcessMetrics(metrics: Metrics, version: string): void {
  const startedAt = Date.now() / 1000 - process.uptime()
  metrics
    .gauges('vmesh_build_info', 'The program; the value says nothing.', ['version', 'node'])
    .of(version, process.version)
    .set(1)
  metrics.read('counter', 'process_cpu_seconds_total', 'CPU time of the process in seconds.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  metrics.read('gauge', 'process_resident_memory_bytes', 'Resident memory of the process in bytes.', () =>
    process.memoryUsage.rss(),
  )
  metrics.read(
    'gauge',
    'nodejs_heap_size_used_bytes',
    'Heap in use in bytes.',
    () => process.memoryUsage().heapUsed,
  )
  metrics.read(
    'gauge',
    'process_start_time_seconds',
    'When the process started, in seconds since 1970.',
    () => startedAt,
  )
}
