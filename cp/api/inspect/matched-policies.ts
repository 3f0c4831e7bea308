/** `/dataplanes/{name}/policies`: which policies act on a data plane, and on which part of it (kuma-api 1.10). */
import { ok } from '../http/answer.ts'
import type { ApiContext, Endpoint } from '../request.ts'
import { attachmentsOf, showAttachment } from './attachments.ts'
import { gatewayView, isBuiltinGateway } from './gateway-view.ts'
import { withoutSpec } from './shapes.ts'
import { dataplaneEndpoint } from './subject.ts'

export function matchedPoliciesEndpoint(context: ApiContext): Endpoint {
  return dataplaneEndpoint(context, 'Could not get MatchedPolicies', ({ view, dataplane }) => {
    if (isBuiltinGateway(dataplane)) return ok(gatewayView(view, dataplane))
    const items = attachmentsOf(view, dataplane).map(attachment => ({
      ...showAttachment(attachment),
      matchedPolicies: Object.fromEntries(
        [...attachment.policies].map(([type, policies]) => [type, policies.map(withoutSpec)]),
      ),
    }))
    return ok({ kind: 'SidecarDataplane', total: items.length, items })
  })
}
