/** A request as it goes on: its head with the fields that this data plane adds, and what a retry has to know. */
import { randomUUID } from 'node:crypto'
import type { RequestHead } from '../codec/http1/request-head.ts'
import { forwardedFields } from '../codec/http2/bridge/heads.ts'
import type { FieldList } from '../codec/http2/field-list.ts'
import type { HeaderBlock } from '../codec/http2/header-block.ts'
import { MAX_TEXT_BYTES } from '../codec/write-copy.ts'

export interface Outgoing {
  /** The head and, if small, what is there of the body; '' where there are `fields`. */
  readonly text: string
  /** The head of a request that came over HTTP/2; it stays as it is until the request is over. */
  readonly fields: FieldList | null
  /** What is there of the body otherwise. */
  readonly body: Buffer | null
  readonly isHead: boolean
  /** Idempotent and without a body: may be sent again when nothing came back. */
  readonly isReplayable: boolean
  /** Protocol that the client offers to switch to, or TUNNEL; ''. */
  readonly upgrade: string
  /** A switch is all that the client can make use of: 2xx opens the tunnel of a CONNECT, otherwise it is none. */
  readonly mustSwitch: boolean
}

/** The request is a CONNECT: what follows an answer of 2xx is bytes, not HTTP. */
export const TUNNEL = 'CONNECT'

/** RFC 9110 §9.2.2. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

const NOTHING = Buffer.alloc(0)
const outgoing = {
  text: '',
  fields: null as FieldList | null,
  body: null as Buffer | null,
  isHead: false,
  isReplayable: false,
  upgrade: '',
  mustSwitch: false,
}

/** Adds what every request has that goes on, unless it is there. `service`: as in `outgoingRequest`. */
export function completeHead(head: RequestHead, service: string): void {
  if (head.lacksHost) head.text += `host: ${service}\r\n`
  if (!head.hasRequestId) head.text += `x-request-id: ${randomUUID()}\r\n`
  if (!head.hasForwardedProto) head.text += 'x-forwarded-proto: http\r\n'
  head.lacksHost = false
  head.hasRequestId = true
  head.hasForwardedProto = true
}

/**
 * `addedFields`: lines that say who the client is. `service`: the host of a request that names none, which only HTTP/1.0
 * may do. `bytes[start, end)`: what came of the body with the head; copied.
 * The answer is the same object for every request, valid until the next call.
 */
export function outgoingRequest(
  head: RequestHead,
  addedFields: string,
  service: string,
  bytes: Buffer,
  start: number,
  end: number,
): Outgoing {
  completeHead(head, service)
  let text = head.text + addedFields
  text += head.upgrade === '' ? '\r\n' : `connection: upgrade\r\nupgrade: ${head.upgrade}\r\n\r\n`
  outgoing.body = null
  if (end > start) {
    if (text.length + end - start <= MAX_TEXT_BYTES) text += bytes.toString('latin1', start, end)
    else outgoing.body = Buffer.from(bytes.subarray(start, end))
  }
  outgoing.text = text
  outgoing.fields = null
  outgoing.isHead = head.method === 'HEAD'
  outgoing.isReplayable = !head.isChunked && head.contentLength <= 0 && IDEMPOTENT.has(head.method)
  outgoing.upgrade = head.isConnect ? TUNNEL : head.upgrade
  outgoing.mustSwitch = head.isConnect
  return outgoing
}

/** As `outgoingRequest`, of a CONNECT, or of an offer to switch that stands for one. */
export function outgoingTunnel(head: RequestHead, addedFields: string, service: string): Outgoing {
  outgoingRequest(head, addedFields, service, NOTHING, 0, 0)
  outgoing.mustSwitch = true
  return outgoing
}

/** As `outgoingRequest`, of a head of HTTP/2. `into`: takes the fields. `isBodiless`: nothing follows. */
export function outgoingFields(
  block: HeaderBlock,
  addedFields: FieldList,
  isBodiless: boolean,
  into: FieldList,
): Outgoing {
  into.clear()
  forwardedFields(block, into)
  if (into.get('x-request-id') === undefined) into.add('x-request-id', randomUUID())
  if (into.get('x-forwarded-proto') === undefined) into.add('x-forwarded-proto', 'http')
  into.addAll(addedFields)
  outgoing.text = ''
  outgoing.fields = into
  outgoing.body = null
  outgoing.isHead = block.method === 'HEAD'
  outgoing.isReplayable = isBodiless && IDEMPOTENT.has(block.method)
  outgoing.upgrade = ''
  outgoing.mustSwitch = false
  return outgoing
}
