/**
 * Which fields may come as trailers: some recipients merge trailers into the head, so none that decides about framing,
 * routing, identity or how the content is read may come after it (RFC 9110 §6.5.1). The same for every form of HTTP.
 */
const HEAD_ONLY = new Set([
  ...['content-length', 'transfer-encoding', 'te', 'trailer', 'connection', 'keep-alive', 'proxy-connection'],
  ...[
    'host',
    'upgrade',
    'expect',
    'max-forwards',
    'range',
    'content-encoding',
    'content-type',
    'content-range',
  ],
  ...[
    'authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'forwarded',
    'x-request-id',
    'x-kuma-tags',
  ],
  ...['x-forwarded-client-cert', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
])

/** `name`: lower case; `_` counts as `-`, which CGI and its descendants read as the same. */
export function isTrailerName(name: string): boolean {
  return !HEAD_ONLY.has(name.replaceAll('_', '-'))
}
