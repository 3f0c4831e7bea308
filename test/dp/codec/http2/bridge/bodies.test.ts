/** Chunked bodies into data and trailers and back, however they are cut; answers of the mesh for HTTP/2 and gRPC. */
import fc from 'fast-check'
import t from 'tap'
import { ChunkedBody } from '../../../../../dp/codec/http1/chunked.ts'
import { chunkedData, chunksEnd } from '../../../../../dp/codec/http2/bridge/chunks.ts'
import {
  grpcMessage,
  grpcStatusOf,
  isGrpc,
  meshAnswer,
} from '../../../../../dp/codec/http2/bridge/mesh-answer.ts'
import { Unchunker } from '../../../../../dp/codec/http2/bridge/unchunker.ts'
import { FieldList } from '../../../../../dp/codec/http2/field-list.ts'
import { REASONS, type ReasonCode } from '../../../../../dp/errors.ts'

function chunkOf(text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  return chunkedData(bytes, 0, bytes.length, false).toString('latin1')
}

/** Data and trailers of a chunked body that is read `step` bytes at a time. */
function unchunk(
  text: string,
  step: number,
): { data: string; trailers: [string, string][]; isDone: boolean } {
  const body = new ChunkedBody()
  const unchunker = new Unchunker()
  body.begin()
  unchunker.begin()
  const bytes = Buffer.from(text, 'latin1')
  let data = ''
  const sink = {
    onChunk: (from: Buffer, start: number, end: number) => {
      data += from.toString('latin1', start, end)
    },
  }
  for (let at = 0; at < bytes.length && !body.isDone; ) {
    const end = body.read(bytes, at, Math.min(bytes.length, at + step))
    if (end < 0) throw new Error('the body is malformed')
    unchunker.read(bytes, at, body.outputEnd, sink)
    at = end
  }
  const trailers = new FieldList()
  unchunker.trailers(trailers)
  return { data, trailers: trailers.pairs(), isDone: unchunker.isDone }
}

t.test('finds data and trailers in whatever pieces they come', async t => {
  const text =
    '5\r\nhello\r\nA;name="v; w"\r\n0123456789\r\n1;\r\n\r\r\n000\r\nGrpc-Status: 0\r\nX-Sum:  1 \r\n\r\nrest'
  const trailers = [
    ['grpc-status', '0'],
    ['x-sum', '1'],
  ]
  for (const step of [1, 2, 3, 7, 100]) {
    t.same(unchunk(text, step), { data: 'hello0123456789\r', trailers, isDone: true }, `${step} bytes a read`)
  }
  t.same(unchunk('0\r\n\r\n', 1), { data: '', trailers: [], isDone: true })
  t.same(unchunk('3\r\nab', 1), { data: 'ab', trailers: [], isDone: false })
})

t.test('what becomes chunks comes out of them', async t => {
  const data = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), { maxLength: 6 })
  fc.assert(
    fc.property(data, fc.integer({ min: 1, max: 50 }), fc.boolean(), (parts, step, hasTrailers) => {
      const latin = parts.map(part => Buffer.from(part, 'utf8').toString('latin1'))
      const list = FieldList.of(['grpc-status', '0'], ['content-length', '7'], ['host', 'x'])
      const chunks = latin.map(part => chunkOf(part)).join('')
      const result = unchunk(chunks + chunksEnd(hasTrailers ? list : null), step)
      if (!result.isDone || result.data !== latin.join('')) throw new Error('differs')
      if (JSON.stringify(result.trailers) !== (hasTrailers ? '[["grpc-status","0"]]' : '[]'))
        throw new Error('trailers')
    }),
    { numRuns: 300, seed: 20_261_123 },
  )
  t.pass()
})

t.test('knows gRPC by its content type', async t => {
  for (const type of [
    'application/grpc',
    'application/grpc+proto',
    'application/grpc;charset=x',
    'Application/GRPC',
  ]) {
    t.ok(isGrpc(type), type)
  }
  for (const type of [undefined, '', 'application/grpc-web', 'application/json'])
    t.notOk(isGrpc(type), String(type))
})

t.test('the status of gRPC follows that of HTTP', async t => {
  const table = {
    400: 13,
    401: 16,
    403: 7,
    404: 12,
    408: 2,
    429: 14,
    431: 2,
    500: 2,
    502: 14,
    503: 14,
    504: 14,
  }
  for (const [status, grpc] of Object.entries(table)) t.equal(grpcStatusOf(Number(status)), grpc, status)
})

t.test('a message of gRPC is visible ASCII', async t => {
  t.equal(grpcMessage('no 100% way: ü\n'), 'no 100%25 way: %C3%BC%0A')
})

t.test('every reason of the mesh has an answer for both', async t => {
  for (const reason of Object.keys(REASONS) as ReasonCode[]) {
    const plain = new FieldList()
    const body = meshAnswer(reason, false, false, plain)
    t.equal(plain.get(':status'), String(REASONS[reason].status), reason)
    t.equal(plain.get('content-length'), String(body.length))
    t.equal(plain.get('x-vmesh-reason'), reason)
    const grpc = new FieldList()
    t.equal(meshAnswer(reason, true, false, grpc), '', 'the head is all of it')
    t.equal(grpc.get(':status'), '200')
    t.equal(grpc.get('grpc-status'), String(grpcStatusOf(REASONS[reason].status)))
    t.equal(grpc.get('content-type'), 'application/grpc')
  }
  t.equal(meshAnswer('overflow', false, true, new FieldList()), '', 'no body to HEAD')
})
