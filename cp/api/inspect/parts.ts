/**
 * The parts of a data plane, each with its identifier, and the policies that act on it (kuma-api 1.10): `_layout`,
 * `_policies`, `_inbounds/…` and `_outbounds/…`. They speak of destinations that are resources of their own, so the first
 * two need a mesh with MeshServices.
 */
import { isDeepStrictEqual } from 'node:util'
import { parseKri } from '../../kinds/identifier.ts'
import type { Kind, Resource } from '../../kinds/kind.ts'
import type { MeshSpec } from '../../kinds/mesh/mesh.ts'
import { inboundsOf } from '../../kinds/proxy/dataplane.ts'
import { kinds } from '../../kinds/registry.ts'
import { isProxyWide, isRoute, traitsOf } from '../../kinds/schema/policy-traits.ts'
import { catchAllConf, type MatchRule, matchRulesOf } from '../../match/inbound-rules.ts'
import { policiesOf, proxyConf, type RouteRule } from '../../match/items.ts'
import { type DestinationRule, destinationRules, ruleForDestination } from '../../match/outbound.ts'
import { portsOf, type ResourceSection } from '../../match/references.ts'
import { selectedPolicies } from '../../match/selection.ts'
import type { MeshView } from '../../match/view.ts'
import { type Answer, ok } from '../http/answer.ts'
import type { ApiContext, Endpoint } from '../request.ts'
import { layoutOf } from './layout.ts'
import { kriOrigins, kriText, targetRefKinds } from './shapes.ts'
import { badRequest, dataplaneEndpoint, type Subject } from './subject.ts'

const TITLE = 'Could not retrieve Dataplane'

/** The mode of the mesh is looked at before the data plane. */
export function layoutEndpoint(context: ApiContext): Endpoint {
  return dataplaneEndpoint(
    context,
    TITLE,
    ({ view, dataplane }) => ok(layoutOf(view, dataplane)),
    view => refusalFor(view, '_layout'),
  )
}

/** Policies for the whole data plane. */
export function proxyPoliciesEndpoint(context: ApiContext): Endpoint {
  return dataplaneEndpoint(context, TITLE, ({ view, dataplane }) => {
    const refused = refusalFor(view, '_policies')
    if (refused !== null) return refused
    const policies = targetRefKinds()
      .filter(isProxyWide)
      .flatMap(kind => {
        const matched = selectedPolicies(view, kind.type, dataplane)
        if (matched.length === 0) return []
        return [{ kind: kind.type, conf: proxyConf(matched) ?? {}, origins: kriOrigins(matched) }]
      })
    return ok({ policies })
  })
}

export function inboundPoliciesEndpoint(context: ApiContext): Endpoint {
  return dataplaneEndpoint(context, TITLE, subject =>
    withKri(subject, 'kri', kri => {
      const { view, dataplane } = subject
      const inbound = inboundsOf(dataplane.spec).find(({ name }) => kriText(dataplane, name) === kri)
      const policies = targetRefKinds().flatMap(kind => {
        const { hasRules, isFromAsRules } = traitsOf(kind)
        if (inbound === undefined || !hasRules) return []
        const rules = matchRulesOf(view, kind.type, dataplane, inbound, isFromAsRules)
        return rules.length === 0 ? [] : [inboundPolicy(kind, rules)]
      })
      return ok({ policies })
    }),
  )
}

export function outboundPoliciesEndpoint(context: ApiContext): Endpoint {
  return dataplaneEndpoint(context, TITLE, subject =>
    withKri(subject, 'kri', kri => {
      const destination = destinationOf(subject.view, kri)
      const policies = kindsOfOutbounds().flatMap(kind => {
        const rule = destination === undefined ? undefined : ruleOf(subject, kind, destination)
        return rule === undefined ? [] : [outboundPolicy(kind, rule)]
      })
      return ok({ policies })
    }),
  )
}

export function outboundRoutesEndpoint(context: ApiContext): Endpoint {
  return dataplaneEndpoint(context, TITLE, subject =>
    withKri(subject, 'kri', kri => {
      const destination = destinationOf(subject.view, kri)
      const routes = targetRefKinds()
        .filter(isRoute)
        .flatMap(kind => {
          const rule = destination === undefined ? undefined : ruleOf(subject, kind, destination)
          if (rule === undefined) return []
          const origins = policiesOf(rule.origins)
          const rules = kind.type === 'MeshTCPRoute' ? tcpRules(rule.conf) : httpRules(rule.conf, origins)
          return [{ kind: kind.type, rules, origins: kriOrigins(origins) }]
        })
      return ok({ routes })
    }),
  )
}

/** Policies whose `to` names the route. */
export function routePoliciesEndpoint(context: ApiContext): Endpoint {
  return dataplaneEndpoint(context, TITLE, subject =>
    withKri(subject, 'kri', () =>
      withKri(subject, 'routeKri', kri => {
        const named = kri.replace(/_[^_]*$/, '_')
        const route = subject.view.policies('MeshHTTPRoute').find(one => kriText(one) === named)
        const policies = kindsOfOutbounds().flatMap(kind => {
          const rules = destinationRules(
            subject.view,
            selectedPolicies(subject.view, kind.type, subject.dataplane),
          )
          const rule = rules.find(({ resource }) => resource === route)
          return rule === undefined ? [] : [outboundPolicy(kind, rule)]
        })
        return ok({ policies })
      }),
    ),
  )
}

function refusalFor(view: MeshView, endpoint: string): Answer | null {
  const { meshServices } = view.mesh.spec as MeshSpec
  if (meshServices?.mode === 'Exclusive') return null
  return badRequest(`can't use ${endpoint} endpoint without meshService enabled`)
}

function withKri({ request }: Subject, parameter: string, handle: (kri: string) => Answer): Answer {
  const kri = request.params[parameter] ?? ''
  if (parseKri(kri) === null) return badRequest(`invalid identifier string: ${JSON.stringify(kri)}`)
  return handle(kri)
}

/** undefined: the identifier names nothing that can be called. */
function destinationOf(view: MeshView, kri: string): ResourceSection | undefined {
  const parsed = parseKri(kri)
  if (parsed === null) return undefined
  const whole = kri.slice(0, kri.length - parsed.section.length)
  const kind = kinds.find(({ shortName }) => shortName !== '' && shortName === parsed.shortName)
  const resource = view.resources(kind?.type ?? '').find(one => kriText(one) === whole)
  if (resource === undefined) return undefined
  const port = portsOf(resource).find(({ name, port }) => [name, String(port)].includes(parsed.section))
  return parsed.section !== '' && port === undefined ? undefined : { resource, section: port?.name ?? '' }
}

function kindsOfOutbounds(): readonly Kind[] {
  return targetRefKinds().filter(kind => traitsOf(kind).hasTo && !isRoute(kind))
}

function ruleOf(
  { view, dataplane }: Subject,
  kind: Kind,
  destination: ResourceSection,
): DestinationRule | undefined {
  const rules = destinationRules(view, selectedPolicies(view, kind.type, dataplane))
  return ruleForDestination(rules, destination)
}

function outboundPolicy({ type }: Kind, { conf, origins }: DestinationRule): object {
  return { kind: type, conf: [conf], origins: kriOrigins(policiesOf(origins)) }
}

/** What holds for certain clients, then what holds for all others, merged. */
function inboundPolicy({ type }: Kind, rules: readonly MatchRule[]): object {
  const forSome = rules.filter(({ match }) => match !== undefined)
  const conf = catchAllConf(rules)
  return {
    kind: type,
    rules: [
      ...forSome.map(({ conf, match, origin }) => ({ kri: kriText(origin.policy), match, conf })),
      ...(conf === undefined ? [] : [{ conf }]),
    ],
    origins: kriOrigins(policiesOf(rules.map(({ origin }) => origin))),
  }
}

function tcpRules(conf: unknown): readonly object[] {
  return [{ kri: '', matches: null, conf: (conf as RouteRule).default ?? {} }]
}

/** Each rule is named for the strongest route that has its matches. */
function httpRules(conf: unknown, routes: readonly Resource[]): readonly object[] {
  const { rules } = conf as { readonly rules: readonly RouteRule[] }
  return rules.map(({ matches = [], default: own = {} }) => {
    for (const route of routes.toReversed()) {
      const at = rulesOf(route).findIndex(rule => isDeepStrictEqual(rule.matches ?? [], matches))
      if (at >= 0) return { kri: kriText(route, `rule_${at}`), matches, conf: own }
    }
    return { kri: '', matches, conf: own }
  })
}

function rulesOf({ spec }: Resource): readonly RouteRule[] {
  const { to = [] } = spec as { to?: readonly { readonly rules?: readonly RouteRule[] }[] }
  return to.flatMap(({ rules = [] }) => rules)
}
