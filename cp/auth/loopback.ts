/**
 * Who calls from this machine is admin, unless the request shows that somebody else speaks through a browser or a
 * proxy here (kuma-api 1.3, the checks of 2.14). Stricter than Kuma: any common forwarding header ends it.
 */

export interface RequestFacts {
  /** Of the socket. */
  readonly remoteAddress: string | undefined
  readonly isTls: boolean
  /** Names in lower case, as Node gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The TLS layer verified a client certificate against the CAs that the operator named for admins. */
  readonly hasTrustedClientCertificate: boolean
}

/** null: admin by loopback; else why not. */
export function loopbackRefusal(request: RequestFacts): string | null {
  if (!LOOPBACK_ADDRESSES.has(request.remoteAddress ?? '')) return 'the caller is not on this machine'
  const host = textOf(request, 'host')
  if (!LOOPBACK_HOST.test(host)) return `the Host header ${JSON.stringify(host)} is not a loopback name`
  const forwarding = Object.keys(request.headers).find(
    name => request.headers[name] !== undefined && FORWARDING_HEADER.test(name),
  )
  if (forwarding !== undefined) return `the header ${forwarding} says that the request was forwarded`
  const origin = request.headers['origin']
  const own = `${request.isTls ? 'https' : 'http'}://${host}`
  if (origin !== undefined && textOf(request, 'origin').toLowerCase() !== own.toLowerCase()) {
    return 'the Origin header names another site'
  }
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && !OWN_SITES.has(textOf(request, 'sec-fetch-site'))) {
    return 'the Sec-Fetch-Site header names another site'
  }
  return null
}

/** The second and third are what a socket for both families shows. */
const LOOPBACK_ADDRESSES: ReadonlySet<string> = new Set(['127.0.0.1', '::ffff:127.0.0.1', '::1'])
const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?$/i
const FORWARDING_HEADER = /^(forwarded|via|x-real-ip|x-forwarded(-.*)?)$/
const OWN_SITES: ReadonlySet<string> = new Set(['none', 'same-origin'])

function textOf(request: RequestFacts, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : (value ?? []).join(',')
}
