/**
 * Answers that the mesh makes itself, for HTTP/2 and gRPC: a gRPC client looks at grpc-status, not at the HTTP status,
 * so it gets a response of trailers alone (gRPC over HTTP/2, "Trailers-Only") with the status that Envoy would send.
 */
import { type AnswerForm, OVERLOADED_FIELD, POLICY_FIELD, REASONS, type ReasonCode } from '../../../errors.ts'
import type { FieldList } from '../field-list.ts'

/** Numbers of gRPC that stand for an HTTP status (grpc/doc/http-grpc-status-mapping.md); the rest is UNKNOWN. */
const GRPC_STATUS: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
}
const UNKNOWN = 2

/** `contentType`: of the request; undefined: it has none. */
export function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(?:[+;]|$)/i.test(contentType)
}

/** grpc-status for an HTTP status that a proxy answers with. */
export function grpcStatusOf(status: number): number {
  return GRPC_STATUS[status] ?? UNKNOWN
}

/** grpc-message: UTF-8, everything but visible ASCII as `%XX`. */
export function grpcMessage(text: string): string {
  let coded = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25
    coded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return coded
}

/**
 * Head of the answer into an empty list, its body as the result. `''`: the head is all of it (END_STREAM). `isGrpc`: of
 * the request; `isHead`: it was a HEAD. `policy`: that decided; ''. `form`: null: as the reason says.
 */
export function meshAnswer(
  reason: ReasonCode,
  isGrpc: boolean,
  isHead: boolean,
  into: FieldList,
  policy = '',
  form: AnswerForm | null = null,
): string {
  const { body } = REASONS[reason]
  const status = form?.status ?? REASONS[reason].status
  into.add(':status', isGrpc ? '200' : String(status))
  if (isGrpc) {
    into.add('content-type', 'application/grpc')
    into.add('grpc-status', String(grpcStatusOf(status)))
    into.add('grpc-message', grpcMessage(body))
  } else {
    into.add('content-length', String(body.length))
    if (!form?.set.some(({ name }) => name === 'content-type')) into.add('content-type', 'text/plain')
    into.add('date', new Date().toUTCString())
  }
  if (form !== null) for (const { name, value } of [...form.set, ...form.add]) into.add(name, value)
  into.add('x-vmesh-reason', reason)
  if (reason === 'overflow') into.add(OVERLOADED_FIELD, 'true')
  if (policy !== '') into.add(POLICY_FIELD, policy)
  return isGrpc || isHead ? '' : body
}
