/** After a 101, or 2xx to a CONNECT: the client's connection and the upstream stream are a tunnel. */
import type { Stream } from '../cluster/transport.ts'
import type { ByteStream } from '../codec/byte-stream.ts'
import { dropNamed } from '../codec/http1/fields.ts'
import type { ResponseHead } from '../codec/http1/response-head.ts'
import { Tunnel } from '../codec/tunnel.ts'
import type { ReasonCode } from '../errors.ts'
import { TUNNEL } from './outgoing.ts'
import type { Caller, HttpRole, LiveConnection } from './role.ts'

/** What the client sent behind its request, and whether it will send nothing more. */
export interface EarlyBytes {
  readonly kept: Buffer | null
  readonly hasEnded: boolean
}

/** RFC 9110 §9.3.6: about a body, which a tunnel does not have. */
const FRAMING = ['content-length', 'transfer-encoding']

/**
 * What tells the client that the protocol changes to `upgrade`, or that its CONNECT was granted; '' where the server has
 * changed to one that nobody offered.
 */
export function switchedHead({ text, status, upgrade: to }: ResponseHead, upgrade: string): string {
  if (upgrade === TUNNEL && status !== 101) return `${dropNamed(text, text.indexOf('\r\n') + 2, FRAMING)}\r\n`
  if (upgrade === '' || to !== upgrade || status !== 101) return ''
  return `${text}connection: upgrade\r\nupgrade: ${upgrade}\r\n\r\n`
}

export class UpgradedConnection implements LiveConnection {
  readonly #role: HttpRole
  readonly #tunnel: Tunnel

  /** `rest`: what the server sent behind its answer. `onClose`: both sides have closed; else the role is told. */
  constructor(
    down: ByteStream,
    stream: Stream,
    early: EarlyBytes,
    rest: Buffer,
    role: HttpRole,
    onClose: () => void = () => role.closed(this),
  ) {
    this.#role = role
    this.#tunnel = new Tunnel(down, stream, {
      deadlines: role.deadlines,
      idleMs: role.limits.streamIdleMs,
      onClose: () => {
        stream.release(false, -1)
        onClose()
      },
    })
    if (rest.length > 0) down.writeBytes(rest)
    if (early.kept !== null) stream.writeBytes(early.kept)
    if (early.hasEnded) this.#tunnel.endFrom(down)
    down.resume()
  }

  get deadlineMs(): number {
    return this.#tunnel.deadlineMs
  }

  reconsider(caller: Caller): void {
    if (caller.denial !== '') this.end(caller.denial, caller.policy)
  }

  end(reason: ReasonCode, policy = ''): void {
    this.#role.counters.fail(reason, policy)
    this.#tunnel.cut()
  }

  /** It ends by itself, or when the time of the listener is over. */
  retire(): void {}

  sweep(nowMs: number): void {
    if (nowMs > this.deadlineMs) this.end('stream-timeout')
  }
}
