/** What `/metrics` tells about the requests of the HTTP API: how many, with which answer, how long they took. */
import type { Metrics } from '#base/metrics.ts'

/** To be called once per answered request. */
export type RequestCounter = (method: string, status: number, elapsedMs: number) => void

export function requestCounter(metrics: Metrics): RequestCounter {
  const requests = metrics.counters('vmesh_api_requests_total', 'Requests of the HTTP API.', [
    'method',
    'status',
  ])
  const seconds = metrics.histograms(
    'vmesh_api_request_seconds',
    'Time of a request until its answer was sent.',
    ['method'],
  )
  return (method, status, elapsedMs) => {
    requests.of(method, String(status)).add()
    seconds.of(method).observe(elapsedMs / 1000)
  }
}
