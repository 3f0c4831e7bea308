/** Answers one request of HTTP/1.1, HTTP/2 or gRPC as told, over node:http or the compatible API of node:http2. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import type { Behaviour, Stage } from './behaviour.ts'
import type { Following } from './seen.ts'

export interface Exchange {
  readonly asked: IncomingMessage | Http2ServerRequest
  readonly answer: ServerResponse | Http2ServerResponse
  readonly socket: Socket
  readonly following: Following
  /** Of the upstream. */
  readonly name: string
}

type Told<D extends Behaviour['do']> = Extract<Behaviour, { readonly do: D }>

const GRPC = 'application/grpc'
const CUT_BODY_BYTES = 1000

export function isGrpc(headers: Readonly<Record<string, unknown>>): boolean {
  return String(headers['content-type'] ?? '').startsWith(GRPC)
}

/** `behaviour`: neither a mix nor a sequence. */
export function answerAs(exchange: Exchange, behaviour: Behaviour): void {
  const { asked, answer, following } = exchange
  answer.on('close', () => following.ended(answer.writableFinished ? 'done' : 'cut'))
  for (const stream of [asked, answer]) stream.on('error', () => following.ended('cut'))
  if (behaviour.do === 'half-open') return
  const chunks: Buffer[] = []
  asked.on('data', (chunk: Buffer) => {
    following.bytes(chunk)
    if (behaviour.do === 'ok' || behaviour.do === 'slow') chunks.push(chunk)
  })
  asked.on('end', () => {
    following.bodyEnded()
    if (!isEarly(behaviour)) act(exchange, behaviour, Buffer.concat(chunks))
  })
  if (isEarly(behaviour)) act(exchange, behaviour, Buffer.alloc(0))
}

function isEarly(behaviour: Behaviour): boolean {
  if (behaviour.do === 'status') return behaviour.early === true
  return (
    (behaviour.do === 'reset' || behaviour.do === 'close') &&
    (behaviour.at === 'head' || behaviour.at === 'connect')
  )
}

function act(exchange: Exchange, behaviour: Behaviour, body: Buffer): void {
  const { asked, answer, name } = exchange
  switch (behaviour.do) {
    case 'ok':
      if (isGrpc(asked.headers)) return answerGrpc(exchange, 0, '', {}, body)
      head(answer, 200, { 'x-app': name, 'content-type': 'text/plain' })
      answer.end(
        behaviour.echo === true
          ? body
          : `${name} ${asked.method} ${asked.url} ${exchange.following.request.bytes}`,
      )
      return
    case 'status':
      head(answer, behaviour.status, { 'x-app': name, ...behaviour.headers })
      answer.end(behaviour.body ?? '')
      return
    case 'grpc':
      return answerGrpc(exchange, behaviour.status, behaviour.message ?? '', behaviour.headers ?? {}, null)
    case 'slow':
      return trickle(exchange, behaviour, body)
    case 'reset':
      return cutAt(exchange, behaviour.at ?? 'request', () => reset(exchange, behaviour))
    case 'close':
      return cutAt(exchange, behaviour.at ?? 'request', () => exchange.socket.destroySoon())
  }
}

/** `message`: framed as the request's was; null: trailers alone. */
function answerGrpc(
  { answer, name }: Exchange,
  status: number,
  details: string,
  headers: Readonly<Record<string, string>>,
  message: Buffer | null,
): void {
  const last = { 'grpc-status': String(status), 'grpc-message': encodeURI(details) }
  const fields = { 'content-type': GRPC, 'x-app': name, ...headers }
  if (message === null) {
    // In one frame that ends the stream, or peers look for trailers after it.
    if ('stream' in answer) answer.stream.respond({ ':status': 200, ...fields, ...last }, { endStream: true })
    else answer.writeHead(200, { ...fields, ...last }).end()
    return
  }
  head(answer, 200, fields)
  answer.addTrailers(last)
  answer.end(message)
}

function trickle(exchange: Exchange, told: Told<'slow'>, message: Buffer): void {
  const { answer, asked, name } = exchange
  const { headMs = 0, chunks = 1, chunkBytes = 10, everyMs = 0 } = told
  let left = chunks
  let timer = setTimeout(() => {
    if (isGrpc(asked.headers)) return answerGrpc(exchange, 0, '', {}, message)
    if (told.echo === true) return act(exchange, { do: 'ok', echo: true }, message)
    head(answer, 200, { 'x-app': name, 'content-type': 'text/plain' })
    piece()
  }, headMs)
  const piece = (): void => {
    if (left-- <= 0) {
      answer.end()
      return
    }
    timer = setTimeout(() => {
      write(exchange, 'x'.repeat(chunkBytes), () => {})
      piece()
    }, everyMs)
  }
  answer.on('close', () => clearTimeout(timer))
}

/** Sent at once. */
function head(answer: Exchange['answer'], status: number, headers: Readonly<Record<string, string>>): void {
  if ('stream' in answer) {
    answer.writeHead(status, headers)
    return
  }
  answer.writeHead(status, headers)
  answer.flushHeaders()
}

/** The two compatible APIs, whose overloads have no common call. */
function write({ answer }: Exchange, text: string, done: () => void): void {
  if ('stream' in answer) answer.write(text, 'latin1', done)
  else answer.write(text, 'latin1', done)
}

function cutAt(exchange: Exchange, at: Stage, cut: () => void): void {
  const { answer, name } = exchange
  if (at === 'connect' || at === 'head' || at === 'request') return cut()
  head(answer, 200, { 'x-app': name, 'content-length': String(2 * CUT_BODY_BYTES) })
  // The head must have left, or the peer would see neither.
  if (at === 'body') write(exchange, 'x'.repeat(CUT_BODY_BYTES), () => setImmediate(cut))
  else setTimeout(cut, 5)
}

function reset({ answer, socket }: Exchange, { code = 2, whole = false }: Told<'reset'>): void {
  if ('stream' in answer && !whole) answer.stream.close(code)
  else socket.resetAndDestroy()
}
