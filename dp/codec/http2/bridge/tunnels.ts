/**
 * Requests for tunnels, HTTP/1.1 ↔ HTTP/2: CONNECT (RFC 9113 §8.5), and WebSocket, which is an Upgrade there and an
 * extended CONNECT here (RFC 8441 §5): there with a key that the server has to prove that it read, here without.
 */
import { createHash } from 'node:crypto'
import { STATUS_CODES } from '#base/http-server.ts'
import type { FieldList } from '../field-list.ts'
import type { HeaderBlock } from '../header-block.ts'
import { addLines, isForClient, isForMessage, linesOf } from './field-lines.ts'

/** RFC 6455 §1.3. */
const WEBSOCKET_ID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** Place of :authority in the head of an extended CONNECT. */
const AUTHORITY_AT = 3

/** What a request of HTTP/1.1 (head and blank line, nothing behind it) asks for. */
export function tunnelOf(text: string): '' | 'connect' | 'websocket' {
  if (text.startsWith('CONNECT ')) return 'connect'
  return text.endsWith('\r\nupgrade: websocket\r\n\r\n') ? 'websocket' : ''
}

/** A CONNECT of HTTP/1.1 for HTTP/2, into an empty list. */
export function connectFields(text: string, into: FieldList): void {
  into.add(':method', 'CONNECT')
  into.add(':authority', text.slice(8, text.indexOf(' ', 8)))
  addLines(text, text.indexOf('\r\n') + 2, into, isForMessage)
}

/** An offer of HTTP/1.1 to switch to WebSocket for HTTP/2, into an empty list. Its key is the result. */
export function webSocketFields(text: string, scheme: string, into: FieldList): string {
  const targetAt = text.indexOf(' ') + 1
  const fieldsAt = text.indexOf('\r\n') + 2
  into.add(':method', 'CONNECT')
  into.add(':protocol', 'websocket')
  into.add(':scheme', scheme)
  into.add(':authority', '')
  into.add(':path', text.slice(targetAt, text.indexOf(' ', targetAt)))
  into.setValue(AUTHORITY_AT, addLines(text, fieldsAt, into, isForWebSocket))
  return /\r\nsec-websocket-key:[ \t]*([^\r]*?)[ \t]*\r\n/i.exec(text)?.[1] ?? ''
}

/** A CONNECT of HTTP/2 for HTTP/1.1: head and blank line. `key`: for the server; '' where it is no WebSocket. */
export function tunnelText({ authority, path, fields }: HeaderBlock, key: string): string {
  const lines = `HTTP/1.1\r\nhost: ${authority}\r\n${linesOf(fields, key === '' ? isForClient : isForServer)}`
  if (key === '') return `CONNECT ${authority} ${lines}\r\n`
  return `GET ${path} ${lines}sec-websocket-key: ${key}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`
}

/** The answer of HTTP/2 that opens a tunnel, for HTTP/1.1. `key`: of the offer to switch; '' of a CONNECT. */
export function openedText({ status, fields }: HeaderBlock, key: string): string {
  const lines = linesOf(fields, isForOpened)
  if (key === '') return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n`
  const accept = `sec-websocket-accept: ${acceptOf(key)}\r\n`
  return `HTTP/1.1 101 Switching Protocols\r\n${lines}${accept}connection: upgrade\r\nupgrade: websocket\r\n\r\n`
}

/** The answer of HTTP/1.1 that opens a tunnel, for HTTP/2, into an empty list. What it proves to have read; ''. */
export function openedFields(text: string, into: FieldList): string {
  const status = text.slice(9, 12)
  into.add(':status', status === '101' ? '200' : status)
  addLines(text, text.indexOf('\r\n') + 2, into, isForOpened)
  return /\r\nsec-websocket-accept:[ \t]*([^\r]*?)[ \t]*\r\n/i.exec(text)?.[1] ?? ''
}

/** What a server answers to that key (RFC 6455 §4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + WEBSOCKET_ID)
    .digest('base64')
}

function isForWebSocket(name: string): boolean {
  return name !== 'sec-websocket-key' && isForMessage(name)
}

function isForServer(name: string): boolean {
  return name !== 'sec-websocket-key' && isForClient(name)
}

function isForOpened(name: string): boolean {
  return name !== 'sec-websocket-accept' && name !== 'content-length' && isForMessage(name)
}
