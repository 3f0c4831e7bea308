/** Streams that have more to send than could leave: each gets a frame in turn, so that none waits for a large one. */
import type { Output } from '../output.ts'
import type { VmeshStream } from './stream.ts'

export class Turns {
  readonly #output: Output
  readonly #waiting = new Set<VmeshStream>()

  constructor(output: Output) {
    this.#output = output
  }

  add(stream: VmeshStream): void {
    if (stream.isWaiting) return
    stream.isWaiting = true
    this.#waiting.add(stream)
  }

  remove(stream: VmeshStream): void {
    this.#waiting.delete(stream)
  }

  /** The stream has got credit. */
  resume(stream: VmeshStream): void {
    while (stream.isWaiting && stream.turn());
    if (!stream.isWaiting) this.#waiting.delete(stream)
  }

  /** The connection takes bytes again. */
  resumeAll(): void {
    let isMoving = true
    while (isMoving && !this.#output.isBlocked) {
      isMoving = false
      for (const stream of [...this.#waiting]) {
        if (this.#output.isBlocked) break
        // To the end of the line; it may have gone meanwhile.
        if (!this.#waiting.delete(stream)) continue
        const hasMoved = stream.isWaiting && stream.turn()
        if (!stream.isWaiting) continue
        this.#waiting.add(stream)
        isMoving ||= hasMoved
      }
    }
  }
}
