/** What a policy for outgoing calls makes of the outbounds of a data plane, and of those of their routes that it names. */
import type { OutboundListener } from '#contract/listener.ts'
import type { Route } from '#contract/route.ts'
import type { Resource } from '../../kinds/kind.ts'
import { ruleConf, type ServiceConf } from '../../match/selection.ts'
import type { MeshView } from '../../match/view.ts'
import type { OutboundDraft } from '../draft.ts'
import { keepRule, ruleOf } from '../routing/mesh-http-route.ts'
import { withParts } from './parts.ts'

/** `partsOf`: of a route that policies speak of; the same for the same conf. */
export function addToRoutes(
  view: MeshView,
  policies: readonly Resource[],
  target: OutboundDraft,
  partsOf: (conf: ServiceConf) => Partial<Route>,
): void {
  const { routes } = target.listener
  if (routes === undefined) return
  const { service } = target.outbound
  let isChanged = false
  const changed = routes.map(route => {
    const rule = ruleOf(route)
    const conf = rule === undefined ? undefined : ruleConf(view, policies, service, rule)
    if (rule === undefined || conf === undefined) return route
    isChanged = true
    return keepRule(withParts(route, partsOf(conf)), rule)
  })
  if (isChanged) target.listener = { ...target.listener, routes: changed }
}

/** `parts`: the same object for the same conf. */
export function addToListener(target: OutboundDraft, parts: Partial<OutboundListener>): void {
  target.listener = withParts(target.listener, parts)
}

/** The policy that has the last word, as snapshots name it; '' where nobody has said anything. */
export function authorOf({ items }: { readonly items: readonly { readonly policy: Resource }[] }): string {
  const policy = items.at(-1)?.policy
  return policy === undefined ? '' : `${policy.type}/${policy.name}`
}

/** Remembers what is made of something as long as that is there. */
export function onceFor<Key extends object, Made>(make: (key: Key) => Made): (key: Key) => Made {
  const known = new WeakMap<Key, { readonly made: Made }>()
  return key => {
    let found = known.get(key)
    if (found === undefined) {
      found = { made: make(key) }
      known.set(key, found)
    }
    return found.made
  }
}
