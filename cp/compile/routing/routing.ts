/**
 * What a route policy makes of an outbound: routes, backends and the destinations that they name, put into the draft in
 * one way by all route policies. Data planes with the same outbound get the same listener.
 */
import type { OutboundListener } from '#contract/listener.ts'
import type { Backend, Route } from '#contract/route.ts'
import type { Resource } from '../../kinds/kind.ts'
import { destinationName } from '../../match/destination-name.ts'
import type { MeshView } from '../../match/view.ts'
import type { Destination } from '../cluster.ts'
import type { Draft, OutboundDraft } from '../draft.ts'

export interface Routing {
  /** What it adds to the listener. */
  readonly added: Added
  readonly destinations: readonly Destination[]
  /** Those made so far. */
  readonly listeners: Map<string, OutboundListener>
}

interface Added {
  /** Empty: none. */
  readonly routes?: readonly Route[]
  readonly backends?: readonly Backend[]
  readonly policy?: string
}

/** Notes the destinations that are referred to by the names of their clusters. */
export class Destinations {
  readonly #byName = new Map<string, Destination>()

  use(destination: Destination): string {
    const name = destinationName(destination.tags)
    this.#byName.set(name, destination)
    return name
  }

  all(): readonly Destination[] {
    return [...this.#byName.values()]
  }
}

export function routingTo(destinations: Destinations, { routes = [], ...added }: Added): Routing {
  return {
    added: routes.length === 0 ? added : { ...added, routes },
    destinations: destinations.all(),
    listeners: new Map(),
  }
}

export function apply(routing: Routing, view: MeshView, draft: Draft, target: OutboundDraft): void {
  const { added, destinations, listeners } = routing
  for (const destination of destinations) draft.cluster(view, destination)
  if (Object.keys(added).length === 0) return
  const { listener } = target
  // routes may be long: one object is serialised once
  const key = `${listener.address}:${listener.port} ${listener.protocol} ${listener.cluster}`
  const same = listeners.get(key) ?? { ...listener, ...added }
  listeners.set(key, same)
  target.listener = same
}

/** It says something about outgoing calls. */
export function hasItems(policy: Resource): boolean {
  return ((policy.spec as { readonly to?: readonly unknown[] }).to ?? []).length > 0
}
