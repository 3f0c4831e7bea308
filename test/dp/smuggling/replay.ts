/** Sends what a data plane has forwarded to another server, and compares how many requests each makes of it. */
import { connect } from 'node:net'
import { LOOPBACK } from '../../support/snapshots.ts'
import type { ReferenceServer } from './reference-servers.ts'
import { labelOf, type Reading, type ReadRequest } from './strict-reader.ts'

/** An answer: its status, and what had reached the origin; '' where the server answered by itself. */
interface Seen {
  readonly status: number
  readonly label: string
}

export interface Outcome {
  /** Why the server does not understand what was meant; ''. */
  readonly difference: string
  /** Status of its own answer to a request behind which it closes, also when that comes alone; 0. */
  readonly refusal: number
}

const PATIENCE_MS = 8000
/** Comes last: a server that is still inside a body, or already behind it, does not see this one. */
const LAST_TEXT = 'GET /last HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n'
const LAST: ReadRequest = { label: labelOf('GET', '/last', ''), head: '', text: LAST_TEXT }
const ANSWER_HEAD = /HTTP\/1\.[01] (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/g

/** All requests of a reading on one connection, pipelined. */
export async function replay(server: ReferenceServer, { requests, rest }: Reading): Promise<Outcome> {
  // Some open a tunnel, and what follows is not read at all.
  if (requests.some(({ head }) => head.startsWith('CONNECT '))) return { difference: '', refusal: 0 }
  const isCut = rest !== ''
  const meant = isCut ? requests : [...requests, LAST]
  const seen = await ask(server, [...partsOf(meant), rest])
  if (seen === 'hangs') return { difference: 'waits for more', refusal: 0 }
  const difference = compare(server, meant, seen, isCut)
  const last = seen.length - 1
  const status = seen[last]?.label === '' ? (seen[last]?.status ?? 0) : 0
  if (difference === '' || (status === 0 && !server.dropsBodies)) return { difference, refusal: 0 }
  // It is a matter of one request if the same comes of that alone. Node closes without the answers that it still owes,
  // so it may be a later one; who drops a body answers first, and closes when the body displeases it.
  for (const { text } of meant.slice(last).filter(one => one !== LAST)) {
    const alone = await ask(server, [text + LAST_TEXT])
    if (alone === 'hangs' || alone.length !== 1 || (alone[0]?.label !== '' && !server.dropsBodies)) continue
    return { difference: compare(server, meant.slice(0, last + 1), seen, false), refusal: status }
  }
  return { difference, refusal: 0 }
}

/** What follows an offer to switch protocols waits for its answer, as it does in a data plane. */
function partsOf(requests: readonly ReadRequest[]): string[] {
  const parts = ['']
  for (const { head, text } of requests) {
    parts[parts.length - 1] += text
    if (/^upgrade:/im.test(head)) parts.push('')
  }
  return parts.filter(part => part !== '')
}

function compare(
  { dropsBodies }: ReferenceServer,
  meant: readonly ReadRequest[],
  seen: readonly Seen[],
  isCut: boolean,
): string {
  for (const [index, { label, status }] of seen.entries()) {
    const request = meant[index]
    // The half of a request is nobody's request; it may be answered by who does not need the rest.
    if (request === undefined && isCut && (dropsBodies || label === '')) continue
    if (request === undefined) return `a request more: ${status} ${label}`
    const isSame = isAlike(label, request.label) || (dropsBodies && label === withoutBody(request.label))
    if (label !== '' && !isSame) return `${label} instead of ${request.label}`
    if (label === '' && request === LAST) return `${status} for the last request`
  }
  // Some stop when the client ends its side, whatever it had asked for.
  return seen.length < meant.length && !isCut ? `${seen.length} requests instead of ${meant.length}` : ''
}

/** Apache merges slashes. */
function isAlike(one: string, other: string): boolean {
  return one === other || one.replaceAll(/(?:%2F)+/g, '/') === other.replaceAll(/(?:%2F)+/g, '/')
}

function withoutBody(label: string): string {
  const [method = '', target = ''] = label.split(' ')
  return /^(?:GET|HEAD)$/.test(method) ? labelOf(method, decodeURIComponent(target), '') : ''
}

/** What a server answers until it closes the connection. */
function ask({ port }: ReferenceServer, parts: readonly string[]): Promise<readonly Seen[] | 'hangs'> {
  return new Promise(resolve => {
    let heard = ''
    const waiting = parts.filter(part => part !== '')
    const socket = connect({ port, host: LOOPBACK, allowHalfOpen: true, noDelay: true })
    const timer = setTimeout(() => finish('hangs'), PATIENCE_MS)
    const finish = (outcome: readonly Seen[] | 'hangs') => {
      clearTimeout(timer)
      socket.destroy()
      resolve(outcome)
    }
    socket.on('data', chunk => {
      heard += chunk.toString('latin1')
      if (heard.endsWith('\r\n\r\n')) send()
    })
    socket.on('error', () => finish(readAnswers(heard)))
    socket.on('end', () => finish(readAnswers(heard)))
    const send = () => {
      const text = waiting.shift()
      if (text === undefined) return
      socket.write(text, 'latin1')
      if (waiting.length === 0 && !text.endsWith(LAST_TEXT)) socket.end()
    }
    send()
  })
}

/** Answers of the origin have no body, and no page of a server looks like a head. */
function readAnswers(heard: string): Seen[] {
  return [...heard.matchAll(ANSWER_HEAD)]
    .map(([, status, fields = '']) => ({
      status: Number(status),
      label: /^x-understood: (.*)\r$/im.exec(fields)?.[1] ?? '',
    }))
    .filter(({ status }) => status >= 200)
}
