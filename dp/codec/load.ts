/**
 * What a data plane carries at this moment, over all of its workers: clients, calls and memory. Beyond a limit new work is
 * refused at once and what runs goes on.
 */

export interface LoadLimits {
  /** Connections of clients, handshakes included. */
  readonly maxClients: number
  /** HTTP calls and TCP connections that are carried. */
  readonly maxCalls: number
  /** Resident memory of the process; 0: no limit. */
  readonly maxMemoryBytes: number
}

export const DEFAULT_LOAD_LIMITS: LoadLimits = {
  maxClients: 16_384,
  maxCalls: 16_384,
  maxMemoryBytes: 512 * 1024 * 1024,
}

/** Bytes of what workers share. */
export const LOAD_BYTES = 8

const CLIENTS = 0
const CALLS = 1
/** Between two looks at the memory. */
const LOOK_MS = 500

export class Load {
  readonly #limits: LoadLimits
  readonly #counts: Int32Array
  #isTight = false
  #looksAtMs = 0

  /** `shared`: LOAD_BYTES of zeros; its own where left out. */
  constructor(limits: LoadLimits, shared: ArrayBufferLike = new ArrayBuffer(LOAD_BYTES)) {
    this.#limits = limits
    this.#counts = new Int32Array(shared)
  }

  /** False: not another client. True: counted until `leaveClient`. */
  enterClient(nowMs: number): boolean {
    return this.#enter(CLIENTS, this.#limits.maxClients, nowMs)
  }

  /** To be given to `once('close', …)` as it is. */
  readonly leaveClient = (): void => {
    Atomics.sub(this.#counts, CLIENTS, 1)
  }

  /** False: not another call. True: counted until `leaveCall`. */
  enterCall(nowMs: number): boolean {
    return this.#enter(CALLS, this.#limits.maxCalls, nowMs)
  }

  leaveCall(): void {
    Atomics.sub(this.#counts, CALLS, 1)
  }

  #enter(which: number, most: number, nowMs: number): boolean {
    if (nowMs > this.#looksAtMs) this.#look(nowMs)
    if (!this.#isTight && Atomics.add(this.#counts, which, 1) < most) return true
    if (!this.#isTight) Atomics.sub(this.#counts, which, 1)
    return false
  }

  #look(nowMs: number): void {
    this.#looksAtMs = nowMs + LOOK_MS
    const { maxMemoryBytes } = this.#limits
    this.#isTight = maxMemoryBytes > 0 && process.memoryUsage.rss() > maxMemoryBytes
  }
}
