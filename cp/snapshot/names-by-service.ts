/** Service → names of data planes that have to do with it. Services without any take no room. */
const NOBODY: ReadonlySet<string> = new Set()

export class NamesByService {
  readonly #names = new Map<string, Set<string>>()

  of(service: string): ReadonlySet<string> {
    return this.#names.get(service) ?? NOBODY
  }

  add(services: Iterable<string>, name: string): void {
    for (const service of services) {
      const names = this.#names.get(service)
      if (names === undefined) this.#names.set(service, new Set([name]))
      else names.add(name)
    }
  }

  remove(services: Iterable<string>, name: string): void {
    for (const service of services) {
      const names = this.#names.get(service)
      names?.delete(name)
      if (names?.size === 0) this.#names.delete(service)
    }
  }

  copy(): NamesByService {
    const copy = new NamesByService()
    for (const [service, names] of this.#names) copy.#names.set(service, new Set(names))
    return copy
  }
}
