/**
 * The HTTP API's listeners: HTTP for this machine, HTTPS for others, the diagnostics; HTTP request → route →
 * `dispatch.ts` → response. The only import of fastify, which routes and parses; handlers do not know it.
 */
import type { RequestListener, Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { type FastifyReply, type FastifyRequest, fastify, LogController } from 'fastify'
import { createServer, createTlsServer } from '#base/http-server.ts'
import { addProcessMetrics } from '#base/metrics/process.ts'
import { Metrics } from '#base/metrics.ts'
import type { CpSettings } from '../config.ts'
import { type ApiOptions, contextOf, guiRoutesFor, prefixOf, type TlsPair } from './context.ts'
import { startDiagnostics } from './diagnostics.ts'
import { dispatch } from './dispatch.ts'
import { methodNotAllowed, NOT_FOUND, type Rendered, render } from './http/answer.ts'
import { readBytes } from './http/body.ts'
import { readClientCas } from './http/client-cas.ts'
import { refuseClient } from './http/client-error.ts'
import { type Cors, corsFor } from './http/cors.ts'
import { type Listening, listenOn } from './http/listening.ts'
import { type RequestCounter, requestCounter } from './http/request-counter.ts'
import { cleanPath, pathOf, restoreMethod, routedByPath, routedUrl } from './http/request-line.ts'
import { problem, problemOf } from './problem.ts'
import type { ApiContext, IncomingFacts, Route } from './request.ts'
import { routesOf } from './routes.ts'
import { LogComponents } from './system/log-components.ts'

export interface Api {
  /** All listeners that the settings enable. Throws `api.listen` with what, where and what to do. */
  listen(): Promise<void>
  /** Ports in use; null for a listener that is not open. */
  ports(): {
    readonly http: number | null
    readonly https: number | null
    readonly diagnostics: number | null
  }
  /** A renewed certificate: new connections get it. */
  setTls(pair: TlsPair): void
  /** Not ready at once; running requests end, idle connections are closed. */
  close(): Promise<void>
}

const HEADERS_TIMEOUT_MS = 20_000
const REQUEST_TIMEOUT_MS = 60_000
const KEEP_ALIVE_MS = 65_000
/** Names have at most 253 characters, which a careful client may send in three bytes each. */
const MAX_PARAMETER = 1_024
/** Characters of a path in an error. */
const MAX_SHOWN = 200

export function createApi(options: ApiOptions): Api {
  const { settings } = options
  const metrics = options.metrics ?? new Metrics()
  addProcessMetrics(metrics, options.version)
  const open: { http?: Listening; https?: Listening; diagnostics?: Listening } = {}
  let tls = options.tls
  let tlsServer: TlsServer | null = null
  let clientCas: Awaited<ReturnType<typeof clientCasFor>> = {}
  let isReady = false
  const count = requestCounter(metrics)

  return {
    async listen() {
      const context = await contextOf(options, () => isReady)
      const cors = corsFor(settings['apiServer.corsAllowedDomains'])
      clientCas = await clientCasFor(settings)
      const site: Site = {
        context,
        routes: [...routesOf(context), ...guiRoutesFor(settings, context)],
        prefix: prefixOf(settings),
        cors,
        maxBodyBytes: settings['apiServer.maxBodyBytes'],
        count,
      }
      const handler = await handlerFor(site)
      try {
        open.diagnostics = await startDiagnostics({
          host: settings['diagnostics.serverInterface'],
          port: settings['diagnostics.serverPort'],
          metrics,
          isReady: () => isReady,
          logs: options.logs ?? new LogComponents(options.log),
        })
        if (settings['apiServer.http.enabled']) {
          open.http = await listenOn(tended(createServer(handler)), addressOf(settings, 'http'))
          warnOfClearText(options)
        }
        if (settings['apiServer.https.enabled']) {
          tlsServer = createTlsServer({ ...tls, ...clientCas, minVersion: 'TLSv1.2' }, handler)
          open.https = await listenOn(tended(tlsServer), addressOf(settings, 'https'))
        }
      } catch (error) {
        await closeAll(open)
        throw error
      }
      isReady = true
    },
    ports: () => ({
      http: open.http?.port ?? null,
      https: open.https?.port ?? null,
      diagnostics: open.diagnostics?.port ?? null,
    }),
    setTls(pair) {
      tls = pair
      tlsServer?.setSecureContext({ ...pair, ...clientCas, minVersion: 'TLSv1.2' })
    },
    async close() {
      isReady = false
      await closeAll(open)
    },
  }
}

function addressOf(settings: CpSettings, protocol: 'http' | 'https') {
  return {
    host: settings[`apiServer.${protocol}.interface`],
    port: settings[`apiServer.${protocol}.port`],
    name: `${protocol.toUpperCase()} API`,
    setting: `apiServer.${protocol}.port`,
  }
}

function warnOfClearText({ settings, log }: ApiOptions): void {
  const host = settings['apiServer.http.interface']
  if (/^(127\.|::1$|localhost$)/.test(host)) return
  log.warn(
    { host },
    'the HTTP API listens beyond this machine: tokens and secrets travel in the clear; use the HTTPS API',
  )
}

/** Certificates of clients are asked for and not demanded: others come with tokens. */
async function clientCasFor(settings: CpSettings) {
  const dir = settings['apiServer.auth.clientCertsDir']
  if (dir === null) return {}
  return { ca: [...(await readClientCas(dir))], requestCert: true, rejectUnauthorized: false }
}

async function closeAll(open: {
  http?: Listening
  https?: Listening
  diagnostics?: Listening
}): Promise<void> {
  const listenings = [open.http, open.https, open.diagnostics]
  delete open.http
  delete open.https
  delete open.diagnostics
  await Promise.all(listenings.map(listening => listening?.close()))
}

interface Site {
  readonly context: ApiContext
  readonly routes: readonly Route[]
  /** Before all paths; may be empty. */
  readonly prefix: string
  /** null: pages of other sites may read nothing. */
  readonly cors: Cors | null
  readonly maxBodyBytes: number
  readonly count: RequestCounter
}

/** One for all listeners. */
async function handlerFor(site: Site): Promise<RequestListener> {
  const { context, routes, prefix, cors, maxBodyBytes, count } = site
  const { log } = context
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAMETER },
    // ours have the listeners
    serverFactory: () => createServer(),
    rewriteUrl: ({ url = '/' }) => routedUrl(url),
    frameworkErrors: (error, request, reply) => {
      const why =
        error.code === 'FST_ERR_MAX_PARAM_LENGTH'
          ? `a name in it is longer than ${MAX_PARAMETER} characters`
          : 'it is not percent-encoded UTF-8'
      const detail = `${pathOf(request.raw.url).slice(0, MAX_SHOWN)} is not a valid path: ${why}`
      send(reply, render(problem({ status: 400, title: 'Bad Request', detail }), 'json'))
    },
  })
  // bodies are read by the handlers that want them, after the caller's rights
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.addHook('onRequest', async (request, reply) => {
    restoreMethod(request.raw)
    const path = pathOf(request.raw.url)
    if (path.includes('//'))
      await reply.redirect(`${cleanPath(path)}${(request.raw.url ?? '').slice(path.length)}`, 307)
    // the type of a body is for those who read it
    if (request.raw.headers['content-type'] !== undefined) request.headers = ANY_TYPE
    if (cors !== null) reply.headers(cors.headers(request.headers.origin))
  })
  app.addHook('onResponse', async ({ method }, reply) => count(method, reply.statusCode, reply.elapsedTime))
  app.setNotFoundHandler((_request, reply) => send(reply, render(NOT_FOUND, 'json')))
  app.setErrorHandler((error, request, reply) => {
    const failure = { operation: 'Could not process the request', id: request.id, method: request.method }
    send(reply, render(problemOf(error, { ...failure, path: pathOf(request.raw.url) }, log), 'json'))
  })
  for (const { path, methods } of routes) {
    const known = Object.keys(methods)
    const refusal = render(methodNotAllowed(known), 'json')
    const refuse = ({ method, headers }: FastifyRequest): Rendered => {
      const allowed = method === 'OPTIONS' ? (cors?.preflight(headers.origin, known) ?? null) : null
      return allowed === null ? refusal : { status: 204, headers: allowed, body: '' }
    }
    const endpoints = new Map(Object.entries(methods))
    const route = path.replace(/:(\w+)/g, '{$1}')
    app.get(`${prefix}${path}`, async (request, reply) => {
      // a HEAD is answered as a GET, whose body Node leaves out
      const endpoint = endpoints.get(request.method === 'HEAD' ? 'GET' : request.method)
      if (endpoint === undefined) return send(reply, refuse(request))
      return send(reply, await dispatch(context, endpoint, factsOf(request, reply, route, maxBodyBytes)))
    })
  }
  await app.ready()
  return routedByPath(app.routing)
}

function factsOf(
  { raw, params }: FastifyRequest,
  reply: FastifyReply,
  route: string,
  maxBodyBytes: number,
): IncomingFacts {
  const { method = 'GET', url = '/', headers, socket } = raw
  const path = pathOf(url)
  const isTls = 'encrypted' in socket
  return {
    method,
    path,
    route,
    origin: `${isTls ? 'https' : 'http'}://${headers.host ?? 'localhost'}`,
    // fastify's own: texts by name
    params: params as Readonly<Record<string, string>>,
    query: new URLSearchParams(url.slice(path.length)),
    headers,
    remoteAddress: socket.remoteAddress,
    isTls,
    // verified against the CAs of the setting, and against nothing without it
    hasTrustedClientCertificate: 'authorized' in socket && socket.authorized === true,
    body: () => readBytes(raw, maxBodyBytes),
    gone: () => {
      const gone = new AbortController()
      if (reply.raw.closed) gone.abort()
      else reply.raw.once('close', () => gone.abort())
      return gone.signal
    },
  }
}

/** As bytes: of a text fastify would complete the content type. */
function send(reply: FastifyReply, { status, headers, body }: Rendered): FastifyReply {
  reply.code(status).headers(headers)
  if (body === '') return reply.send()
  return reply.send(typeof body === 'string' ? Buffer.from(body) : body)
}

const ANY_TYPE = { 'content-type': 'application/octet-stream' }

function tended<S extends Server>(server: S): S {
  server.on('clientError', refuseClient)
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return server
}
