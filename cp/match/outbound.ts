/**
 * What `to` items say about the destinations of a data plane (Kuma semantics 2.5, 2.10): by tags for destinations that are
 * services of Dataplanes, by resource for MeshServices and their like. Items are merged in precedence; the more specific
 * kind of destination comes later.
 */

import type { Resource } from '../kinds/kind.ts'
import type { TargetRef } from '../kinds/target-ref.ts'
import { type Item, itemsOf, mergeItems, type Origin, type TaggedItem, taggedItems } from './items.ts'
import { compareNames, compareReach } from './order.ts'
import { type ResourceSection, resolve } from './references.ts'
import { topLevelRef } from './select.ts'
import { findRule, type SubsetRule, subsetRules } from './subset.ts'
import type { MeshView } from './view.ts'

/** What holds for one destination, or for all of the mesh (the resource is the Mesh then). */
export interface DestinationRule extends ResourceSection {
  readonly conf: unknown
  /** Lowest precedence first. */
  readonly origins: readonly Origin[]
}

/** @param policies of one type that select the data plane, lowest precedence first */
export function toItems(view: MeshView, policies: readonly Resource[]): readonly TaggedItem[] {
  return taggedItems(view, itemsOf(policies, 'to'))
}

/** As the inspect API shows them; see `toItems` and `confFor` for what is enforced. */
export function toRules(view: MeshView, policies: readonly Resource[]): readonly SubsetRule[] {
  return subsetRules(toItems(view, policies), true)
}

/** One for each resource that an item names. */
export function destinationRules(view: MeshView, policies: readonly Resource[]): readonly DestinationRule[] {
  const items = itemsOf(policies, 'to')
    .toSorted(byDestination)
    .map(item => ({ ...item, targets: resolve(view, destinationRef(item)) }))
  const named = new Map(items.flatMap(({ targets }) => targets).map(target => [keyOf(target), target]))
  return [...named.values()].map(target => {
    const relevant = items.filter(item => item.targets.some(one => covers(one, target)))
    return {
      ...target,
      conf: mergeItems(relevant),
      origins: relevant.map(({ policy, ruleIndex }) => ({ policy, ruleIndex })),
    }
  })
}

/** The rule for a destination: of its section, else of the whole resource, else of the mesh. */
export function ruleForDestination(
  rules: readonly DestinationRule[],
  destination: ResourceSection,
): DestinationRule | undefined {
  const of = (one: ResourceSection): DestinationRule | undefined =>
    rules.find(rule => keyOf(rule) === keyOf(one))
  return (
    of(destination) ??
    of({ ...destination, section: '' }) ??
    rules.find(({ resource }) => resource.type === 'Mesh')
  )
}

/** The rule for a service of Dataplanes. */
export function ruleForService(rules: readonly SubsetRule[], service: string): SubsetRule | undefined {
  return findRule(rules, { 'kuma.io/service': service })
}

function keyOf({ resource, section }: ResourceSection): string {
  return JSON.stringify([resource.type, resource.name, section])
}

/** What is said of the mesh holds for all, what is said of a resource for each of its sections. */
function covers(item: ResourceSection, target: ResourceSection): boolean {
  if (item.resource.type === 'Mesh') return true
  if (item.resource.type !== target.resource.type || item.resource.name !== target.resource.name) return false
  return item.section === '' || item.section === target.section
}

/** A policy for a MeshHTTPRoute speaks of calls that take the route, whatever its items name. */
function destinationRef({ policy, targetRef }: Item): TargetRef {
  const top = topLevelRef(policy)
  return top.kind === 'MeshHTTPRoute' ? top : targetRef
}

const KINDS: readonly TargetRef['kind'][] = [
  'Mesh',
  'MeshService',
  'MeshExternalService',
  'MeshMultiZoneService',
  'MeshServiceSubset',
  'MeshHTTPRoute',
]

/** By policy without its name, then the kind of destination (sections later), then the policy's name. */
function byDestination(a: Item, b: Item): number {
  return (
    compareReach(a.policy, b.policy) ||
    rankOf(a.targetRef) - rankOf(b.targetRef) ||
    compareNames(a.policy, b.policy) ||
    a.ruleIndex - b.ruleIndex
  )
}

function rankOf({ kind, sectionName }: TargetRef): number {
  return KINDS.indexOf(kind) * 2 + (sectionName === undefined ? 0 : 1)
}
