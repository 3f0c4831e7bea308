/** Clients for whom there is no room: told so where that costs nothing, then cut. */
import type { Socket } from 'node:net'
import { replyText } from '../http/reply.ts'

/** How long a client may take to read that it was refused. */
const READING_MS = 1_000

/** Nothing was read of `raw`. `speaksHttp`: in plain text. */
export function turnAway(raw: Socket, speaksHttp: boolean): void {
  raw.on('error', () => {})
  if (!speaksHttp) {
    raw.resetAndDestroy()
    return
  }
  raw.end(replyText('overload', false, true), 'latin1')
  // what it has sent is read and dropped, so that the answer is not lost to a reset
  raw.resume()
  raw.once('end', () => raw.destroy())
  raw.setTimeout(READING_MS, () => raw.destroy())
}
