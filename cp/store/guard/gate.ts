/**
 * Lets many writes of resources pass together, and a write of a Mesh alone: what a write was checked against (the
 * mesh is there, its constraints, its backends) must still hold when it is committed.
 */
export class Gate {
  #sharing = 0
  #isAlone = false
  readonly #queue: { readonly alone: boolean; readonly enter: () => void }[] = []

  /** Runs `task` beside other shared ones. */
  share<T>(task: () => Promise<T>): Promise<T> {
    return this.#pass(false, task)
  }

  /** Runs `task` when nothing else runs; those that come later wait. */
  alone<T>(task: () => Promise<T>): Promise<T> {
    return this.#pass(true, task)
  }

  async #pass<T>(alone: boolean, task: () => Promise<T>): Promise<T> {
    if (this.#queue.length > 0 || !this.#isFree(alone)) {
      await new Promise<void>(enter => this.#queue.push({ alone, enter }))
    } else this.#enter(alone)
    try {
      return await task()
    } finally {
      if (alone) this.#isAlone = false
      else this.#sharing--
      this.#admit()
    }
  }

  #isFree(alone: boolean): boolean {
    return !this.#isAlone && (!alone || this.#sharing === 0)
  }

  #enter(alone: boolean): void {
    if (alone) this.#isAlone = true
    else this.#sharing++
  }

  #admit(): void {
    for (let next = this.#queue[0]; next !== undefined && this.#isFree(next.alone); next = this.#queue[0]) {
      this.#queue.shift()
      this.#enter(next.alone)
      next.enter()
    }
  }
}
