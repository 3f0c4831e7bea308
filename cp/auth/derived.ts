/**
 * What follows from all stored resources of a few types, for decisions that come with every request: computed when it
 * is asked for first after a change, not at each request. In: types and a function. Out: its value for what is stored
 * at this moment, without waiting.
 */
import { keyText, type Resource } from '../kinds/kind.ts'
import type { Store } from '../store/store.ts'

export interface Derived<T> {
  value(): T
  stop(): void
}

/** `compute` gets the resources in no order and must not throw. Throws what the store throws. */
export async function derive<T>(
  store: Store,
  types: readonly string[],
  compute: (resources: readonly Resource[]) => T,
): Promise<Derived<T>> {
  const revision = store.revision()
  const lists = await Promise.all(types.map(type => store.list(type)))
  const stored = new Map(lists.flat().map(resource => [keyText(resource), resource]))
  let known: { readonly value: T } | null = null
  // what was committed while the lists were read comes again, in order
  const stop = store.watch(revision, changes => {
    for (const { key, after } of changes) {
      if (!types.includes(key.type)) continue
      if (after === null) stored.delete(keyText(key))
      else stored.set(keyText(key), after)
      known = null
    }
  })
  return {
    value() {
      known ??= { value: compute([...stored.values()]) }
      return known.value
    },
    stop,
  }
}
