/**
 * Answers that the data plane makes itself, from the table of reasons in dp/errors.ts, and redirects; the only place for
 * them. `policy`: that decided, `KIND/POLICY`; ''.
 */
import { type AnswerForm, OVERLOADED_FIELD, POLICY_FIELD, REASONS, type ReasonCode } from '../errors.ts'

const PHRASES: Readonly<Record<number, string>> = {
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  403: 'Forbidden',
  408: 'Request Timeout',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
}

/** `isHead`: the request was a HEAD, the body is left out. `closes`: the connection ends after it. `form`: null: as it says. */
export function replyText(
  reason: ReasonCode,
  isHead: boolean,
  closes: boolean,
  policy = '',
  form: AnswerForm | null = null,
): string {
  const { status, body } = REASONS[reason]
  const { set = [], add = [] } = form ?? {}
  const fields = [`content-length: ${body.length}`]
  if (!set.some(({ name }) => name === 'content-type')) fields.push('content-type: text/plain')
  fields.push(`x-vmesh-reason: ${reason}`)
  if (reason === 'overflow') fields.push(`${OVERLOADED_FIELD}: true`)
  for (const { name, value } of [...set, ...add]) fields.push(`${name}: ${value}`)
  return headText(form?.status ?? status, fields, closes, policy) + (isHead ? '' : body)
}

/** `location`: as Location has it. */
export function redirectText(status: number, location: string, closes: boolean, policy: string): string {
  return headText(status, [`location: ${location}`, 'content-length: 0'], closes, policy)
}

function headText(status: number, fields: readonly string[], closes: boolean, policy: string): string {
  const lines = [
    `HTTP/1.1 ${status} ${PHRASES[status] ?? ''}`,
    ...fields,
    `date: ${new Date().toUTCString()}`,
  ]
  if (policy !== '') lines.push(`${POLICY_FIELD}: ${policy}`)
  if (closes) lines.push('connection: close')
  return `${lines.join('\r\n')}\r\n\r\n`
}
