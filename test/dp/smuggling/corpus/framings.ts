/** Content-Length and Transfer-Encoding in the spellings, values, numbers and orders that parsers differ about. */
import { BAD_CODINGS, BAD_LENGTHS, OTHER_NAMES } from './framing-values.ts'
import {
  BODY,
  bare,
  CHUNKS,
  type Hostile,
  isToken,
  ODD_BYTES,
  passed,
  post,
  refused,
  shown,
} from './hostile.ts'

const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const LENGTH = 'Content-Length: 5\r\n'

/** What goes between two framing fields. */
const BETWEEN = ['', 'X: y\r\n', 'Accept: */*\r\nCookie: a=b\r\n']

export const FRAMINGS: readonly Hostile[] = [
  ...BAD_LENGTHS.map(value => refused(`length ${shown(value)}`, post(`Content-Length:${value}\r\n`, BODY))),
  ...BAD_LENGTHS.map(value =>
    refused(`length ${shown(value)} after 5`, post(`${LENGTH}Content-Length: ${value}\r\n`, BODY)),
  ),
  ...BAD_LENGTHS.map(value =>
    refused(`5 after length ${shown(value)}`, post(`Content-Length: ${value}\r\n${LENGTH}`, BODY)),
  ),
  ...['5', ' 5', '\t5', ' \t 5', '5 ', '5\t', ' 5 \t '].map(value =>
    passed(`length ${shown(value)}`, post(`Content-Length:${value}\r\n`, BODY)),
  ),
  ...['05', '0005', '000000000000005'].map(value =>
    passed(`length ${value}`, post(`Content-Length: ${value}\r\n`, BODY)),
  ),
  ...BAD_CODINGS.map(value =>
    refused(`coding ${shown(value)}`, post(`Transfer-Encoding: ${value}\r\n`, CHUNKS)),
  ),
  ...BAD_CODINGS.map(value =>
    refused(
      `coding ${shown(value)} after chunked`,
      post(`${CHUNKED}Transfer-Encoding: ${value}\r\n`, CHUNKS),
    ),
  ),
  ...BAD_CODINGS.map(value =>
    refused(`coding ${shown(value)} with a length`, post(`${LENGTH}Transfer-Encoding: ${value}\r\n`, CHUNKS)),
  ),
  ...[
    'chunked',
    'CHUNKED',
    'cHuNkEd',
    ' chunked',
    '\tchunked',
    'chunked ',
    'chunked\t',
    ' \t chunked \t ',
  ].map(value => passed(`coding ${shown(value)}`, post(`Transfer-Encoding:${value}\r\n`, CHUNKS))),
  ...['transfer-encoding', 'TRANSFER-ENCODING', 'tRANSFER-eNCODING'].map(name =>
    passed(name, post(`${name}: chunked\r\n`, CHUNKS)),
  ),
  ...OTHER_NAMES.map(name => bare(`${name}, which is no framing`, post(`${name}: 5\r\n`, BODY))),
  ...OTHER_NAMES.map(name =>
    bare(`${name}: chunked`, post(`${name}: chunked\r\n`, CHUNKS.replace('5', '['))),
  ),
  ...BETWEEN.flatMap(between => [
    refused(`CL+TE ${shown(between)}`, post(`${LENGTH}${between}${CHUNKED}`, CHUNKS)),
    refused(`TE+CL ${shown(between)}`, post(`${CHUNKED}${between}${LENGTH}`, CHUNKS)),
    refused(`CL+CL ${shown(between)}`, post(`${LENGTH}${between}${LENGTH}`, BODY)),
    refused(`CL+CL 6 ${shown(between)}`, post(`${LENGTH}${between}Content-Length: 6\r\n`, BODY)),
    refused(`CL+CL 0 ${shown(between)}`, post(`${LENGTH}${between}content-length: 0\r\n`, BODY)),
    refused(`TE+TE ${shown(between)}`, post(`${CHUNKED}${between}${CHUNKED}`, CHUNKS)),
    refused(`CL 0+TE ${shown(between)}`, post(`Content-Length: 0\r\n${between}${CHUNKED}`, CHUNKS)),
    refused(
      `CL+TE underscore ${shown(between)}`,
      post(`${LENGTH}${between}Transfer_Encoding: chunked\r\n`, CHUNKS),
    ),
    refused(`TE+CL underscore ${shown(between)}`, post(`${CHUNKED}${between}content_length: 5\r\n`, CHUNKS)),
    refused(
      `CL+TE of identity ${shown(between)}`,
      post(`${LENGTH}${between}Transfer-Encoding: identity\r\n`, BODY),
    ),
  ]),
  ...ODD_BYTES.flatMap(byte => aroundName(byte, 'Transfer-Encoding', 'chunked', '[\r\n')),
  ...ODD_BYTES.flatMap(byte => aroundName(byte, 'Content-Length', '5', BODY)),
]

/** One odd byte in front of, in, and behind the name, and around the value. */
function aroundName(byte: string, name: string, value: string, notRequest: string): Hostile[] {
  const [first = '', last = ''] = name.split('-')
  const body = value === 'chunked' ? CHUNKS : BODY
  const at = (place: string) => `${shown(byte)} ${place} ${name}`
  const other = (place: string, line: string) =>
    isToken(byte)
      ? bare(at(place), post(`${line}\r\n`, notRequest))
      : refused(at(place), post(`${line}\r\n`, body))
  const isSpace = byte === ' ' || byte === '\t'
  const value1 = (place: string, line: string) =>
    isSpace || (value === '5' && byte === '0' && place === 'before the value of')
      ? passed(at(place), post(`${line}\r\n`, body))
      : refused(at(place), post(`${line}\r\n`, body))
  const inside =
    byte === '-'
      ? passed(at('in'), post(`${name}: ${value}\r\n`, body))
      : byte === '_'
        ? refused(at('in'), post(`${first}_${last}: ${value}\r\n`, body))
        : byte === ':'
          ? bare(at('in'), post(`${first}:${last}: ${value}\r\n`, notRequest))
          : other('in', `${first}${byte}${last}: ${value}`)
  return [
    other('before', `${byte}${name}: ${value}`),
    other('behind', `${name}${byte}: ${value}`),
    inside,
    value1('before the value of', `${name}: ${byte}${value}`),
    ...(value === '5' && byte === '0' ? [] : [value1('behind the value of', `${name}: ${value}${byte}`)]),
  ]
}
