/**
 * Where a route sends calls: backendRefs (kuma-api 4.3), and which targets a route may have in `to`; the same for
 * MeshHTTPRoute and MeshTCPRoute. Schemas, and their rules with Kuma's messages.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { portViolations, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { DESTINATION_KINDS } from '../policy.ts'
import { filled, optional } from '../schema/doc.ts'
import { type TargetRef, type TargetRefRules, targetRefSchema, targetRefViolations } from '../target-ref.ts'

export const backendRefSchema = z.object({
  ...targetRefSchema.shape,
  weight: filled(z.int().min(0).default(1), 'Share of the calls, as a part of the sum of all weights.', {
    default: '1',
    rule: '0 or more; the sum above 0',
  }),
  port: optional(z.int(), 'Port of the service.', {
    default: 'the only port of the service',
    rule: '1 to 65535; must be set with MeshMultiZoneService',
  }),
})

export type BackendRef = z.infer<typeof backendRefSchema>

export const BACKEND_KINDS = 'MeshService, MeshServiceSubset, MeshExternalService, MeshMultiZoneService'

const GATEWAY_TARGET: TargetRefRules = { kinds: ['Mesh'] }
const TARGET: TargetRefRules = { kinds: DESTINATION_KINDS }

/** What routes may have in `to`. */
export function routeTarget(top: TargetRef): TargetRefRules {
  return top.kind === 'MeshGateway' ? GATEWAY_TARGET : TARGET
}

const BACKEND: TargetRefRules = {
  kinds: ['MeshService', 'MeshServiceSubset', 'MeshExternalService', 'MeshMultiZoneService'],
}

/** @param path of the list */
export function backendRefsViolations(refs: readonly BackendRef[], path: string): Violation[] {
  const violations = refs.flatMap((ref, i) => backendRefViolations(ref, itemAt(path, i), BACKEND))
  const isNobody = refs.length > 0 && refs.every(ref => ref.weight === 0)
  return isNobody
    ? [...violations, violation(path, 'the sum of all weights must be greater than 0')]
    : violations
}

/** @param rules kinds that the place admits */
export function backendRefViolations(ref: BackendRef, path: string, rules: TargetRefRules): Violation[] {
  const port = fieldAt(path, 'port')
  const violations = targetRefViolations(ref, path, rules)
  if (ref.port !== undefined) return [...violations, ...portViolations(ref.port, port)]
  return ref.kind === 'MeshMultiZoneService'
    ? [...violations, violation(port, 'must be defined with kind MeshMultiZoneService')]
    : violations
}
