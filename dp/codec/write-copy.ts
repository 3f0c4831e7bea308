/**
 * Writes what lies in a read buffer that belongs to somebody else: only copies leave. Streams know best how to copy
 * (`writeCopy`); to others up to 16 KB go as one Latin-1 string, above that the bytes are copied once.
 */
import type { ByteStream } from './byte-stream.ts'

export const MAX_TEXT_BYTES = 16 * 1024

/** As ByteStream.write: false means to stop until the stream has drained. */
export function writeCopy(to: ByteStream, bytes: Buffer, start: number, end: number): boolean {
  if (to.writeCopy !== undefined) return to.writeCopy('', bytes, start, end)
  return end - start <= MAX_TEXT_BYTES
    ? to.write(bytes.toString('latin1', start, end))
    : to.writeBytes(Buffer.from(bytes.subarray(start, end)))
}

/** `head` in front of the bytes, in the same system call where possible. */
export function writeBehind(
  to: ByteStream,
  head: string,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  if (start === end) return head === '' ? true : to.write(head)
  if (head === '') return writeCopy(to, bytes, start, end)
  if (to.writeCopy !== undefined) return to.writeCopy(head, bytes, start, end)
  return head.length + end - start <= MAX_TEXT_BYTES
    ? to.write(head + bytes.toString('latin1', start, end))
    : to.writeBoth(head, Buffer.from(bytes.subarray(start, end)))
}
