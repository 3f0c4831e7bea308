/** MeshTCPRoute: to which services the connections of an outbound go, and in which shares (kuma-api 4.12). */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { ANY_PROXY, topTargetRef } from '../policy.ts'
import { optional, required } from '../schema/doc.ts'
import { targetRefSchema, targetRefViolations, topLevelWarnings } from '../target-ref.ts'
import { BACKEND_KINDS, backendRefSchema, backendRefsViolations, routeTarget } from './backend-ref.ts'
import { unenforcedBackend, unenforcedTarget, unenforcedTop } from './unenforced-refs.ts'

const ruleSchema = z.object({
  default: required(
    z.object({
      backendRefs: optional(z.array(backendRefSchema), 'Services that get the connections.', {
        rule: `must be defined; ${BACKEND_KINDS}`,
      }),
    }),
    'Where the connections go.',
  ),
})

const routeSchema = z.object({
  targetRef: topTargetRef('Mesh, MeshSubset, MeshService, MeshServiceSubset, MeshGateway, Dataplane'),
  to: optional(
    z
      .array(
        z.object({
          targetRef: required(targetRefSchema, 'The outbound whose connections are routed.', {
            rule: 'MeshService, MeshExternalService, MeshMultiZoneService; Mesh where the policy is for a MeshGateway',
          }),
          rules: required(z.array(ruleSchema).max(1), 'The one rule for its connections.', {
            rule: 'at most 1',
          }),
        }),
      )
      .min(1),
    'Outbounds and what happens with their connections.',
    { rule: 'not empty' },
  ),
})

export type MeshTCPRouteSpec = z.infer<typeof routeSchema>

export const meshTCPRoute = defineKind<MeshTCPRouteSpec>({
  type: 'MeshTCPRoute',
  path: 'meshtcproutes',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mtcpr',
  isPolicy: true,
  doc:
    'A MeshTCPRoute sends the connections of an outbound to other services, or to several in shares. Where a ' +
    'MeshHTTPRoute fits the same HTTP outbound, that one decides.',
  schema: routeSchema,
  check({ targetRef, to = [] }) {
    const top = targetRef ?? { kind: 'Mesh' }
    return [
      ...(targetRef === undefined ? [] : targetRefViolations(targetRef, 'targetRef', ANY_PROXY)),
      ...to.flatMap((item, i) => [
        ...targetRefViolations(item.targetRef, fieldAt(itemAt('to', i), 'targetRef'), routeTarget(top)),
        ...item.rules.flatMap((rule, j) =>
          ruleViolations(rule, itemAt(fieldAt(itemAt('to', i), 'rules'), j)),
        ),
      ]),
    ]
  },
  warnings: spec => topLevelWarnings(spec.targetRef),
  unenforced: ({ targetRef, to = [] }) => [
    ...unenforcedTop(targetRef),
    ...to.flatMap(({ targetRef: target, rules: [rule] }, i) => {
      const path = itemAt('spec.to', i)
      const refs = fieldAt(path, 'rules[0].default.backendRefs')
      return [
        ...unenforcedTarget(target, fieldAt(path, 'targetRef')),
        ...(rule?.default.backendRefs ?? []).flatMap((ref, j) => unenforcedBackend(ref, itemAt(refs, j))),
      ]
    }),
  ],
})

function ruleViolations(rule: z.infer<typeof ruleSchema>, path: string): Violation[] {
  const field = fieldAt(path, 'default.backendRefs')
  const { backendRefs = [] } = rule.default
  return backendRefs.length === 0
    ? [violation(field, 'must be defined')]
    : backendRefsViolations(backendRefs, field)
}
