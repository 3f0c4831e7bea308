/**
 * The control plane's HTTP API as vmeshctl uses it: one request, one answer; failures say the address, why, and what
 * to do.
 */
import { codeOf, messageOf } from '#base/errors.ts'
import type { Agent } from '#base/http-client.ts'
import { misconfigured, type Problem, readProblem, refused, unreachable } from './errors.ts'

/** How a control plane is called. */
export interface Target {
  /** `http://HOST:PORT`, maybe with a path. */
  readonly url: string
  /** Sent as a bearer token; null: none. */
  readonly token: string | null
  /** PEM; null: the roots that Node knows. */
  readonly ca: string | null
  readonly skipVerify: boolean
  /** PEM; null: none. */
  readonly clientCertificate: { readonly cert: string; readonly key: string } | null
  readonly headers: Readonly<Record<string, string>>
  /** For the whole of a request. */
  readonly timeoutMs: number
  /** Told of every request and its status. */
  readonly trace: ((line: string) => void) | null
  /** Told once what the control plane remarks about how it is called. */
  readonly remark: (line: string) => void
}

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

export interface Answer {
  readonly status: number
  readonly text: string
  /** Empty where there is none. */
  readonly etag: string
}

/** An ETag without its quotes. */
export function versionOf(etag: string): string {
  return etag.replace(/^W\//, '').replaceAll('"', '')
}

export interface SendOptions {
  /** In their order; a key may come again. */
  readonly query?: Readonly<Record<string, string | readonly string[]>>
  /** Sent as JSON. */
  readonly body?: unknown
  readonly accept?: string
  /** `EPOCH-REVISION` that has to be there for a write; null: whatever is. */
  readonly ifVersion?: string | null
  /** Added to the timeout: how long the control plane was asked to wait. */
  readonly patienceMs?: number
}

/** Connections at once; more requests queue. */
const MAX_CONNECTIONS = 16

export class ApiClient {
  readonly #target: Target
  readonly #base: URL
  /** Loaded with the first request: it takes as long as most commands run. */
  #agent: Promise<Agent> | null = null
  #hasRemarked = false

  constructor(target: Target) {
    this.#target = target
    this.#base = addressOf(target.url)
  }

  get address(): string {
    return this.#target.url
  }

  /**
   * Any answer, refusals too. Throws `cli.unreachable` and, for certificates, `cli.misconfigured`.
   * @param segments of the path, as they are: they are escaped here
   */
  async send(method: Method, segments: readonly string[], options: SendOptions = {}): Promise<Answer> {
    const url = new URL(this.#base)
    url.pathname = [url.pathname.replace(/\/+$/, ''), ...segments.map(encodeURIComponent)].join('/')
    for (const [key, values] of Object.entries(options.query ?? {})) {
      for (const value of [values].flat()) url.searchParams.append(key, value)
    }
    const timeoutMs = this.#target.timeoutMs + (options.patienceMs ?? 0)
    try {
      const answer = await this.#exchange(method, url, options, timeoutMs)
      this.#target.trace?.(`${method} ${url.href} ${answer.status}`)
      return answer
    } catch (error) {
      throw this.#failure(error, timeoutMs)
    }
  }

  /** The answer's JSON; throws `cli.refused` for 400 and above. */
  async json(method: Method, segments: readonly string[], options: SendOptions = {}): Promise<unknown> {
    const answer = await this.send(method, segments, options)
    if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text), segments[1])
    return this.parse(answer)
  }

  /** As `json`, but null for 404 with the problem handed to `onMissing`. */
  async jsonIfThere(
    segments: readonly string[],
    onMissing: (problem: Problem) => void = () => {},
  ): Promise<unknown> {
    const answer = await this.send('GET', segments)
    if (answer.status === 404) {
      onMissing(readProblem(404, answer.text))
      return null
    }
    if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text))
    return this.parse(answer)
  }

  /** undefined for an empty body. Throws `cli.misconfigured` for what is not JSON: it is no control plane. */
  parse(answer: Pick<Answer, 'text'>): unknown {
    if (answer.text === '') return undefined
    try {
      return JSON.parse(answer.text)
    } catch (error) {
      const message = `${this.address} answers ${JSON.stringify(answer.text.slice(0, 60))}, which is no JSON; is it the HTTP API of a control plane?`
      throw misconfigured(message, error)
    }
  }

  async close(): Promise<void> {
    await (await this.#agent)?.destroy()
  }

  async #exchange(method: Method, url: URL, options: SendOptions, timeoutMs: number): Promise<Answer> {
    const { body, accept = 'application/json', ifVersion = null } = options
    const { request } = await import('#base/http-client.ts')
    this.#agent ??= this.#connect()
    const response = await request(url, {
      method,
      dispatcher: await this.#agent,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        ...this.#headers(body !== undefined, accept),
        ...(ifVersion === null ? {} : { 'if-match': JSON.stringify(ifVersion) }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const { etag, 'x-vmesh-token': token } = response.headers
    if (token !== undefined && !this.#hasRemarked) {
      this.#hasRemarked = true
      this.#target.remark(`your token was ${String(token)}`)
    }
    return { status: response.statusCode, text: await response.body.text(), etag: String(etag ?? '') }
  }

  async #connect(): Promise<Agent> {
    const { Agent } = await import('#base/http-client.ts')
    const { ca, clientCertificate, skipVerify } = this.#target
    return new Agent({
      connections: MAX_CONNECTIONS,
      connect: { ...(ca === null ? {} : { ca }), ...clientCertificate, rejectUnauthorized: !skipVerify },
      // the signal of each request says how long it may take
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  #headers(hasBody: boolean, accept: string): Record<string, string> {
    const { token, headers } = this.#target
    return {
      accept,
      'user-agent': 'vmeshctl',
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    }
  }

  #failure(error: unknown, timeoutMs: number): Error {
    const code = codeOf(error) || codeOf(error instanceof Error ? error.cause : undefined)
    const { url } = this.#target
    const name = error instanceof Error ? error.name : ''
    if (name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') {
      return unreachable(url, `no answer in ${timeoutMs / 1000} s; try again, or raise --api-timeout`, error)
    }
    const tls = TLS_HELP.find(([codes]) => codes.test(`${code} ${messageOf(error)}`))
    if (tls !== undefined) return misconfigured(`${url}: ${tls[1]}`, error)
    const why = WHY[code] ?? `${messageOf(error) || code}; check the address`
    return unreachable(url, why, error)
  }
}

const CHECK = 'is it running, and is this its address? See vmeshctl config control-planes list'
const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: `nobody listens there; ${CHECK}`,
  ENOTFOUND: 'there is no host of that name; check the address',
  EAI_AGAIN: 'the name cannot be looked up now; check the name server, or try again',
  EHOSTUNREACH: 'there is no way to that host; check the network and the address',
  ENETUNREACH: 'there is no way to that network; check the network and the address',
  ECONNRESET:
    'the connection was cut; if the address is of the HTTPS port (5682), it has to begin with https://',
  UND_ERR_SOCKET:
    'the other side closed the connection; does the address begin with the right http:// or https://?',
}

const TLS_HELP: readonly (readonly [RegExp, string])[] = [
  [
    /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|DEPTH_ZERO|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE/,
    "its certificate is not signed by a CA that is trusted here; copy DATA/tls/ca.crt of the control plane's data folder and give it with --ca-cert-file",
  ],
  [
    /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    'its certificate is not valid at this time; check the clock of both machines, then the certificate',
  ],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID/,
    'its certificate is for other names; use one of them as the address, or start the control plane with --tls-san',
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH|wrong version number|packet length too long/,
    'it does not speak TLS; begin the address with http:// for the HTTP port',
  ],
  [
    /ERR_OSSL|ERR_SSL|ERR_TLS|EPROTO|UND_ERR_INVALID_ARG/,
    'TLS fails; check --ca-cert-file and the client certificate',
  ],
]

function addressOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw misconfigured(
      `${JSON.stringify(text)} is not the address of a control plane; give http://HOST:5681 or https://HOST:5682`,
    )
  }
  return url
}
