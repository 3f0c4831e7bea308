/**
 * Reads the lines of a journal segment or a history file a piece at a time, all or those about one resource. What does
 * not match its checksum is left out and reported once a file: history is not the state, so damage stops nobody.
 */
import { open } from 'node:fs/promises'
import { codeOf } from '#base/errors.ts'
import { readLine } from '../journal.ts'

const PIECE_BYTES = 1024 * 1024
const NEWLINE = 10
const NOTHING = Buffer.alloc(0)

export interface LineOptions {
  /** Only lines that contain it. */
  readonly needle?: string
  /** Called once at most, with the first place. */
  readonly onDamage: (path: string, offset: number) => void
}

/**
 * Contents of lines, in order; none when there is no such file. A line that is not whole at the end is one that is
 * being written, or was never acknowledged. Throws system errors.
 */
export async function* readLines(path: string, { needle, onDamage }: LineOptions): AsyncGenerator<string> {
  const file = await open(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  })
  if (file === null) return
  const wanted = needle === undefined ? null : Buffer.from(needle)
  let isTold = false
  try {
    let rest: Buffer = NOTHING
    let restAt = 0
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, null)
      if (bytesRead === 0) return
      const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
      const end = bytes.lastIndexOf(NEWLINE) + 1
      for (const line of linesIn(bytes.subarray(0, end), wanted)) {
        if (typeof line === 'string') yield line
        else if (!isTold) {
          isTold = true
          onDamage(path, restAt + line)
        }
      }
      rest = bytes.subarray(end)
      restAt += end
    }
  } finally {
    await file.close()
  }
}

/** The content of each line, or the place of one that is damaged. */
function* linesIn(bytes: Buffer, needle: Buffer | null): Generator<string | number> {
  for (let at = 0; at < bytes.byteLength; ) {
    if (needle !== null) {
      const hit = bytes.indexOf(needle, at)
      if (hit === -1) return
      at = Math.max(at, bytes.lastIndexOf(NEWLINE, hit) + 1)
    }
    const end = bytes.indexOf(NEWLINE, at)
    // an append begins with a newline, so that it stands apart from one that a crash cut off
    if (end > at) {
      const line = readLine(bytes, at)
      yield line === null || line.end !== end + 1 ? at : line.content
    }
    at = end + 1
  }
}
