/**
 * The control plane's HTTP API as vmeshctl uses it: one request, one answer; failures say the address, why, and what
 * to do.
 */
import { codeOf, messageOf } from '#base/errors.ts'
import { Agent, request } from '#base/http-client.ts'
import { misconfigured, type Problem, readProblem, refused, unreachable } from './errors.ts'

/** How a control plane is called. */
export interface Target {
  /** `http://HOST:PORT`, maybe with a path. */
  readonly url: string
  /** Sent as a bearer token; null: none. */
  readonly token: string | null
  /** PEM; null: the roots that Node knows. */
  readonly ca: string | null
  /** PEM; null: none. */
  readonly clientCertificate: { readonly cert: string; readonly key: string } | null
  readonly headers: Readonly<Record<string, string>>
  /** For the whole of a request. */
  readonly timeoutMs: number
}

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

export interface Answer {
  readonly status: number
  readonly text: string
}

export class ApiClient {
  readonly #target: Target
  readonly #base: URL
  readonly #agent: Agent

  constructor(target: Target) {
    this.#target = target
    this.#base = addressOf(target.url)
    this.#agent = new Agent({
      connect: {
        ...(target.ca === null ? {} : { ca: target.ca }),
        ...(target.clientCertificate ?? {}),
      },
      headersTimeout: target.timeoutMs,
      bodyTimeout: target.timeoutMs,
    })
  }

  get address(): string {
    return this.#target.url
  }

  /**
   * Any answer, refusals too. Throws `cli.unreachable` and, for certificates, `cli.misconfigured`.
   * @param segments of the path, as they are: they are escaped here
   * @param body sent as JSON
   */
  async send(
    method: Method,
    segments: readonly string[],
    options: { readonly query?: Readonly<Record<string, string>>; readonly body?: unknown } = {},
  ): Promise<Answer> {
    const url = new URL(this.#base)
    url.pathname = [url.pathname.replace(/\/+$/, ''), ...segments.map(encodeURIComponent)].join('/')
    for (const [key, value] of Object.entries(options.query ?? {})) url.searchParams.set(key, value)
    try {
      const response = await request(url, {
        method,
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(this.#target.timeoutMs),
        headers: this.#headers(options.body !== undefined),
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      })
      return { status: response.statusCode, text: await response.body.text() }
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /** The answer's JSON; throws `cli.refused` for 400 and above. */
  async json(method: Method, segments: readonly string[], options: Parameters<ApiClient['send']>[2] = {}) {
    const answer = await this.send(method, segments, options)
    if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text))
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
  parse(answer: Answer): unknown {
    if (answer.text === '') return undefined
    try {
      return JSON.parse(answer.text)
    } catch (error) {
      const message = `${this.address} answers ${JSON.stringify(answer.text.slice(0, 60))}, which is no JSON; is it the HTTP API of a control plane?`
      throw misconfigured(message, error)
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  #headers(hasBody: boolean): Record<string, string> {
    const { token, headers } = this.#target
    return {
      accept: 'application/json',
      'user-agent': 'vmeshctl',
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    }
  }

  #failure(error: unknown): Error {
    const code = codeOf(error) || codeOf(error instanceof Error ? error.cause : undefined)
    const { timeoutMs, url } = this.#target
    const name = error instanceof Error ? error.name : ''
    if (name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT') {
      return unreachable(url, `no answer in ${timeoutMs / 1000} s; try again, or raise --api-timeout`, error)
    }
    const tls = TLS_HELP.find(([codes]) => codes.test(code))
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
    /WRONG_VERSION_NUMBER|PACKET_LENGTH/,
    'it does not speak TLS; begin the address with http:// for the HTTP port',
  ],
  [
    /ERR_OSSL|ERR_SSL|ERR_TLS|UND_ERR_INVALID_ARG/,
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
