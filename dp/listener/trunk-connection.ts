/**
 * A connection of another data plane that carries many: each of its streams is served like a connection of its own,
 * by the rights that the client has when it is opened.
 */
import type { ByteStream } from '../codec/byte-stream.ts'
import type { Deadlines } from '../codec/deadlines.ts'
import type { Limits } from '../codec/limits.ts'
import { Session } from '../codec/vmesh1/session.ts'
import type { SessionHandler } from '../codec/vmesh1/session-options.ts'
import type { VmeshStream } from '../codec/vmesh1/stream.ts'
import type { Caller, LiveConnection } from '../http/role.ts'
import type { Peer } from '../tls/peer.ts'
import type { Traffic } from './connections.ts'

/** Who is at the other end of a connection, and until when. */
export interface Client {
  /** null: plain text. */
  readonly peer: Peer | null
  /** End of the first of both certificates; Infinity without TLS. */
  readonly expiresAtMs: number
  readonly caller: Caller
}

export interface TrunkRole {
  readonly limits: Limits
  readonly deadlines: Deadlines
  serve(stream: ByteStream & Traffic, client: Client): void
  closed(connection: LiveConnection): void
}

/** Its streams are counted. */
export const NO_TRAFFIC: Traffic = { bytesRead: 0, bytesWritten: 0 }

export class TrunkConnection implements LiveConnection, SessionHandler {
  readonly #role: TrunkRole
  readonly #session: Session
  #client: Client

  constructor(wire: ByteStream, role: TrunkRole, client: Client) {
    this.#role = role
    this.#client = client
    this.#session = new Session(wire, { isServer: true, ownsReads: true, limits: role.limits, handler: this })
  }

  onStream(stream: VmeshStream): void {
    this.#role.serve(stream, this.#client)
  }

  onChange(): void {}

  onClose(): void {
    this.#role.closed(this)
  }

  retire(): void {
    this.#session.leave()
  }

  /** Its streams are told as well, and get a moment to say why. */
  end(): void {
    this.#session.leaveWithin(this.#role.limits.lingerMs, this.#role.deadlines.nowMs)
  }

  reconsider(caller: Caller): void {
    this.#client = { ...this.#client, caller }
  }

  sweep(nowMs: number): void {
    this.#session.sweep(nowMs)
  }
}
