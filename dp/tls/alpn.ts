/**
 * Application protocols on connections between data planes (RFC 7301).
 *
 *   vmesh/1       many calls on one connection, in frames (dp/codec/vmesh1). Preferred where both sides speak it.
 *   vmesh-raw/1   the bytes of the application's own protocol (HTTP/1.1 or TCP), as they are, for data planes that
 *                 are older than vmesh/1.
 *   http/1.1      offered by foreign clients with a certificate of the mesh (curl); treated as vmesh-raw/1.
 *
 * A `vmesh` name marks mesh traffic: an inbound that takes plain text and foreign TLS as well tells them apart by it.
 * Who the peer is never depends on this: a client without ALPN is served when its certificate is good.
 */
export const MULTIPLEXED = 'vmesh/1'
export const RAW = 'vmesh-raw/1'

/** In the order of the server's preference. */
export const SERVER_PROTOCOLS: readonly string[] = [MULTIPLEXED, RAW, 'http/1.1']
