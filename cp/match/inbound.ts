/**
 * The `from` items that act on one inbound: of all policies that select it, in precedence, each as the set of tags
 * that a client must carry (Kuma semantics 2.5). Enforcement takes the items whose tags the client has, in order
 * (2.7); nothing is enumerated.
 */
import type { Resource } from '../kinds/kind.ts'
import type { DataplaneInbound, DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import type { TargetRef } from '../kinds/target-ref.ts'
import { inPrecedence } from './order.ts'
import { isShadow, selectsInbound, topLevelRef } from './select.ts'
import type { MeshView } from './view.ts'

/** One `from` item: lowest precedence first in its list. */
export interface InboundItem<Conf> {
  /** Tags that the client must carry; empty: every client. */
  readonly clientTags: Readonly<Record<string, string>>
  readonly conf: Conf
  readonly policy: Resource
  /** Index of the item in its list. */
  readonly ruleIndex: number
}

interface FromPolicySpec<Conf> {
  readonly from?:
    | readonly { readonly targetRef: TargetRef; readonly default?: Conf | undefined }[]
    | undefined
}

/** `type` must be a policy type whose specs have `from` items with a `default` of type Conf. */
export function inboundItems<Conf>(
  view: MeshView,
  type: string,
  dataplane: Resource<DataplaneSpec>,
  inbound: DataplaneInbound,
): readonly InboundItem<Conf>[] {
  const selected = view
    .policies(type)
    .filter(policy => !isShadow(policy) && selectsInbound(topLevelRef(policy), dataplane, inbound))
  return inPrecedence(selected).flatMap(policy =>
    ((policy.spec as FromPolicySpec<Conf>).from ?? []).flatMap((item, ruleIndex) =>
      item.default === undefined
        ? []
        : [{ clientTags: tagsOf(item.targetRef), conf: item.default, policy, ruleIndex }],
    ),
  )
}

/** The tags that a targetRef of an item stands for: of clients in `from`, of services in `to`. */
export function tagsOf(ref: TargetRef): Readonly<Record<string, string>> {
  const service = ref.name === undefined ? {} : { 'kuma.io/service': ref.name }
  switch (ref.kind) {
    case 'MeshService':
      return service
    case 'MeshServiceSubset':
      return { ...ref.tags, ...service }
    case 'MeshSubset':
      return { ...ref.tags }
    default:
      return {}
  }
}
