/**
 * `_why` of a data plane: for every value that a policy gave it the policy and the item that set it. Beyond Kuma; the shape
 * is documented in README.md.
 */
import { sortedLabels } from '../../kinds/meta.ts'
import type { SaidOf } from '../../match/why/said.ts'
import { whyOf } from '../../snapshot/why.ts'
import { ok } from '../http/answer.ts'
import type { ApiContext, Endpoint } from '../request.ts'
import { inboundOf, metaOf, targetRefKinds } from './shapes.ts'
import { dataplaneEndpoint } from './subject.ts'

export function whyEndpoint(context: ApiContext): Endpoint {
  return dataplaneEndpoint(context, 'Could not retrieve Dataplane', ({ view, dataplane }) => {
    const { proxy, inbounds, outbounds, destinations } = whyOf(view, dataplane, targetRefKinds())
    return ok({
      resource: metaOf(dataplane),
      proxy: proxy.map(shown),
      inbounds: inbounds.map(({ inbound, said }) => ({
        inbound: inboundOf(inbound),
        policies: said.map(shown),
      })),
      outbounds: outbounds.map(({ outbound: { address, port, service, tags }, said }) => ({
        outbound: { address, port, service, tags: sortedLabels(tags) },
        policies: said.map(shown),
      })),
      destinations: destinations.map(({ service, said }) => ({ service, policies: said.map(shown) })),
    })
  })
}

function shown({ kind, clients, match, values }: SaidOf): object {
  return {
    type: kind.type,
    isEnforced: kind.notEnforced === null,
    ...(clients === undefined ? {} : { clients: sortedLabels(clients) }),
    ...(match === undefined ? {} : { match }),
    values: values.map(({ path, value, policy, ruleIndex }) => ({
      path,
      value,
      policy: policy.name,
      ...(ruleIndex === null ? {} : { ruleIndex }),
    })),
  }
}
