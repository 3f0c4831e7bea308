/**
 * The first line of a request, method and URL as clients send them → as the table of routes has them. The framework
 * answers some that it does not know in its own way, and not in Kuma's (kuma-api 1.1).
 */
import type { IncomingMessage, RequestListener } from 'node:http'

/** Methods that the framework knows; it says 500 to a QUERY without a type. */
const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'PUT',
  'POST',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'TRACE',
])

const asked = new WeakMap<IncomingMessage, string>()

/**
 * The handler sees GET whatever was asked: the framework keeps a tree of all paths for each method, and the paths of all
 * kinds are a thousand. `restoreMethod` gives it back.
 */
export function routedByPath(handler: RequestListener): RequestListener {
  return (request, response) => {
    const { method = '' } = request
    // nothing is served for other methods, so that one of them may stand for all
    asked.set(request, METHODS.has(method) ? method : 'TRACE')
    request.method = 'GET'
    handler(request, response)
  }
}

export function restoreMethod(request: IncomingMessage): void {
  request.method = asked.get(request)
}

/**
 * As routes are written: without the host, which callers of proxies send, and with the plus of `dataplanes+insights`,
 * which some clients escape and which means the same in a path.
 */
export function routedUrl(url: string): string {
  return url
    .replace(/^https?:\/\/[^/?]*(?=(\/?))/i, (_, slash: string) => (slash === '' ? '/' : ''))
    .replace(/^[^?]*/, path => path.replace(/%2b/gi, '+'))
}

export function pathOf(url: string | undefined): string {
  return (url ?? '/').split('?', 1)[0] ?? '/'
}

/** A backslash would be a slash to browsers, and with it the path another host. */
export function cleanPath(path: string): string {
  return path.replace(/\/{2,}/g, '/').replaceAll('\\', '%5C')
}
