/**
 * Application protocols on connections between data planes (RFC 7301).
 *
 *   vmesh/1       many calls on one connection, in frames (dp/codec/vmesh1). Preferred where both sides speak it.
 *   vmesh-raw/1   the bytes of the application's own protocol (HTTP/1.1 or TCP), as they are, for data planes that
 *                 are older than vmesh/1; `kuma` is what data planes of Kuma call the same. Theirs select none, and
 *                 know by the offer, where plain text is allowed too, TLS of the mesh from the application's own.
 *   h2            HTTP/2 with others that hold a certificate of the mesh (curl, HAProxy, nginx), both ways.
 *   http/1.1      HTTP/1.1 with others, both ways.
 *
 * The server's order decides. A `vmesh` name marks mesh traffic: an inbound that takes plain text and foreign TLS as well
 * tells them apart by it. Who the peer is never depends on this: a client without ALPN is served when its certificate is
 * good, and HTTP/2 is known by its preface whatever was agreed on. To grow: a new framing is a new name, in front.
 */
export const MULTIPLEXED = 'vmesh/1'
export const RAW = 'vmesh-raw/1'
export const KUMA = 'kuma'
export const HTTP2 = 'h2'
export const HTTP1 = 'http/1.1'

/** What a server takes, best first. HTTP/2 only where HTTP is spoken: the bytes of a TCP service are its own. */
export const HTTP_SERVER: readonly string[] = [MULTIPLEXED, RAW, KUMA, HTTP2, HTTP1]
export const TCP_SERVER: readonly string[] = [MULTIPLEXED, RAW, KUMA, HTTP1]

/** What a client offers for calls of HTTP, for one connection a call, for TCP, and for one TCP connection. */
export const HTTP_CLIENT: readonly string[] = [MULTIPLEXED, RAW, KUMA, HTTP2, HTTP1]
export const HTTP1_CLIENT: readonly string[] = [RAW, KUMA, HTTP1]
export const TCP_CLIENT: readonly string[] = [MULTIPLEXED, RAW, KUMA]
export const TUNNEL_CLIENT: readonly string[] = [RAW, KUMA]
