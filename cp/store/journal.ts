/**
 * One segment of the journal on disk: JSON lines, the first a header, each other one commit.
 *
 *   {"sum":"1f0c99ab","len":208,"sync":96,"rec":{"revision":42,"time":"…","author":"…","changes":[{"put":{…}},{"delete":{…}}]}}
 *
 * `len` counts the bytes from after its comma to before the last brace, `sum` is their CRC-32. `sync` is the length
 * that the file had on disk when the line was written: everything before it was acknowledged, so a fault before a
 * `sync` that a later line names is damage, while one after it can be a line that was never acknowledged.
 * Time and author are for the history; records of status, and those of older programs, have none.
 * Reading is here; journal-writer.ts appends.
 */
import { crc32 } from 'node:zlib'
import type { Resource, ResourceKey } from '../kinds/kind.ts'
import { readChanges } from './checked-json.ts'

export const JOURNAL_VERSION = 1

export interface SegmentHeader {
  readonly version: number
  readonly generation: number
  readonly epoch: number
  /** Revision of the store when the segment began. */
  readonly base: number
}

export interface JournalRecord {
  readonly revision: number
  readonly changes: readonly { readonly key: ResourceKey; readonly after: Resource | null }[]
}

export interface Fault {
  readonly offset: number
  readonly line: number
  readonly what: string
}

export interface Segment {
  readonly header: SegmentHeader | null
  readonly records: readonly JournalRecord[]
  /** Up to here the file is whole, in bytes and lines. */
  readonly goodBytes: number
  /** After `goodBytes` is the beginning of a record that was never acknowledged. */
  readonly tornBytes: number
  /** After `goodBytes` is something that should not be there. */
  readonly fault: Fault | null
}

const HEAD = /^\{"sum":"([0-9a-f]{8})","len":(\d{1,10}),/
const HEAD_TEMPLATE = '{"sum":"00000000","len":'
const HEAD_MAX = HEAD_TEMPLATE.length + 11
const NEWLINE = 10
const SECTOR_BYTES = 512

export function segmentName(generation: number): string {
  return `journal-${generation}.jsonl`
}

/** The generation in a file's name, or null when it is no segment. */
export function generationOf(name: string): number | null {
  const match = /^journal-([1-9]\d{0,14})\.jsonl$/.exec(name)
  return match === null ? null : Number(match[1])
}

/** @param content JSON text @param syncedBytes length of the file that is known to be on disk */
export function frame(content: string, syncedBytes: number): Buffer {
  const body = Buffer.from(`"sync":${syncedBytes},"rec":${content}`)
  const sum = crc32(body).toString(16).padStart(8, '0')
  return Buffer.concat([Buffer.from(`{"sum":"${sum}","len":${body.byteLength},`), body, Buffer.from('}\n')])
}

export function headerLine(header: SegmentHeader): Buffer {
  return frame(JSON.stringify({ format: 'vmesh-journal', ...header }), 0)
}

/** Reads as far as the segment is whole; never throws for what the bytes say. */
export function readSegment(bytes: Buffer): Segment {
  const records: JournalRecord[] = []
  let header: SegmentHeader | null = null
  let offset = 0
  let line = 1
  let what = ''
  while (offset < bytes.byteLength) {
    const found = readLine(bytes, offset)
    if (found === null) {
      what = 'the record does not match its length and checksum'
      break
    }
    if (header === null) {
      header = readHeader(found.content)
      if (header === null) what = 'the first line is not the header of a journal'
    } else {
      const record = readRecord(found.content)
      const expected = header.base + records.length + 1
      if (record === null) what = 'the record is not a commit'
      else if (record.revision !== expected)
        what = `the record has revision ${record.revision} where ${expected} belongs`
      else records.push(record)
    }
    if (what !== '') break
    offset = found.end
    line++
  }
  if (header === null && what === '') what = 'the file is empty'
  const isTorn = header !== null && what !== '' && couldBeTorn(bytes, offset)
  return {
    header,
    records,
    goodBytes: offset,
    tornBytes: isTorn ? bytes.byteLength - offset : 0,
    fault: what === '' || isTorn ? null : { offset, line, what },
  }
}

/** A line that matches its length and checksum. */
export interface Line {
  readonly content: string
  readonly syncedBytes: number
  /** Offset after its newline. */
  readonly end: number
}

/** null: what begins at `offset` is not a whole line. */
export function readLine(bytes: Buffer, offset: number): Line | null {
  const head = HEAD.exec(bytes.toString('latin1', offset, offset + HEAD_MAX))
  if (head === null) return null
  const start = offset + head[0].length
  const end = start + Number(head[2])
  if (bytes.toString('latin1', end, end + 2) !== '}\n') return null
  const body = bytes.subarray(start, end)
  if (crc32(body) !== Number.parseInt(head[1] ?? '', 16)) return null
  const text = body.toString()
  const split = /^"sync":(\d{1,15}),"rec":/.exec(text)
  if (split === null) return null
  return { content: text.slice(split[0].length), syncedBytes: Number(split[1]), end: end + 2 }
}

/**
 * Whether what begins at `offset` can be the remains of a batch that a crash cut off: its beginning and then
 * nothing, or blocks that the disk never got, which read as zeros. Zeros are in no record, since JSON escapes them.
 */
function couldBeTorn(bytes: Buffer, offset: number): boolean {
  const rest = bytes.subarray(offset)
  for (let at = rest.indexOf(NEWLINE); at !== -1; at = rest.indexOf(NEWLINE, at + 1)) {
    const later = readLine(bytes, offset + at + 1)
    if (later !== null && later.syncedBytes > offset) return false
  }
  return hasUnwrittenSector(rest, offset) || (!rest.includes(NEWLINE) && isBeginning(rest))
}

/** Zeros up to the end of a sector or of the file; zeros elsewhere are damage. */
function hasUnwrittenSector(rest: Buffer, offset: number): boolean {
  for (let at = rest.indexOf(0); at !== -1; at = rest.indexOf(0, at)) {
    while (rest[at] === 0) at++
    if (at === rest.byteLength || (offset + at) % SECTOR_BYTES === 0) return true
  }
  return false
}

function isBeginning(rest: Buffer): boolean {
  const text = rest.toString('latin1', 0, HEAD_MAX)
  const head = HEAD.exec(text)
  if (head !== null) return rest.byteLength < head[0].length + Number(head[2]) + 2
  const masked = text.slice(0, 8) + text.slice(8, 16).replace(/[0-9a-f]/g, '0') + text.slice(16)
  return (
    HEAD_TEMPLATE.startsWith(masked.slice(0, HEAD_TEMPLATE.length)) &&
    /^\d*$/.test(masked.slice(HEAD_TEMPLATE.length))
  )
}

/** null: the line is not the first of a segment. */
export function readHeader(content: string): SegmentHeader | null {
  const value = parse(content)
  if (typeof value !== 'object' || value === null) return null
  if (!('format' in value) || value.format !== 'vmesh-journal') return null
  if (!('version' in value) || !('generation' in value) || !('epoch' in value) || !('base' in value))
    return null
  const { version, generation, epoch, base } = value
  if (typeof version !== 'number' || typeof generation !== 'number') return null
  return typeof epoch === 'number' && typeof base === 'number' ? { version, generation, epoch, base } : null
}

function readRecord(content: string): JournalRecord | null {
  const value = parse(content)
  if (typeof value !== 'object' || value === null || !('revision' in value) || !('changes' in value))
    return null
  if (typeof value.revision !== 'number') return null
  const changes = readChanges(value.changes)
  return changes === null ? null : { revision: value.revision, changes }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
