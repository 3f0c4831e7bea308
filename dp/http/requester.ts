/** The seam between the client's half of an exchange (connection.ts, http2-request.ts) and the upstream half. */
import type { Stream } from '../cluster/transport.ts'
import type { AnswerForm, ReasonCode } from '../errors.ts'
import type { ResponseSink } from './response-sink.ts'

/** The client's half, as the exchange sees it. */
export interface Requester {
  /** What the request's body comes from. */
  readonly down: { pause(): void; resume(): void; readonly remoteAddress?: string }
  readonly response: ResponseSink
  /** Bytes have moved. */
  touch(): void
  /** The response is complete and the stream given back. */
  responded(): void
  /** There is no response: `reason` is to be answered. `policy`: that decided; ''. `form`: null: as the reason says. The stream was given back. */
  failed(reason: ReasonCode, policy: string, form: AnswerForm | null): void
  /** The response broke off behind its head. The stream was given back. */
  truncated(reason: ReasonCode): void
  /** The server switches protocols; `rest`: what it sent behind its head. The stream is the requester's now. */
  upgraded(stream: Stream, head: string, rest: Buffer): void
}
