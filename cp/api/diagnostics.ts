/**
 * The diagnostics port (kuma-api 1.13): `/healthy` while the process answers, `/ready` while it serves, `/metrics` for
 * Prometheus. No authentication: it says nothing about the mesh's content; its address is a setting.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from '#base/http-server.ts'
import { METRICS_CONTENT_TYPE, type Metrics } from '#base/metrics.ts'
import { type Listening, listenOn } from './http/listening.ts'

export interface DiagnosticsOptions {
  readonly host: string
  readonly port: number
  readonly metrics: Metrics
  readonly isReady: () => boolean
}

/** Throws `api.listen`. */
export function startDiagnostics(options: DiagnosticsOptions): Promise<Listening> {
  const { host, port } = options
  const server = createServer((request, response) => answer(options, request, response))
  return listenOn(server, { host, port, name: 'diagnostics', setting: 'diagnostics.serverPort' })
}

function answer(
  { metrics, isReady }: DiagnosticsOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const path = (request.url ?? '/').replace(/[?#].*$/, '').replace(/(?<=.)\/+$/, '')
  const page = PAGES[path]
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (page === undefined || !isRead) {
    response.writeHead(page === undefined ? 404 : 405, {
      'content-type': 'text/plain; charset=utf-8',
      ...(page === undefined ? {} : { allow: 'GET, HEAD' }),
    })
    response.end(page === undefined ? '404 page not found\n' : '405 method not allowed\n')
  } else if (page === 'metrics') {
    response.writeHead(200, { 'content-type': METRICS_CONTENT_TYPE })
    response.end(metrics.text())
  } else {
    response.writeHead(page === 'ready' && !isReady() ? 503 : 200, { 'content-length': 0 })
    response.end()
  }
}

const PAGES: Readonly<Record<string, 'healthy' | 'ready' | 'metrics'>> = {
  '/healthy': 'healthy',
  '/ready': 'ready',
  '/metrics': 'metrics',
}
