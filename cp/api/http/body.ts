/**
 * The body of a request: bytes → a value. JSON where the content type says so; otherwise by content, JSON or YAML,
 * because scripts post dataplane files with curl's default type. What cannot be read is answered with line, column
 * and remedy.
 */
import type { IncomingMessage } from 'node:http'
import { CodedError, messageOf } from '#base/errors.ts'
import { parseDocument } from '#base/yaml.ts'
import { repeatedKey } from './json-keys.ts'

export type BodyValue =
  | { readonly ok: true; readonly value: unknown }
  /** For `invalid Dataplane object: "…"`. */
  | { readonly ok: false; readonly message: string }

const FORM = 'application/x-www-form-urlencoded'
const YAML_TYPES: ReadonlySet<string> = new Set([
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'text/x-yaml',
])

/** `resource`: also what curl sends without being told (`--data-binary`, `-T`). */
export function isReadable(contentType: string | undefined, consumes: 'resource' | 'json'): boolean {
  const type = mediaTypeOf(contentType)
  if (type === 'application/json' || YAML_TYPES.has(type)) return true
  return consumes === 'resource' && (type === FORM || type === '')
}

export function readValue(bytes: Buffer, contentType: string | undefined): BodyValue {
  const type = mediaTypeOf(contentType)
  const text = textOf(bytes)
  if (text === null) return { ok: false, message: 'the body is not UTF-8 text' }
  if (text.trim() === '') return { ok: false, message: 'the body is empty' }
  if (type === 'application/json') return fromJson(text)
  const read = fromText(text)
  return isReadAsMeant(read) || type !== FORM || text.includes('\n') ? read : withoutNewlines(read)
}

/**
 * All of it. A body that is too large is read on for a while, so that its sender is there to hear the answer.
 * Throws `api.too-large`, `api.aborted`.
 */
export function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const fail = (error: CodedError): void => {
      request.off('data', take)
      request.resume()
      reject(error)
    }
    const take = (chunk: Buffer): void => {
      length += chunk.length
      if (length <= maxBytes) chunks.push(chunk)
      else if (length > maxBytes + HEARD_BYTES) fail(tooLarge(maxBytes))
    }
    if (Number(request.headers['content-length'] ?? 0) > maxBytes + HEARD_BYTES)
      return fail(tooLarge(maxBytes))
    // gone while the caller's rights were looked up: no event will come
    if (request.destroyed) return fail(aborted(undefined))
    request.on('data', take)
    request.once('end', () => {
      if (length > maxBytes) fail(tooLarge(maxBytes))
      else resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks))
    })
    request.once('error', cause => fail(aborted(cause)))
    request.once('close', () => fail(aborted(undefined)))
  })
}

/** Read and thrown away beyond the limit. */
const HEARD_BYTES = 4 * 1024 * 1024

function tooLarge(maxBytes: number): CodedError {
  return new CodedError(
    'api.too-large',
    `the body is larger than ${maxBytes} bytes; send less, or raise apiServer.maxBodyBytes`,
  )
}

function aborted(cause: unknown): CodedError {
  return new CodedError('api.aborted', 'the connection ended before the body did', { cause })
}

function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

function textOf(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function fromJson(text: string): BodyValue {
  try {
    return parsedJson(text)
  } catch (error) {
    const hint = /^\s*[[{"]/.test(text) ? '' : '; YAML goes as Content-Type: application/yaml'
    return { ok: false, message: `not valid JSON: ${messageOf(error)}${hint}` }
  }
}

/** Throws what `JSON.parse` throws. */
function parsedJson(text: string): BodyValue {
  const body = fitting(JSON.parse(text))
  const repeated = body.ok ? repeatedKey(text) : null
  if (repeated === null) return body
  const { line, column, key } = repeated
  return {
    ok: false,
    message: `line ${line}, column ${column}: the key ${JSON.stringify(key)} is there twice`,
  }
}

/** JSON is tried first, since it is read ten times as fast; a flow mapping of YAML looks like it too. */
function fromText(text: string): BodyValue {
  if (/^\s*[[{]/.test(text)) {
    try {
      return parsedJson(text)
    } catch {
      // YAML, perhaps
    }
  }
  try {
    return fitting(parseDocument(text, SHOWN).value)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return { ok: false, message: sentenceOf(error) }
  }
}

const SHOWN = 'body'
/** No kind comes near it. */
const MAX_DEPTH = 64

/** What no handler should see, whatever it is for. */
function fitting(value: unknown): BodyValue {
  const message = unfitness(value, MAX_DEPTH)
  return message === null ? { ok: true, value } : { ok: false, message }
}

function unfitness(value: unknown, levels: number): string | null {
  if (typeof value !== 'object' || value === null) return null
  if (levels === 0) return `nested more than ${MAX_DEPTH} levels deep`
  if (Object.hasOwn(value, '__proto__')) return 'there is a key __proto__, which nothing has'
  for (const below of Object.values(value)) {
    const message = unfitness(below, levels - 1)
    if (message !== null) return message
  }
  return null
}

function sentenceOf(error: CodedError): string {
  const { line, column } = error.details
  if (error.code === 'yaml.documents') {
    return `${error.message.slice(SHOWN.length + 2)}; vmeshctl apply sends several documents one by one`
  }
  const start = `${SHOWN}:${line}:${column}: `
  return error.message.startsWith(start)
    ? `line ${line}, column ${column}: ${error.message.slice(start.length)}`
    : error.message.replace(`${SHOWN}: `, '')
}

/** A resource is a mapping. */
function isReadAsMeant(read: BodyValue): boolean {
  return read.ok && typeof read.value === 'object'
}

/** `curl -d @file` takes the newlines out of a file, and YAML is nothing without them. */
function withoutNewlines(read: BodyValue): BodyValue {
  const what = read.ok ? 'a single text instead of a mapping' : read.message
  return {
    ok: false,
    message: `${what}; the body has no newlines: curl -d takes them out, send the file with --data-binary @FILE`,
  }
}
