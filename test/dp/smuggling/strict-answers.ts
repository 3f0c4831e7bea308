/** The second opinion on what a data plane sends to a client: answers in canonical form only (strict-reader.ts). */
import { createHash } from 'node:crypto'
import { type Body, readChunks, readHead, readLength } from './strict-reader.ts'

export interface ReadAnswer {
  readonly status: number
  /** Status, bytes of the body and a digest of them. */
  readonly label: string
  readonly head: string
  /** With the interim answers before it, as it lay. */
  readonly text: string
}

export interface AnswerReading {
  readonly answers: readonly ReadAnswer[]
  /** Beginning of an answer that is not complete. */
  readonly rest: string
  readonly faults: readonly string[]
}

const STATUS_LINE = /^HTTP\/1\.1 [1-9]\d\d(?:[ \t][\t\x20-\x7e\x80-\xff]*)?$/

/** `text`: all that a client heard that has asked with `method` each time. */
export function readAnswers(text: string, method: string): AnswerReading {
  const answers: ReadAnswer[] = []
  let from = 0
  let at = 0
  for (;;) {
    const headEnd = text.indexOf('\r\n\r\n', at)
    if (headEnd < 0) return { answers, rest: text.slice(from), faults: [] }
    const head = text.slice(at, headEnd)
    const { faults, isChunked, length } = readHead(head, STATUS_LINE)
    const status = Number(head.slice(9, 12))
    const isBodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304
    if ((status < 200 || status === 204) && (isChunked || length >= 0)) faults.push(`framing in ${status}`)
    if (!isBodiless && !isChunked && length < 0) faults.push('no framing')
    const body: Body | 'malformed' = isBodiless
      ? { data: '', end: headEnd + 4 }
      : isChunked
        ? readChunks(text, headEnd + 4)
        : readLength(text, headEnd + 4, length)
    if (body === 'malformed') faults.push('malformed chunks')
    if (faults.length > 0) return { answers, rest: text.slice(from), faults }
    if (body === null || body === 'malformed') return { answers, rest: text.slice(from), faults }
    at = body.end
    if (status < 200) continue
    answers.push({ status, label: answerLabel(status, body.data), head, text: text.slice(from, at) })
    from = at
  }
}

/** `body`: Latin-1. */
export function answerLabel(status: number, body: string): string {
  return `${status} ${body.length} ${createHash('sha1').update(body, 'latin1').digest('hex').slice(0, 8)}`
}
