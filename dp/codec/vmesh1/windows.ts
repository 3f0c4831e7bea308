/**
 * What the streams of a session may keep for their users: a small window each, and larger ones out of a store that
 * all share, so that few fast streams are fast and many slow ones cost little.
 */
import { FIRST_WINDOW_BYTES } from './codes.ts'

/** Of one stream: as much as a fast network holds on its way over some distance. */
const LARGEST_WINDOW_BYTES = 1024 * 1024

export class Windows {
  #leftBytes: number

  /** `sharedBytes`: beyond the first window of each. */
  constructor(sharedBytes: number) {
    this.#leftBytes = sharedBytes
  }

  /** True: a window of that size may become twice as large. */
  grow(windowBytes: number): boolean {
    if (windowBytes >= LARGEST_WINDOW_BYTES || windowBytes > this.#leftBytes) return false
    this.#leftBytes -= windowBytes
    return true
  }

  /** The stream of a window is closed. */
  giveBack(windowBytes: number): void {
    this.#leftBytes += windowBytes - FIRST_WINDOW_BYTES
  }
}
