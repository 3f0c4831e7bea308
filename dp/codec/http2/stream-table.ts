/** The streams of a connection by number, which numbers were never used, and how the last ones ended (RFC 9113 §5.1). */
import { type Ending, PastStreams } from './past-streams.ts'
import type { Http2Stream } from './stream.ts'

const MAX_ID = 0x7fff_ffff

export class StreamTable {
  readonly open = new Map<number, Http2Stream>()
  /** Highest stream that the peer has opened; 0: none. */
  lastPeerId = 0
  readonly #isServer: boolean
  readonly #past = new PastStreams()
  #nextOwnId = 1

  constructor(isServer: boolean) {
    this.#isServer = isServer
  }

  /** Client: the number of a new stream; -1: they are used up. */
  takeId(): number {
    if (this.#nextOwnId > MAX_ID) return -1
    this.#nextOwnId += 2
    return this.#nextOwnId - 2
  }

  /** Nobody has opened that stream. Servers open none: nobody asks for pushes. */
  isIdle(id: number): boolean {
    if ((id & 1) === 0) return true
    return this.#isServer ? id > this.lastPeerId : id >= this.#nextOwnId
  }

  remove(stream: Http2Stream, ending: Ending): void {
    this.open.delete(stream.id)
    this.#past.add(stream.id, ending)
  }

  /** A stream that was refused without being opened. */
  noteRefused(id: number): void {
    this.#past.add(id, 'reset-by-us')
  }

  /** Of a stream that is neither open nor idle. */
  endingOf(id: number): Ending {
    return this.#past.endingOf(id)
  }
}
