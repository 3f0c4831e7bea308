/**
 * Heads and chunked bodies of HTTP/1.1 made at random, and good, odd and hostile ones mutated: nothing is thrown, the
 * result is the same however the bytes are cut and wherever they lie, and what goes on is canonical to a reader that
 * shares nothing with ours. FUZZ_RUNS sets how long; a failure prints seed and input.
 */
import fc from 'fast-check'
import t from 'tap'
import { ChunkedBody } from '../../../../dp/codec/http1/chunked.ts'
import { RequestHead } from '../../../../dp/codec/http1/request-head.ts'
import { ResponseHead } from '../../../../dp/codec/http1/response-head.ts'
import { REASONS } from '../../../../dp/errors.ts'
import { fuzzOptions, keptInputs, mutated, readSizes, reads } from '../../../support/fuzzing.ts'
import { ANSWERS } from '../../smuggling/corpus/answers.ts'
import { CHUNKED_REQUESTS } from '../../smuggling/corpus/chunks.ts'
import { FIELDS } from '../../smuggling/corpus/fields.ts'
import { FRAMINGS } from '../../smuggling/corpus/framings.ts'
import { ODD_BYTES } from '../../smuggling/corpus/hostile.ts'
import { START_LINES } from '../../smuggling/corpus/start-lines.ts'
import { RANDOM_REQUESTS } from '../../smuggling/random-requests.ts'
import { readAnswers } from '../../smuggling/strict-answers.ts'
import { readChunks, readStrictly } from '../../smuggling/strict-reader.ts'

const MAX_BYTES = 60 * 1024
const MAX_FIELDS = 100
const PIECES = [
  ...ODD_BYTES,
  '\r\n',
  '\r\n\r\n',
  ': ',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  ' HTTP/1.1',
]
const noise = fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes))

const requests = fc.oneof(
  {
    weight: 6,
    arbitrary: mutated(
      fc.constantFrom(...[...FRAMINGS, ...START_LINES, ...FIELDS].map(one => one.text)),
      PIECES,
    ),
  },
  { weight: 4, arbitrary: RANDOM_REQUESTS.map(({ text }) => Buffer.from(text, 'latin1')) },
  noise,
)

/** What a request head said, without what only its object is for. */
function requestOf(head: RequestHead, bytes: Buffer, start = 0): string {
  const outcome = head.read(bytes, start, bytes.length, MAX_BYTES, MAX_FIELDS)
  if (outcome !== '') return outcome
  const { method, text, byteLength, contentLength, isChunked, isLast, upgrade, expectsContinue } = head
  return JSON.stringify([
    method,
    text,
    byteLength,
    contentLength,
    isChunked,
    isLast,
    upgrade,
    expectsContinue,
  ])
}

function responseOf(head: ResponseHead, bytes: Buffer, isHead: boolean, start = 0): string {
  const outcome = head.read(bytes, start, bytes.length, MAX_BYTES, MAX_FIELDS, isHead)
  if (outcome !== '') return outcome
  const { status, text, byteLength, framing, contentLength, isLast, upgrade, reason } = head
  return JSON.stringify([status, text, byteLength, framing, contentLength, isLast, upgrade, reason])
}

/** The first outcome of growing reads that is not `incomplete`; the last one. */
function grown(bytes: Buffer, sizes: readonly number[], read: (bytes: Buffer) => string): string {
  let kept = Buffer.alloc(0)
  let outcome = 'incomplete'
  for (const part of reads(bytes, sizes)) {
    kept = Buffer.concat([kept, part])
    outcome = read(kept)
    if (outcome !== 'incomplete') break
  }
  return outcome
}

const USED_REQUEST = new RequestHead()
const USED_RESPONSE = new ResponseHead()

t.test('request heads', t => {
  let good = 0
  const property = fc.property(requests, readSizes, (bytes, sizes) => {
    const outcome = requestOf(USED_REQUEST, bytes)
    const head = new RequestHead()
    if (requestOf(head, bytes) !== outcome) throw new Error('a used object reads something else')
    if (requestOf(new RequestHead(), Buffer.concat([Buffer.from('GET /'), bytes]), 5) !== outcome)
      throw new Error('another place, another result')
    if (grown(bytes, sizes, part => requestOf(USED_REQUEST, part)) !== outcome)
      throw new Error('cut, and read in another way')
    if (!outcome.startsWith('[')) {
      if (outcome !== 'incomplete' && !(outcome in REASONS)) throw new Error(outcome)
      return
    }
    good++
    if (head.isConnect || head.lacksHost) return
    const { requests, rest, faults } = readStrictly(`${head.text}\r\n`)
    if (faults.length > 0) throw new Error(faults.join())
    if (requests.length === 0 && rest === '') throw new Error('nothing goes on')
    const again = requestOf(new RequestHead(), Buffer.from(`${head.text}\r\n`, 'latin1'))
    const { text } = head
    if (!again.startsWith('[') || JSON.parse(again)[1] !== text) throw new Error(`read again: ${again}`)
  })
  const { numRuns, seed } = fuzzOptions(3000)
  fc.assert(property, { numRuns, seed, examples: keptInputs('request-heads').map(bytes => [bytes, [1]]) })
  t.ok(good > numRuns / 20, `${numRuns} runs, ${good} heads were good`)
  t.end()
})

t.test('response heads', t => {
  let good = 0
  const responses = fc.oneof(
    { weight: 8, arbitrary: mutated(fc.constantFrom(...ANSWERS.map(one => one.text)), PIECES) },
    noise,
  )
  const property = fc.property(responses, fc.boolean(), readSizes, (bytes, isHead, sizes) => {
    const outcome = responseOf(USED_RESPONSE, bytes, isHead)
    const head = new ResponseHead()
    if (responseOf(head, bytes, isHead) !== outcome) throw new Error('a used object reads something else')
    if (responseOf(new ResponseHead(), Buffer.concat([Buffer.from('HTTP/'), bytes]), isHead, 5) !== outcome)
      throw new Error('another place, another result')
    if (grown(bytes, sizes, part => responseOf(USED_RESPONSE, part, isHead)) !== outcome)
      throw new Error('cut, and read in another way')
    if (!outcome.startsWith('[')) {
      if (outcome !== 'incomplete' && outcome !== 'bad') throw new Error(outcome)
      return
    }
    good++
    const { faults } = readAnswers(`${head.text}\r\n`, 'HEAD')
    if (faults.length > 0) throw new Error(faults.join())
  })
  const { numRuns, seed } = fuzzOptions(3000)
  const kept = keptInputs('response-heads').map((bytes): [Buffer, boolean, number[]] => [bytes, false, [1]])
  fc.assert(property, { numRuns, seed, examples: kept })
  t.ok(good > numRuns / 20, `${numRuns} runs, ${good} heads were good`)
  t.end()
})

/** Bytes of the body, what of it goes on, and how it ended. */
function bodyOf(bytes: Buffer, sizes: readonly number[]): { length: number; output: string; state: string } {
  const body = new ChunkedBody()
  body.begin()
  let length = 0
  let output = ''
  for (const read of reads(bytes, sizes)) {
    const end = body.read(read, 0, read.length)
    if (end < 0) return { length, output, state: 'malformed' }
    if (body.outputEnd > end) throw new Error('more than came')
    output += read.toString('latin1', 0, body.outputEnd)
    length += end
    if (body.isDone) return { length, output, state: 'done' }
    if (end < read.length) throw new Error('stopped in the middle')
  }
  return { length, output, state: 'incomplete' }
}

const GOOD_BODIES = [
  '5\r\nhello\r\n0\r\n\r\n',
  '5;a="b"\r\nhello\r\nA\r\n0123456789\r\n000\r\nX-Sum: 1\r\n\r\n',
  '0\r\nX: y\r\nZ:\r\n\r\n',
]

t.test('chunked bodies', t => {
  let good = 0
  const texts = CHUNKED_REQUESTS.map(({ text }) => text.slice(text.indexOf('\r\n\r\n') + 4))
  const bodies = fc.oneof(
    { weight: 4, arbitrary: mutated(fc.constantFrom(...texts), PIECES) },
    { weight: 4, arbitrary: mutated(fc.constantFrom(...GOOD_BODIES), [...PIECES, ';a', '5\r\n', '0\r\n']) },
    noise,
  )
  const property = fc.property(bodies, readSizes, (bytes, sizes) => {
    const whole = bodyOf(bytes, [Math.max(1, bytes.length)])
    const cut = bodyOf(bytes, sizes)
    if (cut.state !== whole.state) throw new Error(`${cut.state} instead of ${whole.state}`)
    if (whole.state === 'malformed') return
    if (cut.output !== whole.output || cut.length !== whole.length)
      throw new Error('cut, and read in another way')
    if (whole.state !== 'done') return
    good++
    const strict = readChunks(whole.output, 0)
    if (strict === 'malformed' || strict?.end !== whole.output.length)
      throw new Error(`what goes on is ${JSON.stringify(strict)}`)
  })
  const { numRuns, seed } = fuzzOptions(3000)
  fc.assert(property, { numRuns, seed, examples: keptInputs('chunked-bodies').map(bytes => [bytes, [1]]) })
  t.ok(good > numRuns / 20, `${numRuns} runs, ${good} bodies were whole`)
  t.end()
})
