/**
 * Application protocols on connections between data planes (RFC 7301).
 *
 *   vmesh-raw/1   the bytes of the application's own protocol (HTTP/1.1 or TCP), as they are. Its presence marks mesh
 *                 traffic: an inbound that takes plain text and foreign TLS as well tells them apart by it.
 *   vmesh/1       reserved: many calls multiplexed on one connection. A server that speaks it will prefer it, one
 *                 that does not picks the name below it, so both can be offered.
 *   http/1.1      offered by foreign clients with a certificate of the mesh (curl); treated as vmesh-raw/1.
 *
 * Who the peer is never depends on this: a client without ALPN is served when its certificate is good.
 */
export const CLIENT_PROTOCOLS: readonly string[] = ['vmesh-raw/1']

/** In the order of the server's preference. */
export const SERVER_PROTOCOLS: readonly string[] = ['vmesh-raw/1', 'http/1.1']
