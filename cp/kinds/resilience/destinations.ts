/** Destinations that timeouts and retries may name in `to`, by what the policy as a whole is for (kuma-api 4.12). */
import { ANY_DESTINATION_OR_ROUTE } from '../policy.ts'
import type { TargetRef, TargetRefRules } from '../target-ref.ts'

export function isRouteOrGateway({ kind }: TargetRef): boolean {
  return kind === 'MeshHTTPRoute' || kind === 'MeshGateway'
}

/** Of a route or gateway the destinations are known already. */
export function destinationsOf(top: TargetRef): TargetRefRules {
  return isRouteOrGateway(top) ? { kinds: ['Mesh', 'MeshExternalService'] } : ANY_DESTINATION_OR_ROUTE
}
