/**
 * Numbers that all workers of a data plane count in: a small table in shared memory, from which the same name gets the same
 * cells in every worker. A name's place is free again when no worker holds its cells any more.
 */
import { createHash } from 'node:crypto'
import type { Logger } from '#base/log.ts'

/** Names at a time. */
const PLACES = 4096
/** Numbers of one name. */
export const MOST_CELLS = 8

/** Of a place: digest of the name in two halves, how many workers hold it, and its cells. */
const USERS = 2
const CELLS = 3
const PLACE = CELLS + MOST_CELLS
/** In front of the first place: whether somebody changes the table. */
const FIRST = 1

/** Bytes of what workers share. */
export const CELLS_BYTES = (FIRST + PLACES * PLACE) * Int32Array.BYTES_PER_ELEMENT

export class SharedCells {
  readonly #table: Int32Array
  readonly #log: Logger
  /** Of this worker, by name. */
  readonly #held = new Map<string, WeakRef<Int32Array>>()
  readonly #onGone = new FinalizationRegistry<{ readonly name: string; readonly at: number }>(
    ({ name, at }) => {
      if (this.#held.get(name)?.deref() === undefined) this.#held.delete(name)
      this.#change(() => this.#leave(at))
    },
  )
  #hasWarned = false

  /** `shared`: CELLS_BYTES of zeros; its own where left out. */
  constructor(log: Logger, shared: ArrayBufferLike = new ArrayBuffer(CELLS_BYTES)) {
    this.#table = new Int32Array(shared)
    this.#log = log
  }

  /** `count`: MOST_CELLS or less; beyond that, or where the table is full, this worker counts for itself. */
  of(name: string, count: number): Int32Array {
    const known = this.#held.get(name)?.deref()
    if (known !== undefined && known.length >= count) return known
    const at = count > MOST_CELLS ? -1 : this.#change(() => this.#enter(name))
    if (at < 0) {
      this.#warn(name)
      return new Int32Array(count)
    }
    const cells = this.#table.subarray(at + CELLS, at + PLACE)
    this.#held.set(name, new WeakRef(cells))
    this.#onGone.register(cells, { name, at })
    return cells
  }

  /** Where its place begins; -1: none is left. */
  #enter(name: string): number {
    const table = this.#table
    const digest = createHash('sha256').update(name).digest()
    const [high, low] = [digest.readInt32LE(0), digest.readInt32LE(4)]
    let free = -1
    for (let at = FIRST; at < table.length; at += PLACE) {
      if (table[at + USERS] === 0) {
        if (free < 0) free = at
      } else if (table[at] === high && table[at + 1] === low) {
        Atomics.add(table, at + USERS, 1)
        return at
      }
    }
    if (free < 0) return -1
    table.fill(0, free, free + PLACE)
    table[free] = high
    table[free + 1] = low
    table[free + USERS] = 1
    return free
  }

  #leave(at: number): void {
    Atomics.sub(this.#table, at + USERS, 1)
  }

  /** One worker at a time. */
  #change<T>(change: () => T): T {
    const table = this.#table
    while (Atomics.compareExchange(table, 0, 0, 1) !== 0) {
      // Whoever changes it is done in microseconds.
    }
    try {
      return change()
    } finally {
      Atomics.store(table, 0, 0)
    }
  }

  #warn(name: string): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#log.warn({ name, most: PLACES }, 'too many limits: each worker counts this one for itself')
  }
}
