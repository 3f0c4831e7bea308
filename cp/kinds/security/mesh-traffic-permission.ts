/**
 * MeshTrafficPermission: who may call whom (kuma-api 4.12). Clients are selected by tags in `from`, by SPIFFE id in `rules`.
 * What could widen a permission unseen is refused.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { type Match, matchSchema, matchViolations } from '../policy.ts'
import { optional, required } from '../schema/doc.ts'
import { type TargetRefRules, targetRefSchema, targetRefViolations, topLevelWarnings } from '../target-ref.ts'

const matchesOf = (description: string) => optional(z.array(matchSchema), description)

const permissionSchema = z.object({
  targetRef: optional(targetRefSchema, 'Whose inbounds the policy is for.', {
    default: 'kind: Mesh',
    rule: 'Mesh, MeshSubset, MeshService, MeshServiceSubset, Dataplane',
  }),
  from: optional(
    z.array(
      z.object({
        targetRef: required(targetRefSchema, 'The clients.', {
          rule: 'Mesh, MeshSubset, MeshService, MeshServiceSubset',
        }),
        default: optional(
          z.object({
            action: optional(
              z.enum(['Allow', 'Deny', 'AllowWithShadowDeny']),
              'What happens with their calls. AllowWithShadowDeny lets them pass and reports what Deny would do.',
              { rule: 'must be defined' },
            ),
          }),
          'What is decided for these clients.',
        ),
      }),
    ),
    'Clients and what is decided for them. Of all that match a client the most specific policy decides; none: denied.',
    { rule: 'not together with rules' },
  ),
  rules: optional(
    z.array(
      z.object({
        default: optional(
          z.object({
            allow: matchesOf('Clients that may call.'),
            allowWithShadowDeny: matchesOf('Clients that may call, reported as denied.'),
            deny: matchesOf('Clients that may not call; wins over the others.'),
          }),
          'What is decided.',
          { rule: 'at least one of the three lists' },
        ),
      }),
    ),
    'Decisions by identity of the client.',
    { rule: 'not together with from' },
  ),
})

export type MeshTrafficPermissionSpec = z.infer<typeof permissionSchema>

const TOP_LEVEL: TargetRefRules = {
  kinds: ['Mesh', 'MeshSubset', 'MeshService', 'MeshServiceSubset', 'Dataplane'],
  byLabels: ['Dataplane'],
}
/** Certificates tell the client's tags, not the type of its proxy and not the labels of its service. */
const FROM: TargetRefRules = {
  kinds: ['Mesh', 'MeshSubset', 'MeshService', 'MeshServiceSubset'],
  byLabels: [],
  hasProxyTypes: false,
}

export const meshTrafficPermission = defineKind<MeshTrafficPermissionSpec>({
  type: 'MeshTrafficPermission',
  path: 'meshtrafficpermissions',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mtp',
  isPolicy: true,
  doc:
    'A MeshTrafficPermission says who may call the inbounds that it selects. In a mesh with mTLS everybody is denied ' +
    'whom no permission allows; without mTLS it has no effect.',
  schema: permissionSchema,
  check(spec) {
    const { targetRef, from = [], rules = [] } = spec
    const top: TargetRefRules = { ...TOP_LEVEL, isInbound: from.length + rules.length > 0 }
    const violations = targetRef === undefined ? [] : targetRefViolations(targetRef, 'targetRef', top)
    if (from.length === 0 && rules.length === 0) {
      violations.push(violation('', "at least one of 'from' or 'rules' has to be defined"))
    }
    if (from.length > 0 && rules.length > 0) {
      violations.push(violation('', "field 'from' must be empty when 'rules' is defined"))
    }
    return [
      ...violations,
      ...from.flatMap((item, i) => fromViolations(item, itemAt('from', i))),
      ...rules.flatMap((rule, i) => ruleViolations(rule, itemAt('rules', i))),
    ]
  },
  warnings: spec => topLevelWarnings(spec.targetRef),
})

type From = NonNullable<MeshTrafficPermissionSpec['from']>[number]
type Rule = NonNullable<MeshTrafficPermissionSpec['rules']>[number]

function fromViolations(item: From, path: string): Violation[] {
  const violations = targetRefViolations(item.targetRef, fieldAt(path, 'targetRef'), FROM)
  if (item.default?.action !== undefined) return violations
  return [...violations, violation(fieldAt(path, 'default.action'), 'must be defined')]
}

function ruleViolations(rule: Rule, path: string): Violation[] {
  const { allow = [], allowWithShadowDeny = [], deny = [] } = rule.default ?? {}
  if (allow.length + allowWithShadowDeny.length + deny.length === 0) {
    return [violation(path, "at least one of 'allow', 'allowWithShadowDeny', 'deny' has to be defined")]
  }
  // Kuma's paths leave out the `default` between them
  const at = (list: string, i: number): string => itemAt(fieldAt(path, list), i)
  return [
    ...allow.flatMap((match, i) => oneViolations(match, at('allow', i))),
    ...allowWithShadowDeny.flatMap((match, i) => oneViolations(match, at('allowWithShadowDeny', i))),
    ...deny.flatMap((match, i) => oneViolations(match, at('deny', i))),
  ]
}

function oneViolations(match: Match, path: string): Violation[] {
  return matchViolations(match, path, 'at least one of spiffeID or sni must be defined')
}
