/** Random meshes as the control plane holds them, and its `_rules` in the form of the literal reading. */
import { attachmentsOf } from '../../../../cp/api/inspect/attachments.ts'
import { rulesOf } from '../../../../cp/api/inspect/rules.ts'
import type { Resource } from '../../../../cp/kinds/kind.ts'
import { MeshIndex } from '../../../../cp/snapshot/mesh-view.ts'
import { aMesh, resource } from '../../../support/resources.ts'
import type { LegacyPolicy } from './legacy.ts'
import type { RandomMesh } from './meshes.ts'
import type { RulesOfType } from './rules.ts'
import type { Rule, Tag } from './subsets.ts'

interface Meta {
  readonly type: string
  readonly name: string
}

interface ShownOrigin {
  readonly resourceMeta: Meta
  readonly ruleIndex: number
}

interface ShownRule {
  readonly matchers: readonly Tag[]
  readonly conf: unknown
  readonly origin: readonly Meta[]
}

interface ShownInbound<Rule> {
  readonly inbound: { readonly port: number }
  readonly rules: readonly Rule[]
}

interface ShownType {
  readonly type: string
  readonly proxyRule?: { readonly conf: unknown; readonly origin: readonly Meta[] }
  readonly toRules: readonly ShownRule[]
  readonly toResourceRules: readonly {
    readonly resourceMeta: Meta
    readonly resourceSectionName: string
    readonly conf: readonly unknown[]
    readonly origin: readonly ShownOrigin[]
  }[]
  readonly fromRules: readonly ShownInbound<ShownRule>[]
  readonly inboundRules: readonly ShownInbound<{
    readonly conf: readonly unknown[]
    readonly match?: unknown
    readonly origin: readonly ShownOrigin[]
  }>[]
}

export function resourcesOf({ policies, destinations }: RandomMesh): readonly Resource[] {
  return [
    ...destinations.map(({ type, name, labels, ports }) =>
      resource(type, 'default', name, { ports }, labels),
    ),
    ...policies.map(({ type, name, labels, creationTime, spec }) => ({
      ...resource(type, 'default', name, spec, labels),
      creationTime,
    })),
  ]
}

export function viewOf(
  resources: readonly Resource[],
  dataplanes: RandomMesh['dataplanes'],
  options: { readonly mtls: boolean } = { mtls: false },
): MeshIndex {
  const view = new MeshIndex(aMesh('default', options))
  if (options.mtls) view.setRoots(['root'])
  for (const one of resources) view.change(one, one)
  for (const { name, labels, spec } of dataplanes) {
    const dataplane = resource('Dataplane', 'default', name, spec, labels)
    view.change(dataplane, dataplane)
  }
  return view
}

/** By type; throws when there is no such Dataplane. */
export function shownRules(view: MeshIndex, name: string): ReadonlyMap<string, RulesOfType> {
  const dataplane = view.dataplane(name)
  if (dataplane === undefined) throw new Error(`${name}: no such Dataplane`)
  return literally(rulesOf(view, dataplane, dataplane))
}

/** @param body of `_rules` */
export function literally(body: object): ReadonlyMap<string, RulesOfType> {
  const { rules } = JSON.parse(JSON.stringify(body)) as { readonly rules: readonly ShownType[] }
  return new Map(rules.map(one => [one.type, rulesOfType(one)]))
}

function rulesOfType(shown: ShownType): RulesOfType {
  const { type, proxyRule, toRules, toResourceRules, fromRules, inboundRules } = shown
  const names = (origin: readonly Meta[]): readonly string[] => origin.map(({ name }) => name)
  const text = ({ resourceMeta, ruleIndex }: ShownOrigin): string => `${resourceMeta.name}/${ruleIndex}`
  const plain = ({ matchers, conf, origin }: ShownRule): Rule => ({ matchers, conf, origin: names(origin) })
  return {
    type,
    proxyRule: proxyRule === undefined ? null : { conf: proxyRule.conf, origin: names(proxyRule.origin) },
    toRules: toRules.map(plain),
    toResourceRules: toResourceRules
      .map(({ resourceMeta, resourceSectionName, conf, origin }) => ({
        resource: `${resourceMeta.type}/${resourceMeta.name}`,
        section: resourceSectionName,
        conf: conf[0],
        origin: origin.map(text),
      }))
      .toSorted((a, b) => (`${a.resource} ${a.section}` < `${b.resource} ${b.section}` ? -1 : 1)),
    fromRules: fromRules.map(({ inbound, rules }) => ({ port: inbound.port, rules: rules.map(plain) })),
    inboundRules: inboundRules.map(({ inbound, rules }) => ({
      port: inbound.port,
      rules: rules.map(({ conf, match = null, origin }) => ({
        match,
        conf: conf[0],
        origin: origin.map(text).join(),
      })),
    })),
  }
}

export function legacyResources(policies: readonly LegacyPolicy[]): readonly Resource[] {
  return policies.map(({ type, name, creationTime, spec }) => ({
    ...resource(type, 'default', name, spec),
    creationTime,
  }))
}

/** In the form of `attachmentsOf` in the literal reading. */
export function shownAttachments(view: MeshIndex, name: string): Readonly<Record<string, readonly string[]>> {
  const dataplane = view.dataplane(name)
  if (dataplane === undefined) throw new Error(`${name}: no such Dataplane`)
  const found = attachmentsOf(view, dataplane).flatMap(({ type, name: part, policies }) => {
    const [, port = ''] = part.split(':')
    const place = {
      inbound: `in ${port}`,
      outbound: `out ${port}`,
      service: `service ${part}`,
      dataplane: 'all',
    }
    return [...policies].map(
      ([policyType, all]) => [`${place[type]} ${policyType}`, all.map(policy => policy.name)] as const,
    )
  })
  return Object.fromEntries(found)
}
