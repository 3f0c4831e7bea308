/** What runs behind a listening socket: takes raw sockets, serves them, and counts. Inbound or outbound. */
import type { Socket } from 'node:net'
import type { ClusterEnvironment } from '../cluster/cluster.ts'
import type { Load } from '../codec/load.ts'
import type { Connections } from './connections.ts'
import type { ListenerCounters } from './counters.ts'

export interface RoleEnvironment extends ClusterEnvironment {
  readonly load: Load
  /** A connection of a retiring role has closed and it was the last. */
  onEmpty(): void
}

export interface ListenerRole {
  readonly counters: ListenerCounters
  readonly connections: Connections
  /** An accepted socket of which nothing was read. */
  accept(raw: Socket): void
  /** Connections end when nothing runs on them, at the latest in `withinMs`. */
  retire(withinMs: number): void
}
