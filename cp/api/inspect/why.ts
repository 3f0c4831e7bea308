/**
 * `/dataplanes/{name}/_why`, ours: for each value that policies give a data plane the policy and the item of it that set the
 * value, by the functions that compile.
 */
import type { Kind } from '../../kinds/kind.ts'
import { inboundsOf, outboundsOf } from '../../kinds/proxy/dataplane.ts'
import { kinds } from '../../kinds/registry.ts'
import { traitsOf } from '../../kinds/schema/policy-traits.ts'
import { matchRules } from '../../match/inbound-rules.ts'
import { itemsOf, type Origin, taggedItems } from '../../match/items.ts'
import { matchedPolicies, policiesOfInbound } from '../../match/proxy.ts'
import { selectedPolicies, serviceConf } from '../../match/selection.ts'
import { ok } from '../http/answer.ts'
import type { ApiContext, Endpoint } from '../request.ts'
import { attachmentsOf } from './attachments.ts'
import { clientGroups, type Reason, reasonsOf, wholeItems } from './reasons.ts'
import { isProxyWide, metaOf, targetRefKinds } from './shapes.ts'
import { dataplaneEndpoint, type Subject } from './subject.ts'

/** One value. */
interface Why {
  /** `dataplane`, `inbound ADDRESS:PORT`, `outbound ADDRESS:PORT (SERVICE)`. */
  readonly place: string
  readonly type: string
  /** Of the policy that the values come from: `default`, `to`, `from`, `rules`, `conf`. */
  readonly list: string
  readonly field: string
  readonly value: unknown
  /** Weakest first; `index`: of the item in the list. */
  readonly origins: readonly { readonly policy: object; readonly index: number }[]
  /** The kind's values do nothing yet. */
  readonly isEnforced: boolean
}

export function whyEndpoint(context: ApiContext): Endpoint {
  return dataplaneEndpoint(context, 'Could not retrieve Dataplane', subject => {
    const items = [...targetRefKinds().flatMap(kind => whyOf(subject, kind)), ...legacyWhy(subject)]
    return ok({ resource: metaOf(subject.dataplane), total: items.length, items })
  })
}

function whyOf({ view, dataplane }: Subject, kind: Kind): readonly Why[] {
  const { hasTo, hasFrom, hasRules, isFromAsRules } = traitsOf(kind)
  const shown = (place: string, list: string, reasons: readonly Reason[]): readonly Why[] =>
    reasons.map(({ field, value, origins }) => ({
      place,
      type: kind.type,
      list,
      field,
      value,
      origins: origins.map(originOf),
      isEnforced: kind.notEnforced === null,
    }))
  const whole = isProxyWide(kind)
    ? shown('dataplane', 'default', reasonsOf(wholeItems(matchedPolicies(view, kind.type, dataplane))))
    : []
  const selected = hasTo ? selectedPolicies(view, kind.type, dataplane) : []
  const outgoing = outboundsOf(dataplane.spec).flatMap(({ address, port, service }) =>
    shown(
      `outbound ${address}:${port} (${service})`,
      'to',
      reasonsOf(serviceConf(view, selected, service)?.items ?? []),
    ),
  )
  const clients = hasFrom
    ? inboundsOf(dataplane.spec).flatMap(inbound => {
        const policies = policiesOfInbound(view, kind.type, dataplane, inbound)
        return clientGroups(taggedItems(view, itemsOf(policies, 'from'))).flatMap(({ tags, items }) =>
          shown(`inbound ${inbound.address}:${inbound.port}${clientsText(tags)}`, 'from', reasonsOf(items)),
        )
      })
    : []
  const rules = hasRules
    ? matchRules(view, kind.type, dataplane, isFromAsRules).flatMap(({ inbound, rules: entries }) =>
        entries.flatMap(({ conf, match, origin }) =>
          shown(
            `inbound ${inbound.address}:${inbound.port}${match === undefined ? '' : `, clients ${JSON.stringify(match)}`}`,
            'rules',
            reasonsOf([{ ...origin, conf }]),
          ),
        ),
      )
    : []
  return [...whole, ...outgoing, ...clients, ...rules]
}

/** Of policies with sources and destinations one holds as a whole: the last of its list. */
function legacyWhy({ view, dataplane }: Subject): readonly Why[] {
  const of = kinds.filter(kind => kind.isPolicy && !traitsOf(kind).isTargetRef)
  return attachmentsOf(view, dataplane, of).flatMap(({ type: part, name, service, policies }) =>
    [...policies].map(([type, found]): Why => {
      const place = part === 'dataplane' ? part : `${part} ${name}${service === name ? '' : ` (${service})`}`
      return {
        place,
        type,
        list: 'conf',
        field: '',
        value: (found.at(-1)?.spec as { readonly conf?: unknown } | undefined)?.conf ?? null,
        origins: found.map(policy => originOf({ policy, ruleIndex: 0 })),
        isEnforced: of.find(kind => kind.type === type)?.notEnforced === null,
      }
    }),
  )
}

function originOf({ policy, ruleIndex }: Origin): { policy: object; index: number } {
  return { policy: metaOf(policy), index: ruleIndex }
}

function clientsText(tags: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(tags).map(([key, value]) => `${key}=${value}`)
  return pairs.length === 0 ? '' : `, clients ${pairs.join(' ')}`
}
