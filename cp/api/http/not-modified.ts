/** Reads of what the caller has already (RFC 9110 §13.1.2): `If-None-Match` with the ETag of before → 304. */
import type { Answer } from './answer.ts'

export function orNotModified(
  { headers }: { readonly headers: Readonly<Record<string, string | readonly string[] | undefined>> },
  answer: Answer,
): Answer {
  const known = headers['if-none-match']
  const etag = answer.headers?.['etag']
  if (known === undefined || etag === undefined || answer.status !== 200) return answer
  const tags = String(known)
    .split(',')
    .map(tag => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etag) ? { status: 304, headers: { etag }, empty: true } : answer
}
