/**
 * An ordered list of header fields that is filled, read and filled again without an object for each field: three
 * arrays side by side, of which the first `length` places count.
 */
export class FieldList {
  length = 0
  /** Lower case. */
  readonly names: string[] = []
  /** Latin-1, one character a byte. */
  readonly values: string[] = []
  /** True: its sender forbade indexing, here and at every hop behind (RFC 7541 §7.1.3). */
  readonly isSecret: boolean[] = []

  /** A list of its own; for fixed lists and tests. */
  static of(...fields: readonly (readonly [name: string, value: string])[]): FieldList {
    const list = new FieldList()
    for (const [name, value] of fields) list.add(name, value)
    return list
  }

  clear(): void {
    this.length = 0
  }

  add(name: string, value: string, isSecret = false): void {
    const at = this.length++
    this.names[at] = name
    this.values[at] = value
    this.isSecret[at] = isSecret
  }

  /** Adds the fields of another list behind its own. */
  addAll(other: FieldList): void {
    for (let at = 0; at < other.length; at++) {
      this.add(other.names[at] ?? '', other.values[at] ?? '', other.isSecret[at] === true)
    }
  }

  /** Takes all fields of these names out. */
  drop(names: readonly string[]): void {
    let kept = 0
    for (let at = 0; at < this.length; at++) {
      if (names.includes(this.names[at] ?? '')) continue
      if (kept < at) {
        this.names[kept] = this.names[at] ?? ''
        this.values[kept] = this.values[at] ?? ''
        this.isSecret[kept] = this.isSecret[at] === true
      }
      kept++
    }
    this.length = kept
  }

  /** The first value of that name; undefined: there is none. */
  get(name: string): string | undefined {
    for (let at = 0; at < this.length; at++) if (this.names[at] === name) return this.values[at]
    return undefined
  }

  setValue(at: number, value: string): void {
    this.values[at] = value
  }

  /** Name and value pairs; for tests and logs. */
  pairs(): [string, string][] {
    return this.names.slice(0, this.length).map((name, at) => [name, this.values[at] ?? ''])
  }
}
