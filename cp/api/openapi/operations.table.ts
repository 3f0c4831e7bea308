/**
 * What the operations of the HTTP API are for, beyond those that every kind has: one line each for the OpenAPI document. A
 * test holds the table against the routes, both ways. `KIND` stands for the path of any kind of that place.
 */
import type { ParameterName } from './parameters.ts'

export interface OperationDoc {
  /** Begins with a verb, no full stop. */
  readonly summary: string
  readonly tag: Tag
  /** Of the query. */
  readonly query?: readonly ParameterName[]
  /** Name of a schema of `schemas.ts`; left out: an object. */
  readonly answer?: string
  /** The answer is text. */
  readonly isText?: true
  /** Name of the schema of the body. */
  readonly body?: string
}

export type Tag = 'Control plane' | 'Tokens' | 'Insights' | 'Inspect' | 'Changes'

const LIST: readonly ParameterName[] = ['size', 'offset', 'name']
const PROXY_LIST: readonly ParameterName[] = [...LIST, 'filter', 'tag', 'gateway']

const system = (summary: string): OperationDoc => ({ summary, tag: 'Control plane' })
const insight = (summary: string, query: readonly ParameterName[] = []): OperationDoc => ({
  summary,
  tag: 'Insights',
  query,
})
const inspect = (summary: string, query: readonly ParameterName[] = []): OperationDoc => ({
  summary,
  tag: 'Inspect',
  query,
})
const token = (summary: string): OperationDoc => ({
  summary,
  tag: 'Tokens',
  isText: true,
  body: 'TokenRequest',
})
const text = (summary: string, query: readonly ParameterName[]): OperationDoc => ({
  ...inspect(summary, query),
  isText: true,
})

const overviews = (what: string, path: string, query: readonly ParameterName[]) => ({
  [`GET ${path}`]: { ...insight(`List ${what} with what is known of them`, query), answer: 'List' },
})
const overview = (what: string, path: string) => ({
  [`GET ${path}`]: insight(`Get ${what} with what is known of it`),
})

const proxied = (what: string, path: string): Readonly<Record<string, OperationDoc>> => ({
  [`GET ${path}/{name}/xds`]: inspect(`Ask ${what} what it runs`, ['include_eds']),
  [`GET ${path}/{name}/stats`]: text(`Ask ${what} for its counters`, ['statsFormat', 'usedonly']),
  [`GET ${path}/{name}/clusters`]: text(`Ask ${what} for its destinations and their endpoints`, [
    'statsFormat',
  ]),
})

const DATAPLANE = '/meshes/{mesh}/dataplanes/{name}'

export const OPERATIONS: Readonly<Record<string, OperationDoc>> = {
  'GET /': system('Get name, version and instance of the control plane'),
  'GET /ready': { ...system('Tell whether the control plane is ready'), isText: true },
  'GET /config': system('Get the effective settings, without secrets'),
  'GET /who-am-i': system('Get the user that the caller is'),
  'GET /openapi.json': system('Get this document'),
  'GET /_resources': system('List the kinds of resources'),
  'GET /policies': system('List the kinds of policies, as older clients read them'),
  'GET /_kri/{kri}': { ...system('Get the resource with an identifier'), query: ['format'] },
  'GET /status/zones': system('List the zones, as clients up to 2.11 read them'),
  'POST /tokens/dataplane': token('Make a token for a data plane'),
  'POST /tokens/user': token('Make a token for a user'),
  'POST /tokens/zone': token('Make a token for a zone proxy'),
  'POST /tokens/zone-ingress': token('Make a token for a zone ingress, as clients up to 2.6 ask for it'),
  'GET /global-insight': insight('Count what is in all meshes'),
  'GET /global-insights': insight('Count the resources of global scope'),
  ...overviews('Dataplanes', '/dataplanes/_overview', PROXY_LIST),
  ...overviews('Dataplanes', '/dataplanes+insights', PROXY_LIST),
  ...overviews('Dataplanes of a mesh', '/meshes/{mesh}/dataplanes/_overview', PROXY_LIST),
  ...overviews('Dataplanes of a mesh', '/meshes/{mesh}/dataplanes+insights', PROXY_LIST),
  ...overview('a Dataplane', `${DATAPLANE}/_overview`),
  ...overview('a Dataplane', '/meshes/{mesh}/dataplanes+insights/{name}'),
  ...overviews('Zones', '/zones/_overview', LIST),
  ...overviews('Zones', '/zones+insights', LIST),
  ...overview('a Zone', '/zones/{name}/_overview'),
  ...overview('a Zone', '/zones+insights/{name}'),
  ...overviews('ZoneIngresses', '/zoneingresses/_overview', LIST),
  ...overviews('ZoneIngresses', '/zone-ingresses/_overview', LIST),
  ...overviews('ZoneIngresses', '/zoneingresses+insights', LIST),
  ...overview('a ZoneIngress', '/zoneingresses/{name}/_overview'),
  ...overview('a ZoneIngress', '/zone-ingresses/{name}/_overview'),
  ...overview('a ZoneIngress', '/zoneingresses+insights/{name}'),
  ...overviews('ZoneEgresses', '/zoneegresses/_overview', LIST),
  ...overviews('ZoneEgresses', '/zoneegressoverviews', LIST),
  ...overview('a ZoneEgress', '/zoneegresses/{name}/_overview'),
  ...overview('a ZoneEgress', '/zoneegressoverviews/{name}'),
  ...proxied('a data plane', '/meshes/{mesh}/dataplanes'),
  ...proxied('a zone ingress', '/zoneingresses'),
  ...proxied('a zone ingress', '/zone-ingresses'),
  ...proxied('a zone egress', '/zoneegresses'),
  [`GET ${DATAPLANE}/policies`]: inspect('List the policies that match a data plane'),
  [`GET ${DATAPLANE}/rules`]: inspect('List the rules of targetRef policies for a data plane'),
  [`GET ${DATAPLANE}/_rules`]: inspect('List the rules of targetRef policies for a data plane, by policy'),
  [`GET ${DATAPLANE}/_why`]: inspect('Tell which policy and item set each value that a data plane runs with'),
  'GET /meshes/{mesh}/meshgateways/{name}/_rules': inspect('List the rules for a gateway, by policy'),
  [`GET ${DATAPLANE}/_config`]: inspect('Get the configuration that a data plane has to run', [
    'shadow',
    'include',
  ]),
  [`GET ${DATAPLANE}/_outbounds`]: inspect('List the ports that a data plane opens for its application'),
  [`GET ${DATAPLANE}/_layout`]: inspect('List inbounds and outbounds of a data plane'),
  [`GET ${DATAPLANE}/_policies`]: inspect('List the policies of a data plane as a whole'),
  [`GET ${DATAPLANE}/_inbounds/{kri}/_policies`]: inspect('List the policies of an inbound'),
  [`GET ${DATAPLANE}/_outbounds/{kri}/_policies`]: inspect('List the policies of an outbound'),
  [`GET ${DATAPLANE}/_outbounds/{kri}/_routes`]: inspect('List the routes of an outbound'),
  [`GET ${DATAPLANE}/_outbounds/{kri}/_routes/{routeKri}/_policies`]: inspect(
    'List the policies of a route of an outbound',
  ),
  'GET /meshes/{mesh}/KIND/{name}/dataplanes': inspect('List the data planes that a policy matches', LIST),
  'GET /meshes/{mesh}/KIND/{name}/_resources/dataplanes': inspect(
    'List the Dataplanes that a resource affects',
    LIST,
  ),
  'GET /meshes/{mesh}/KIND/{name}/-resources/dataplanes': inspect(
    'List the Dataplanes that a resource affects, as kumactl spells it',
    LIST,
  ),
  'GET /meshes/{mesh}/KIND/{name}/_dataplanes': inspect('List the Dataplanes of a MeshService', LIST),
  'GET /meshes/{mesh}/KIND/{name}/_hostnames': inspect('List the host names of a service', LIST),
  'GET /meshes/{mesh}/_applied': {
    summary: 'Wait until the data planes that a write has changed run it: the same promise as ?wait=applied',
    tag: 'Changes',
    query: ['version', 'timeout'],
  },
  'GET /dataplanes/_status': { ...insight('List data planes and how they do', PROXY_LIST), answer: 'List' },
  'GET /meshes/{mesh}/dataplanes/_status': {
    ...insight('List the data planes of a mesh and how they do', PROXY_LIST),
    answer: 'List',
  },
  [`GET ${DATAPLANE}/_status`]: insight('Get how a data plane does'),
}
