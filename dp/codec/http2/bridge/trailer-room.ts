/**
 * Room for trailers: HTTP/1.1, which daemons speak with one another, has a place for them behind chunks only (RFC 9112 §7.1.2),
 * and whether some come is not known before the last byte of a body. Who is going to send them says so.
 */
import type { HeaderBlock } from '../header-block.ts'
import { isGrpc } from './mesh-answer.ts'

/**
 * Takes the length of a body that follows out of a head whose sender announces trailers, or speaks gRPC, which ends every
 * call with them: the body goes on in chunks. Any other length stays, and trailers behind it are dropped
 * (RFC 9110 §6.5.1).
 */
export function makeRoomForTrailers(block: HeaderBlock): void {
  const { contentLength, fields } = block
  if (contentLength < 0) return
  if (fields.get('trailer') === undefined && !isGrpc(fields.get('content-type'))) return
  fields.drop(LENGTH)
  block.contentLength = -1
}

const LENGTH = ['content-length']
