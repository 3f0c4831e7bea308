/**
 * `/rules` and `/_rules`: what the policies with a targetRef say about a data plane, merged, with where it comes from
 * (kuma-api 1.10).
 */
import type { Kind, Resource } from '../../kinds/kind.ts'
import { sortedLabels } from '../../kinds/meta.ts'
import { type DataplaneSpec, inboundsOf, outboundsOf } from '../../kinds/proxy/dataplane.ts'
import { kindByType } from '../../kinds/registry.ts'
import { isProxyWide, traitsOf } from '../../kinds/schema/policy-traits.ts'
import { SERVICE_TAG } from '../../kinds/spiffe.ts'
import { tagsHash } from '../../match/destination-name.ts'
import type { GatewaySpec } from '../../match/gateway.ts'
import { fromRules, matchRules } from '../../match/inbound-rules.ts'
import { proxyConf, type RouteRule } from '../../match/items.ts'
import { destinationRules, ruleForService, toRules } from '../../match/outbound.ts'
import { matchesHash } from '../../match/route-matches.ts'
import { selectedPolicies } from '../../match/selection.ts'
import type { SubsetRule } from '../../match/subset.ts'
import type { MeshView } from '../../match/view.ts'
import { ok } from '../http/answer.ts'
import { notFound } from '../problem.ts'
import type { ApiContext, Endpoint } from '../request.ts'
import { inboundOf, matcherOf, metaOf, ruleOrigin, targetRefKinds } from './shapes.ts'
import { dataplaneEndpoint, resourceEndpoint } from './subject.ts'

type Dataplane = Resource<DataplaneSpec>

export function dataplaneRulesEndpoint(context: ApiContext): Endpoint {
  return dataplaneEndpoint(context, 'Could not retrieve Dataplane', ({ view, dataplane }) =>
    ok(rulesOf(view, dataplane, dataplane)),
  )
}

/** Of all data planes that run a MeshGateway. Empty when the kind is not there. */
export function gatewayRulesEndpoints(context: ApiContext): readonly { path: string; endpoint: Endpoint }[] {
  const kind = kindByType('MeshGateway')
  if (kind === undefined) return []
  const title = 'Could not retrieve MeshGateway'
  const endpoint = resourceEndpoint(context, kind, title, (view, gateway) =>
    gateway === undefined ? notFound(title) : ok(rulesOf(view, dataplaneFor(gateway), gateway)),
  )
  return [{ path: `/meshes/:mesh/${kind.path}/:name/_rules`, endpoint }]
}

/** Older clients: one item for each rule and place. */
export function flatRulesEndpoint(context: ApiContext): Endpoint {
  return dataplaneEndpoint(context, 'Could not retrieve Dataplane', ({ view, dataplane }) => {
    const of = targetRefKinds()
    const items = [
      ...of.filter(isProxyWide).flatMap(kind => singleItem(view, dataplane, kind)),
      ...of.filter(kind => traitsOf(kind).hasTo).flatMap(kind => destinationSubsets(view, dataplane, kind)),
      ...of.filter(kind => traitsOf(kind).hasFrom).flatMap(kind => clientSubsets(view, dataplane, kind)),
    ]
    return ok({ total: items.length, items })
  })
}

/** @param subject what the answer is about: the data plane, or the gateway that it runs */
export function rulesOf(view: MeshView, dataplane: Dataplane, subject: Resource): object {
  const rules = targetRefKinds().flatMap(kind => rulesOfKind(view, dataplane, kind))
  const routes = toRules(view, selectedPolicies(view, 'MeshHTTPRoute', dataplane))
  const matches = routes.flatMap(({ conf }) => (conf as { rules: readonly RouteRule[] }).rules)
  const byHash = new Map(matches.map(({ matches: match = [] }) => [matchesHash(match), match]))
  return {
    httpMatches: [...byHash].map(([hash, match]) => ({ hash, match })),
    resource: metaOf(subject),
    rules,
  }
}

function rulesOfKind(view: MeshView, dataplane: Dataplane, kind: Kind): object[] {
  const { hasFrom, hasRules, hasTo, isFromAsRules } = traitsOf(kind)
  const matched = selectedPolicies(view, kind.type, dataplane)
  if (matched.length === 0) return []
  const proxyRule = isProxyWide(kind)
    ? { proxyRule: { conf: proxyConf(matched) ?? {}, origin: matched.map(metaOf) } }
    : {}
  const to = hasTo ? toRules(view, matched) : []
  const resources = hasTo ? destinationRules(view, matched) : []
  const from = hasFrom ? fromRules(view, kind.type, dataplane) : []
  const inbound = hasRules ? matchRules(view, kind.type, dataplane, isFromAsRules) : []
  const lists = {
    toRules: to.map(subsetRule),
    toResourceRules: resources.map(({ resource, section, conf, origins }) => ({
      resourceMeta: metaOf(resource),
      resourceSectionName: section,
      conf: [conf],
      origin: origins.map(ruleOrigin),
    })),
    fromRules: from.map(one => ({ inbound: inboundOf(one.inbound), rules: one.rules.map(subsetRule) })),
    inboundRules: inbound.map(one => ({
      inbound: inboundOf(one.inbound),
      rules: one.rules.map(({ conf, match, origin }) => ({
        conf: [conf],
        ...(match === undefined ? {} : { match }),
        origin: [ruleOrigin(origin)],
      })),
    })),
  }
  const isEmpty = !isProxyWide(kind) && Object.values(lists).every(list => list.length === 0)
  return isEmpty ? [] : [{ type: kind.type, ...proxyRule, ...lists, warnings: [] }]
}

function subsetRule({ subset, conf, origins }: SubsetRule): object {
  return { matchers: subset.map(matcherOf), conf, origin: origins.map(metaOf) }
}

/** A data plane that stands for all that run the gateway. */
function dataplaneFor(gateway: Resource): Dataplane {
  const { selectors = [] } = gateway.spec as GatewaySpec
  const tags = { ...selectors[0]?.match }
  const networking = { address: '127.0.0.1', gateway: { type: 'BUILTIN' as const, tags } }
  return { ...gateway, type: 'Dataplane', spec: { networking } }
}

function singleItem(view: MeshView, dataplane: Dataplane, { type }: Kind): object[] {
  const matched = selectedPolicies(view, type, dataplane)
  if (matched.length === 0) return []
  return [flat('SingleItem', type, { subset: [], conf: proxyConf(matched) ?? {}, origins: matched }, {})]
}

function destinationSubsets(view: MeshView, dataplane: Dataplane, { type }: Kind): object[] {
  const rules = toRules(view, selectedPolicies(view, type, dataplane))
  const outbounds = outboundsOf(dataplane.spec)
  const services = [...new Set(outbounds.map(({ service }) => service))].sort()
  return services.flatMap(service => {
    const rule = ruleForService(rules, service)
    if (rule === undefined) return []
    const addresses = outbounds
      .filter(outbound => outbound.service === service)
      .map(({ address, port }) => `${address}:${port}`)
    const place = { name: service, addresses, service, tags: { [SERVICE_TAG]: service } }
    return [flat('DestinationSubset', type, rule, place)]
  })
}

function clientSubsets(view: MeshView, dataplane: Dataplane, { type }: Kind): object[] {
  const inbounds = inboundsOf(dataplane.spec)
  return fromRules(view, type, dataplane).flatMap(({ inbound, rules }) => {
    const { service, tags } = inbound
    const twins = inbounds.filter(one => tagsHash(one.tags) === tagsHash(tags))
    const place = {
      name: `${service}-${tagsHash(tags)}`,
      addresses: twins.map(({ address, port }) => `${address}:${port}`),
      service,
      tags: sortedLabels(tags),
    }
    // inbounds with the same tags are one place
    if (twins[0]?.port !== inbound.port || twins[0].address !== inbound.address) return []
    return rules.map(rule => flat('ClientSubset', type, rule, place))
  })
}

function flat(type: string, policyType: string, rule: SubsetRule, place: object): object {
  const { subset, conf, origins } = rule
  return {
    type,
    ...place,
    policyType,
    subset: Object.fromEntries(subset.map(({ key, value, not }) => [key, `${not ? '!' : ''}${value}`])),
    conf,
    origins: origins.map(({ mesh, name }) => ({ mesh, name })),
  }
}
