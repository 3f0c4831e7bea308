/** Data planes counted by their state, as all insights show it (kuma-api 1.6, 4.6). */
import type { CountedProxy } from './proxies.ts'

export interface Counters {
  total: number
  online: number
  offline: number
  partiallyDegraded: number
}

export function noCounters(): Counters {
  return { total: 0, online: 0, offline: 0, partiallyDegraded: 0 }
}

export function counted(proxies: Iterable<Pick<CountedProxy, 'state'>>): Counters {
  const counters = noCounters()
  for (const { state } of proxies) {
    counters.total++
    counters[state]++
  }
  return counters
}

/** Counters by name; `namesOf` says under which names a data plane counts. */
export function countedBy(
  proxies: Iterable<CountedProxy>,
  namesOf: (proxy: CountedProxy) => readonly string[],
): Readonly<Record<string, Counters>> {
  const groups = new Map<string, CountedProxy[]>()
  for (const proxy of proxies) {
    for (const name of namesOf(proxy)) {
      const group = groups.get(name)
      if (group === undefined) groups.set(name, [proxy])
      else group.push(proxy)
    }
  }
  const sorted = [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, group]) => [name, counted(group)]))
}
