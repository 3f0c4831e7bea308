/**
 * What compiling asks of matching for each data plane, with the answers kept: policies in precedence are sorted once, and
 * data planes that are selected by the same policies get the same objects, so that what is made of them is made once.
 * Kept as long as the array of policies is (`MeshView.policies`).
 */
import type { Resource } from '../kinds/kind.ts'
import type { DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import { SERVICE_TAG } from '../kinds/spiffe.ts'
import { itemsOf, mergeItems, routeItems, type TaggedItem } from './items.ts'
import { compareReach, inPrecedence } from './order.ts'
import { toItems } from './outbound.ts'
import { selectsProxy } from './proxy.ts'
import { MATCHES_TAG } from './route-matches.ts'
import { isShadow } from './select.ts'
import type { MeshView } from './view.ts'

/** What `to` says about one service. */
export interface ServiceConf {
  /** Merged. */
  readonly conf: unknown
  /** What it was merged of, lowest precedence first; at least one. */
  readonly items: readonly TaggedItem[]
}

/** Policies of a type that act on a data plane, lowest precedence first; the same array for the same policies. */
export function selectedPolicies(
  view: MeshView,
  type: string,
  dataplane: Resource<DataplaneSpec>,
): readonly Resource[] {
  const all = view.policies(type)
  if (all.length === 0) return all
  let selections = known.get(all)
  if (selections === undefined) {
    selections = { ordered: inPrecedence(all.filter(policy => !isShadow(policy))), chosen: new Map() }
    known.set(all, selections)
  }
  const chosen: Resource[] = []
  let key = ''
  for (const [i, policy] of selections.ordered.entries()) {
    if (!selectsProxy(view, policy, dataplane)) continue
    chosen.push(policy)
    key += `${i},`
  }
  const same = selections.chosen.get(key)
  if (same !== undefined) return same
  selections.chosen.set(key, chosen)
  return chosen
}

/** By tags (semantics 2.5); undefined: nothing. The same object for the same policies and service. */
export function serviceConf(
  view: MeshView,
  policies: readonly Resource[],
  service: string,
): ServiceConf | undefined {
  if (policies.length === 0) return undefined
  const routes = view.policies('MeshHTTPRoute')
  let said = knownConfs.get(policies)
  // items may be for routes
  if (said === undefined || said.routes !== routes) {
    const items = [...toItems(view, policies), ...routeItems(view, itemsOf(policies, 'to'))]
    const saysOfRules = items.some(isOfRule)
    said = { routes, items, saysOfRules, byService: new Map(), byRule: new Map() }
    knownConfs.set(policies, said)
  }
  let found = said.byService.get(service)
  if (found === undefined) {
    const items = said.items.filter(({ tags }) =>
      Object.entries(tags).every(([tag, value]) => tag === SERVICE_TAG && value === service),
    )
    found = items.length === 0 ? null : { conf: mergeItems(items), items }
    said.byService.set(service, found)
  }
  return found ?? undefined
}

/**
 * What policies say for the requests that a rule of a MeshHTTPRoute takes, with what they say for its service: those whose
 * targetRef is the route, at the top or in `to`. undefined: nothing of its own. `hash`: of the rule's matches.
 */
export function ruleConf(
  view: MeshView,
  policies: readonly Resource[],
  service: string,
  hash: string,
): ServiceConf | undefined {
  serviceConf(view, policies, service)
  const said = knownConfs.get(policies)
  if (said?.saysOfRules !== true) return undefined
  const key = `${service} ${hash}`
  let found = said.byRule.get(key)
  if (found === undefined) {
    const items = said.items
      .filter(({ tags }) =>
        Object.entries(tags).every(
          ([tag, value]) =>
            (tag === SERVICE_TAG && value === service) || (tag === MATCHES_TAG && value === hash),
        ),
      )
      .toSorted(byReach)
    found = items.some(isOfRule) ? { conf: mergeItems(items), items } : null
    said.byRule.set(key, found)
  }
  return found ?? undefined
}

/** Of policies that reach as far, what is said of a route goes before what is said of its service (semantics 2.10). */
function byReach(a: TaggedItem, b: TaggedItem): number {
  return compareReach(a.policy, b.policy) || Number(isOfRule(a)) - Number(isOfRule(b))
}

function isOfRule({ tags }: TaggedItem): boolean {
  return tags[MATCHES_TAG] !== undefined
}

interface Selections {
  readonly ordered: readonly Resource[]
  readonly chosen: Map<string, readonly Resource[]>
}

interface Said {
  readonly routes: readonly Resource[]
  readonly items: readonly TaggedItem[]
  /** Some are for routes. */
  readonly saysOfRules: boolean
  /** null: nothing is said. */
  readonly byService: Map<string, ServiceConf | null>
  /** By service and hash of matches. */
  readonly byRule: Map<string, ServiceConf | null>
}

const known = new WeakMap<readonly Resource[], Selections>()
const knownConfs = new WeakMap<readonly Resource[], Said>()
