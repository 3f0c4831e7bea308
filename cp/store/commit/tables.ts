/**
 * The resources in memory, by type, mesh and name. Looking one up and writing one cost the same however many there
 * are; a sorted list is made when somebody asks, from the last one and what changed since, and then shared.
 * In: the changes of a commit. Out: resources and lists, none of which is ever changed afterwards.
 */
import type { Resource, ResourceKey } from '../../kinds/kind.ts'
import type { Change } from '../store.ts'

const NONE: readonly Resource[] = []

export class Tables {
  readonly #types = new Map<string, TypeTable>()

  get(key: ResourceKey): Resource | null {
    return this.#types.get(key.type)?.meshes.get(key.mesh)?.get(key.name) ?? null
  }

  /** Sorted by mesh, then name (by code unit). The array is shared and stays as it is. */
  list(type: string, mesh?: string): readonly Resource[] {
    const table = this.#types.get(type)
    if (table === undefined) return NONE
    return mesh === undefined ? table.all() : (table.meshes.get(mesh)?.sorted() ?? NONE)
  }

  apply(changes: readonly Change[]): void {
    for (const { key, after } of changes) this.set(key, after)
  }

  /** null deletes. */
  set(key: ResourceKey, resource: Resource | null): void {
    let table = this.#types.get(key.type)
    if (table === undefined) {
      table = new TypeTable()
      this.#types.set(key.type, table)
    }
    table.set(key.mesh, key.name, resource)
  }

  /** Everything, by type, mesh and name: a picture that later writes do not touch. */
  all(): readonly Resource[] {
    return [...this.#types.keys()].sort().flatMap(type => this.list(type))
  }
}

class TypeTable {
  readonly meshes = new Map<string, MeshTable>()
  #all: readonly Resource[] | null = null

  set(mesh: string, name: string, resource: Resource | null): void {
    this.#all = null
    let table = this.meshes.get(mesh)
    if (table === undefined) {
      if (resource === null) return
      table = new MeshTable()
      this.meshes.set(mesh, table)
    }
    table.set(name, resource)
    if (table.size === 0) this.meshes.delete(mesh)
  }

  all(): readonly Resource[] {
    if (this.#all === null) {
      const lists = [...this.meshes.keys()].sort().map(mesh => this.meshes.get(mesh)?.sorted() ?? NONE)
      this.#all = lists.length === 1 ? (lists[0] ?? NONE) : lists.flat()
    }
    return this.#all
  }
}

class MeshTable {
  readonly #byName = new Map<string, Resource>()
  #sorted: readonly Resource[] = NONE
  /** Written since `#sorted` was made. */
  readonly #touched = new Set<string>()

  get size(): number {
    return this.#byName.size
  }

  get(name: string): Resource | undefined {
    return this.#byName.get(name)
  }

  set(name: string, resource: Resource | null): void {
    if (resource === null) this.#byName.delete(name)
    else this.#byName.set(name, resource)
    this.#touched.add(name)
  }

  /** Merges the few that changed into the last list: O(n + k log k) for k changes. */
  sorted(): readonly Resource[] {
    if (this.#touched.size === 0) return this.#sorted
    const fresh: Resource[] = []
    for (const name of this.#touched) {
      const resource = this.#byName.get(name)
      if (resource !== undefined) fresh.push(resource)
    }
    fresh.sort((a, b) => (a.name < b.name ? -1 : 1))
    const merged: Resource[] = []
    let next = 0
    for (const old of this.#sorted) {
      if (this.#touched.has(old.name)) continue
      for (let one = fresh[next]; one !== undefined && one.name < old.name; one = fresh[next]) {
        merged.push(one)
        next++
      }
      merged.push(old)
    }
    for (const one of fresh.slice(next)) merged.push(one)
    this.#touched.clear()
    this.#sorted = merged
    return merged
  }
}
