/** After a 101: the client's connection and the upstream stream become a tunnel (WebSocket). */
import type { Stream } from '../cluster/transport.ts'
import type { ByteStream } from '../codec/byte-stream.ts'
import { Tunnel } from '../codec/tunnel.ts'
import type { HttpRole } from './role.ts'

/** What the client sent behind its request, and whether it will send nothing more. */
export interface EarlyBytes {
  readonly kept: Buffer | null
  readonly hasEnded: boolean
}

/** `rest`: what the server sent behind its 101. `onClose`: both sides are closed, the stream was given back. */
export function joinUpgraded(
  down: ByteStream,
  stream: Stream,
  early: EarlyBytes,
  rest: Buffer,
  role: HttpRole,
  onClose: () => void,
): Tunnel {
  const tunnel = new Tunnel(down, stream, {
    deadlines: role.deadlines,
    idleMs: role.limits.streamIdleMs,
    onClose: () => {
      stream.release(false, -1)
      onClose()
    },
  })
  if (rest.length > 0) down.writeBytes(rest)
  if (early.kept !== null) stream.writeBytes(early.kept)
  if (early.hasEnded) tunnel.endFrom(down)
  down.resume()
  return tunnel
}
