/** Where a response goes: the seam between an exchange and the form that the client's connection has. */
import type { ResponseHead } from '../codec/http1/response-head.ts'

/** Sends that answer false have to stop until the client's connection has drained. */
export interface ResponseSink {
  /** Takes heads of HTTP/2 as they are; others want them as text. */
  readonly takesBlocks: boolean
  /** Written and not taken by the client. */
  readonly pendingBytes: number
  /** The mesh's own answer that leads elsewhere. `policy`: `KIND/POLICY`. */
  redirect(status: number, location: string, policy: string): void
  /** A head below 200; another follows. */
  interim(head: ResponseHead): boolean
  /**
   * The head, and what there is of the body: `bytes[start, end)`, in the framing that the head says. `reason`: of the
   * mesh, where it has made the response; ''. `isEnd`: nothing follows.
   */
  begin(
    head: ResponseHead,
    reason: string,
    bytes: Buffer,
    start: number,
    end: number,
    isEnd: boolean,
  ): boolean
  body(bytes: Buffer, start: number, end: number, isEnd: boolean): boolean
  /** The end of a body that was framed by the end of its connection. */
  end(): void
}
