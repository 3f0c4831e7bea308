/**
 * The diagnostics port (kuma-api 1.13): `/healthy` while the process answers, `/ready` while it serves, `/metrics` for
 * Prometheus, `/logging` for levels of the log. No authentication: it says nothing about the mesh's content; its address
 * is a setting.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from '#base/http-server.ts'
import { METRICS_CONTENT_TYPE, type Metrics } from '#base/metrics.ts'
import { type Listening, listenOn } from './http/listening.ts'
import type { LogComponents } from './system/log-components.ts'
import { answerLogging, LOGGING } from './system/logging.ts'

export interface DiagnosticsOptions {
  readonly host: string
  readonly port: number
  readonly metrics: Metrics
  readonly isReady: () => boolean
  readonly logs: LogComponents
}

/** Throws `api.listen`. */
export function startDiagnostics(options: DiagnosticsOptions): Promise<Listening> {
  const { host, port } = options
  const server = createServer((request, response) => answer(options, request, response))
  return listenOn(server, { host, port, name: 'diagnostics', setting: 'diagnostics.serverPort' })
}

function answer(options: DiagnosticsOptions, request: IncomingMessage, response: ServerResponse): void {
  const { metrics, isReady, logs } = options
  const path = (request.url ?? '/').replace(/[?#].*$/, '').replace(/(?<=.)\/+$/, '')
  if (path === LOGGING || path.startsWith(`${LOGGING}/`)) {
    void answerLogging(logs, request, path).then(({ status, headers, text }) => {
      response.writeHead(status, {
        ...(text === '' ? {} : TEXT),
        'content-length': Buffer.byteLength(text),
        ...headers,
      })
      response.end(request.method === 'HEAD' ? '' : text)
    })
    return
  }
  const page = PAGES[path]
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (page === undefined || !isRead) {
    response.writeHead(page === undefined ? 404 : 405, {
      ...TEXT,
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

const TEXT = { 'content-type': 'text/plain; charset=utf-8' }

const PAGES: Readonly<Record<string, 'healthy' | 'ready' | 'metrics'>> = {
  '/healthy': 'healthy',
  '/ready': 'ready',
  '/metrics': 'metrics',
}
