/**
 * Work on one name, one after another: the registration of a data plane and the removal of its predecessor's never
 * overlap, whatever the disk takes for each.
 */
export class Turns {
  /** Of each name the last work, as long as there is one. */
  readonly #last = new Map<string, Promise<void>>()

  /** Resolves when all that was begun up to now has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#last.values())
  }

  /** Runs `work` when all that came before it for this name has ended, well or not. */
  take<T>(mesh: string, name: string, work: () => Promise<T>): Promise<T> {
    const key = `${mesh}/${name}`
    const result = (this.#last.get(key) ?? Promise.resolve()).then(work)
    const end = (): void => {
      if (this.#last.get(key) === ended) this.#last.delete(key)
    }
    const ended: Promise<void> = result.then(end, end)
    this.#last.set(key, ended)
    return result
  }
}
