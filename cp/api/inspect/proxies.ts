/**
 * Questions to live proxies on Kuma's paths of Envoy's admin interface (kuma-api 1.10): `xds`, `stats` and `clusters` of
 * data planes, zone ingresses and egresses. Whom nobody can reach is told apart from who does not exist.
 */
import type { View } from '../../auth/access.ts'
import type { RunningConfiguration } from '../../push/questions/questions.ts'
import { type Answer, ok } from '../http/answer.ts'
import { notFound } from '../problem.ts'
import type { ApiContext, ApiRequest, Endpoint, Route } from '../request.ts'
import { requireMesh } from '../resources.ts'
import { clustersJson, clustersOf, clustersText, statsOf, statsText } from './proxy-text.ts'

interface ProxyPath {
  readonly type: string
  readonly path: string
  readonly title: string
}

const PROXIES: readonly ProxyPath[] = [
  { type: 'Dataplane', path: '/meshes/:mesh/dataplanes/:name', title: 'Could not get dataplane resource' },
  { type: 'ZoneIngress', path: '/zoneingresses/:name', title: 'Could not get zone ingress resource' },
  { type: 'ZoneIngress', path: '/zone-ingresses/:name', title: 'Could not get zone ingress resource' },
  // sic, 2.14
  { type: 'ZoneEgress', path: '/zoneegresses/:name', title: 'Could not get zone ingress resource' },
]

type Handler = (context: ApiContext, request: ApiRequest, mesh: string, name: string) => Promise<Answer>

interface Operation {
  readonly path: string
  /** What is looked at. */
  readonly what: View
  readonly handle: Handler
}

const OPERATIONS: readonly Operation[] = [
  { path: 'xds', what: 'config dump', handle: xds },
  { path: 'stats', what: 'stats', handle: stats },
  { path: 'clusters', what: 'clusters', handle: clusters },
]

export function proxyRoutes(context: ApiContext): readonly Route[] {
  return PROXIES.flatMap(proxy =>
    OPERATIONS.map(operation => ({
      path: `${proxy.path}/${operation.path}`,
      methods: { GET: endpoint(context, proxy, operation) },
    })),
  )
}

function endpoint(context: ApiContext, proxy: ProxyPath, { what, handle }: Operation): Endpoint {
  return {
    right: { check: 'before', action: { type: 'view', what, proxy: proxy.type } },
    operation: 'Could not execute admin operation',
    async handle(request) {
      const { mesh = '', name = '' } = request.params
      if (mesh !== '') await requireMesh(context, mesh)
      const proxyResource = await context.store.get({ type: proxy.type, mesh, name })
      if (proxyResource === null) return notFound(proxy.title)
      return handle(context, request, mesh, name)
    },
  }
}

async function xds({ live }: ApiContext, { query }: ApiRequest, mesh: string, name: string): Promise<Answer> {
  const configuration = await live.questions.configuration(mesh, name)
  return ok({ configs: dumpOf(configuration, query.get('include_eds') === 'true') })
}

async function stats(
  { live }: ApiContext,
  { query }: ApiRequest,
  mesh: string,
  name: string,
): Promise<Answer> {
  const statistics = await live.questions.statistics(mesh, name)
  const found = statsOf(statistics, query.get('usedonly') !== 'false')
  return query.get('format') === 'json' ? ok({ stats: found }) : { status: 200, text: statsText(found) }
}

async function clusters(
  { live }: ApiContext,
  { query }: ApiRequest,
  mesh: string,
  name: string,
): Promise<Answer> {
  const found = clustersOf(await live.questions.statistics(mesh, name))
  return query.get('format') === 'json' ? ok(clustersJson(found)) : { status: 200, text: clustersText(found) }
}

type Sections = RunningConfiguration['sections']

/** As Envoy's config dump: a list of parts, each with its type; ours are sections of the snapshot by name. */
function dumpOf({ version, sections }: RunningConfiguration, hasEndpoints: boolean): readonly unknown[] {
  const part = (
    type: string,
    names: (name: string) => boolean,
    show: (value: unknown) => unknown,
  ): unknown => ({
    '@type': `type.vmesh.io/${type}`,
    version_info: version,
    sections: Object.fromEntries(
      Object.keys(sections)
        .filter(names)
        .sort()
        .map(name => [name, show(sections[name])]),
    ),
  })
  const whole = (value: unknown): unknown => value
  const isCluster = (name: string): boolean => name.startsWith('cluster/')
  return [
    part('Listeners', name => name.startsWith('listener/'), whole),
    part('Clusters', isCluster, value => without(value, 'endpoints')),
    ...(hasEndpoints ? [part('Endpoints', isCluster, value => endpointsIn(value))] : []),
    part('Security', name => name === 'identity' || name.startsWith('trust/'), whole),
    ...others(sections).map(prefix => part('Other', name => name.startsWith(prefix), whole)),
  ]
}

const KNOWN = /^(identity$|listener\/|cluster\/|trust\/)/

/** Of sections that this version does not sort yet: none is left out. */
function others(sections: Sections): readonly string[] {
  const names = Object.keys(sections).filter(name => !KNOWN.test(name))
  return [...new Set(names.map(name => name.replace(/\/.*/, '')))].sort()
}

function without(value: unknown, member: string): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== member))
}

function endpointsIn(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'endpoints' in value ? value.endpoints : []
}
