/** A request by HTTP/2 without TLS (prior knowledge) on a connection of its own. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import { type Asked, authorityOf, CUT, faultOf, MAX_BODY_BYTES, USER_AGENT } from './asked.ts'

export interface Http2Answer {
  readonly status: number
  /** At most MAX_BODY_BYTES. */
  readonly body: Buffer
  /** Fields of the head and behind the body. */
  readonly fields: IncomingHttpHeaders
}

/** The answer that came whole, or why there is none. */
export function callHttp2(
  asked: Asked,
  fields: OutgoingHttpHeaders,
  body: Buffer | null,
  signal: AbortSignal,
): Promise<Http2Answer | string> {
  return new Promise(resolve => {
    // loaded by who needs it: 10 MB
    const { connect, constants } = process.getBuiltinModule('node:http2')
    const session = connect(`http://${authorityOf(asked)}`, { settings: { enablePush: false } })
    const end = (found: Http2Answer | string): void => {
      resolve(found)
      session.destroy()
    }
    session.on('error', error => end(faultOf(error)))
    session.once('close', () => end(CUT))
    signal.addEventListener('abort', () => end('given up'), { once: true })
    const stream = session.request(
      { ':authority': authorityOf(asked), 'user-agent': USER_AGENT, ...fields },
      { endStream: body === null },
    )
    if (body !== null) stream.end(body)
    const heard: Buffer[] = []
    let bytes = 0
    let head: IncomingHttpHeaders = {}
    const answer = (): Http2Answer => ({
      status: Number(head[':status']),
      body: Buffer.concat(heard),
      fields: head,
    })
    stream.once('response', received => {
      head = received
    })
    stream.once('trailers', received => {
      head = { ...head, ...received }
    })
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > MAX_BODY_BYTES) end(answer())
      else heard.push(chunk)
    })
    stream.once('end', () => end(stream.rstCode === constants.NGHTTP2_NO_ERROR ? answer() : CUT))
    stream.on('error', error => end(faultOf(error)))
    stream.once('close', () => end(CUT))
  })
}
