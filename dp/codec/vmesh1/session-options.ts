/** What a session is told when it is made: which side it is, within which limits, and whom it tells what. */
import type { SessionLimits } from './session-limits.ts'
import type { VmeshStream } from './stream.ts'

export interface SessionHandler {
  /** Server: a stream was opened; its sink has to be set before this returns. */
  onStream(stream: VmeshStream): void
  /** A stream has gone, or there can be no new ones any more. */
  onChange(): void
  /** The connection is closed; all streams were told. */
  onClose(): void
}

export interface SessionOptions {
  readonly isServer: boolean
  /** What the wire reads may be kept. */
  readonly ownsReads: boolean
  readonly limits: SessionLimits
  readonly handler: SessionHandler
}
