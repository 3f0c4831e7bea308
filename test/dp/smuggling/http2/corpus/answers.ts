/** Answers of a hostile application of HTTP/2: heads, interim heads, bodies and trailers on the stream of a request. */
import { END_STREAM, frame, headers, u32 } from '../../../../support/http2-peer.ts'
import { BAD_CODINGS, BAD_LENGTHS } from '../../corpus/framing-values.ts'
import { isToken, ODD_BYTES, shown } from '../../corpus/hostile.ts'
import { BODY, type Field } from './hostile-frames.ts'

export interface HostileAnswerFrames {
  readonly name: string
  readonly method: 'GET' | 'HEAD'
  readonly frames: (id: number) => readonly Buffer[]
  /** The client gets all of it; otherwise a refusal, or an answer that is visibly cut. */
  readonly passes: boolean
}

const SPLIT = 'y\r\n\r\nHTTP/1.1 200 OK\r\nX-Surplus: 1\r\nContent-Length: 7\r\n\r\nsurplus'
const OK: Field = [':status', '200']

type Frames = HostileAnswerFrames['frames']

function passed(name: string, frames: Frames, method: 'GET' | 'HEAD' = 'GET'): HostileAnswerFrames {
  return { name, frames, method, passes: true }
}

function refused(name: string, frames: Frames, method: 'GET' | 'HEAD' = 'GET'): HostileAnswerFrames {
  return { name, frames, method, passes: false }
}

/** Whole with its head: what comes behind that is dropped. */
const surplus = passed

/** A head and a body in one frame. */
function answer(...fields: readonly Field[]): Frames {
  return id => [headers(id, 0, [OK, ...fields]), frame('DATA', END_STREAM, id, BODY)]
}

function head(...fields: readonly Field[]): Frames {
  return id => [headers(id, END_STREAM, fields)]
}

const STATUS: HostileAnswerFrames[] = [
  ...['200', '204', '304', '404', '500', '599', '999'].map(status =>
    passed(`status ${status}`, head([':status', status])),
  ),
  ...[
    '',
    '20',
    '2000',
    '000',
    '099',
    '101',
    '-20',
    '2x0',
    ' 200',
    '200 ',
    '200 OK',
    `200 ${SPLIT}`,
    '200\r\nX: y',
    '200\0',
  ].map(status => refused(`status ${shown(status)}`, head([':status', status]))),
  ...['100', '103', '199'].map(status => refused(`${status} as the last`, head([':status', status]))),
  refused('no status', head(['x', 'y'])),
  refused('two statuses', head(OK, OK)),
  refused('a status behind a field', head(['x', 'y'], OK)),
  ...[':path', ':method', ':authority', ':scheme', ':x', ':'].map(name =>
    refused(`${name} in an answer`, answer([name, '/'])),
  ),
  refused('an empty block', head()),
]

const FIELDS: HostileAnswerFrames[] = [
  ...ODD_BYTES.flatMap(byte => [
    (/[\t\x20-\x7e\x80-\xff]/.test(byte) ? passed : refused)(
      `value y${shown(byte)}z`,
      answer(['x', `y${byte}z`]),
    ),
    (isToken(byte) && !/[A-Z]/.test(byte) ? passed : refused)(
      `name x${shown(byte)}y`,
      answer([`x${byte}y`, 'z']),
    ),
  ]),
  ...['x', 'location', 'set-cookie', 'content-type'].map(name =>
    refused(`${name} with a split`, answer([name, SPLIT])),
  ),
  refused('a name with a split', answer([`x: ${SPLIT}`, 'z'])),
  ...['Content-Length', 'X', '', 'x y', 'x:'].map(name => refused(`name "${name}"`, answer([name, '5']))),
  ...['connection', 'keep-alive', 'proxy-connection', 'upgrade'].map(name =>
    refused(name, answer([name, 'x'])),
  ),
  ...['chunked', 'identity', ...BAD_CODINGS].map(value =>
    refused(`transfer-encoding: ${shown(value)}`, answer(['transfer-encoding', value])),
  ),
  refused('content_length', answer(['content_length', '1'])),
  passed('two cookies', answer(['set-cookie', 'a=b'], ['set-cookie', 'c=d'])),
  refused('200 fields', answer(...Array.from({ length: 200 }, (_, at): Field => ['x', `${at}`]))),
]

const LENGTHS: HostileAnswerFrames[] = [
  ...['5', '05', '000000000000005'].map(value =>
    passed(`content-length: ${value}`, answer(['content-length', value])),
  ),
  ...[...BAD_LENGTHS, '4', '6', '999999999999999'].map(value =>
    refused(`content-length: ${shown(value)} of 5 bytes`, answer(['content-length', value])),
  ),
  surplus('content-length: 0 of 5 bytes', answer(['content-length', '0'])),
  refused('two lengths', answer(['content-length', '5'], ['content-length', '5'])),
  refused('a length of nothing', head(OK, ['content-length', '5'])),
  passed('a length for HEAD', head(OK, ['content-length', '5']), 'HEAD'),
  passed('a length in 304', head([':status', '304'], ['content-length', '5'])),
  passed('a length in 204', head([':status', '204'], ['content-length', '0'])),
]

const SEQUENCES: HostileAnswerFrames[] = [
  passed('nothing but a head', head(OK)),
  passed('an interim head', id => [
    headers(id, 0, [
      [':status', '103'],
      ['link', 'x'],
    ]),
    ...answer()(id),
  ]),
  refused('an interim head with a split', id => [
    headers(id, 0, [
      [':status', '103'],
      ['link', SPLIT],
    ]),
    ...answer()(id),
  ]),
  refused('DATA before the head', id => [frame('DATA', 0, id, BODY), ...answer()(id)]),
  refused('DATA behind an interim head', id => [
    headers(id, 0, [[':status', '100']]),
    frame('DATA', END_STREAM, id, BODY),
  ]),
  surplus('a body for HEAD', answer(), 'HEAD'),
  ...['204', '304'].map(status =>
    surplus(`a body in ${status}`, id => [
      headers(id, 0, [[':status', status]]),
      frame('DATA', END_STREAM, id, SPLIT),
    ]),
  ),
  passed('a body that looks like an answer', id => [
    headers(id, 0, [OK]),
    frame('DATA', END_STREAM, id, SPLIT),
  ]),
  passed('a body that looks like the end of chunks', id => [
    headers(id, 0, [OK]),
    frame('DATA', 0, id, '0\r\n\r\n'),
    frame('DATA', END_STREAM, id, SPLIT),
  ]),
  passed('trailers', id => [
    headers(id, 0, [OK]),
    frame('DATA', 0, id, BODY),
    headers(id, END_STREAM, [['x', 'y']]),
  ]),
  ...['content-length', 'content-type', 'set-cookie', 'host'].map(name =>
    passed(`the trailer ${name}`, id => [
      headers(id, 0, [OK]),
      frame('DATA', 0, id, BODY),
      headers(id, END_STREAM, [[name, '5']]),
    ]),
  ),
  ...[
    ['x', SPLIT],
    ['x\r\ny', 'z'],
    ['transfer-encoding', 'chunked'],
    [':status', '200'],
    ['X', 'y'],
  ].map(([name = '', value = '']) =>
    refused(`the trailer ${shown(name)}: ${shown(value)}`, id => [
      headers(id, 0, [OK]),
      frame('DATA', 0, id, BODY),
      headers(id, END_STREAM, [[name, value]]),
    ]),
  ),
  refused('trailers instead of the rest', id => [
    headers(id, 0, [OK, ['content-length', '9']]),
    frame('DATA', 0, id, BODY),
    headers(id, END_STREAM, [['x', 'y']]),
  ]),
  refused('a reset in the body', id => [
    headers(id, 0, [OK]),
    frame('DATA', 0, id, BODY),
    frame('RST_STREAM', 0, id, u32(8)),
  ]),
  refused('a reset with NO_ERROR in the body', id => [
    headers(id, 0, [OK]),
    frame('DATA', 0, id, BODY),
    frame('RST_STREAM', 0, id, u32(0)),
  ]),
  refused('a reset in a length', id => [
    headers(id, 0, [OK, ['content-length', '9']]),
    frame('DATA', 0, id, BODY),
    frame('RST_STREAM', 0, id, u32(8)),
  ]),
]

export const ANSWER_FRAMES: readonly HostileAnswerFrames[] = [...STATUS, ...FIELDS, ...LENGTHS, ...SEQUENCES]
