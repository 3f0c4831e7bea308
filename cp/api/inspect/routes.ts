/** All paths of the inspect API (kuma-api 1.10). */
import type { ApiContext, Endpoint, Route } from '../request.ts'
import { affectedRoutes } from './affected.ts'
import { configurationEndpoint, outboundsEndpoint } from './configuration.ts'
import { hostnameRoutes } from './hostnames.ts'
import { matchedPoliciesEndpoint } from './matched-policies.ts'
import {
  inboundPoliciesEndpoint,
  layoutEndpoint,
  outboundPoliciesEndpoint,
  outboundRoutesEndpoint,
  proxyPoliciesEndpoint,
  routePoliciesEndpoint,
} from './parts.ts'
import { proxyRoutes } from './proxies.ts'
import { dataplaneRulesEndpoint, flatRulesEndpoint, gatewayRulesEndpoints } from './rules.ts'
import { whyEndpoint } from './why.ts'

export function inspectRoutes(context: ApiContext): readonly Route[] {
  const dataplane: Readonly<Record<string, Endpoint>> = {
    policies: matchedPoliciesEndpoint(context),
    rules: flatRulesEndpoint(context),
    _rules: dataplaneRulesEndpoint(context),
    _why: whyEndpoint(context),
    _config: configurationEndpoint(context),
    _outbounds: outboundsEndpoint(context),
    _layout: layoutEndpoint(context),
    _policies: proxyPoliciesEndpoint(context),
    '_inbounds/:kri/_policies': inboundPoliciesEndpoint(context),
    '_outbounds/:kri/_policies': outboundPoliciesEndpoint(context),
    '_outbounds/:kri/_routes': outboundRoutesEndpoint(context),
    '_outbounds/:kri/_routes/:routeKri/_policies': routePoliciesEndpoint(context),
  }
  return [
    ...proxyRoutes(context),
    ...Object.entries(dataplane).map(([path, endpoint]) => ({
      path: `/meshes/:mesh/dataplanes/:name/${path}`,
      methods: { GET: endpoint },
    })),
    ...gatewayRulesEndpoints(context).map(({ path, endpoint }) => ({ path, methods: { GET: endpoint } })),
    ...affectedRoutes(context),
    ...hostnameRoutes(context),
  ]
}
