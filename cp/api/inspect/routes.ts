/** All paths of the inspect API (kuma-api 1.10). */
import type { ApiContext, Route } from '../request.ts'
import { configurationEndpoint, outboundsEndpoint } from './configuration.ts'
import { proxyRoutes } from './proxies.ts'

const DATAPLANE = '/meshes/:mesh/dataplanes/:name'

export function inspectRoutes(context: ApiContext): readonly Route[] {
  return [
    ...proxyRoutes(context),
    { path: `${DATAPLANE}/_config`, methods: { GET: configurationEndpoint(context) } },
    { path: `${DATAPLANE}/_outbounds`, methods: { GET: outboundsEndpoint(context) } },
  ]
}
