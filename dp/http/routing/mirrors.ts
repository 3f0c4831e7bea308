/**
 * Copies of a request for other clusters (RequestMirror): each has an exchange of its own whose answer is dropped, and
 * nothing of it can hold the request up. A copy that cannot keep up with its body is given up and counted.
 */
import type { Stream } from '../../cluster/transport.ts'
import type { Sweepable } from '../../codec/deadlines.ts'
import { AUTHORITY_AT } from '../../codec/http2/bridge/heads.ts'
import { FieldList } from '../../codec/http2/field-list.ts'
import { Exchange } from '../exchange.ts'
import type { Outgoing } from '../outgoing.ts'
import type { Requester } from '../requester.ts'
import type { ResponseSink } from '../response-sink.ts'
import type { HttpRole } from '../role.ts'
import { plainWay } from './directions.ts'
import type { Copies, MirrorTo } from './route-table.ts'

const NOBODY: ResponseSink = {
  takesBlocks: true,
  pendingBytes: 0,
  redirect: () => {},
  interim: () => true,
  begin: () => true,
  body: () => true,
  end: () => {},
}

class Mirrors implements Copies {
  readonly #copies: readonly Copy[]

  constructor(copies: readonly Copy[]) {
    this.#copies = copies
  }

  send(bytes: Buffer, start: number, end: number, isDone: boolean): void {
    for (const copy of this.#copies) copy.send(bytes, start, end, isDone)
  }

  abort(): void {
    for (const copy of this.#copies) copy.giveUp()
  }
}

/** As Copier, for a listener's requests. */
export function sendCopies(
  role: HttpRole,
  mirrors: readonly MirrorTo[],
  request: Outgoing,
  isDone: boolean,
): Copies | null {
  if (request.upgrade !== '') return null
  const chosen = mirrors.filter(({ share }) => Math.random() < share)
  return chosen.length === 0 ? null : new Mirrors(chosen.map(to => new Copy(to, request, role, isDone)))
}

class Copy implements Requester, Sweepable {
  readonly response = NOBODY
  readonly #role: HttpRole
  readonly #exchange: Exchange
  #earlyBytes = 0
  #deadlineMs = 0
  #isSlow = false
  #isOver = false

  constructor({ cluster }: MirrorTo, request: Outgoing, role: HttpRole, isDone: boolean) {
    this.#role = role
    this.#exchange = new Exchange(this, role)
    role.counters.copies++
    role.deadlines.add(this)
    this.touch()
    this.#exchange.isRequestDone = isDone
    const hasRoom = role.counters.copies <= role.limits.maxCopies && role.load.enterCall(role.deadlines.nowMs)
    if (hasRoom) this.#exchange.begin(plainWay(cluster), shadowOf(request))
    else this.#lose()
  }

  get down(): Copy {
    return this
  }

  send(bytes: Buffer, start: number, end: number, isDone: boolean): void {
    if (this.#isOver) return
    if (this.#exchange.isWanted) this.#earlyBytes += end - start
    if (this.#isSlow || (this.#exchange.isWanted && this.#earlyBytes > this.#role.limits.maxPipelinedBytes))
      return this.giveUp()
    this.touch()
    this.#exchange.isRequestDone = isDone
    this.#exchange.sendBody(bytes, start, end)
  }

  /** The request has ended, or the copy is too slow. */
  giveUp(): void {
    if (this.#isOver) return
    this.#exchange.abort()
    this.#lose()
  }

  pause(): void {
    this.#isSlow = true
  }

  resume(): void {
    this.#isSlow = false
  }

  touch(): void {
    this.#deadlineMs = this.#role.deadlines.nowMs + this.#role.limits.copyIdleMs
  }

  sweep(nowMs: number): void {
    if (nowMs > this.#deadlineMs) this.giveUp()
  }

  responded(): void {
    this.#end()
  }

  failed(): void {
    this.#lose()
  }

  truncated(): void {
    this.#lose()
  }

  upgraded(stream: Stream): void {
    stream.release(false, -1)
    this.#lose()
  }

  #lose(): void {
    if (this.#isOver) return
    this.#role.counters.mirrorsLost++
    this.#end()
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#role.counters.copies--
    this.#role.deadlines.remove(this)
  }
}

/** For the host `HOST-shadow`, as Envoy marks it. */
function shadowOf(request: Outgoing): Outgoing {
  const { fields, text } = request
  if (fields === null) return { ...request, text: text.replace(HOST, '$1-shadow\r\n') }
  const copy = new FieldList()
  copy.addAll(fields)
  copy.setValue(AUTHORITY_AT, `${fields.values[AUTHORITY_AT] ?? ''}-shadow`)
  return { ...request, fields: copy }
}

/** Of the head: the first line of that name is in it. */
const HOST = /(\r\nhost:[^\r]*)\r\n/i
