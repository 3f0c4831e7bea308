/** MeshOPA of Kong Mesh: asks a policy agent about requests (kuma-api 4.14). */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { topTargetRef } from '../policy.ts'
import { optional } from '../schema/doc.ts'
import { type TargetRefRules, targetRefViolations, topLevelWarnings } from '../target-ref.ts'
import {
  authConfigSchema,
  authConfigViolations,
  eitherSourceSchema,
  eitherSourceViolations,
} from './opa-source.ts'

/** Both dialects in, the one of this kind out. */
const failure = z
  .enum(['Allow', 'Deny', 'allow', 'deny'])
  .transform(word => (word.toLowerCase() === 'allow' ? 'Allow' : 'Deny'))

const policySchema = z.object({
  rego: optional(eitherSourceSchema, 'The policy, in Rego.'),
  ignoreDecision: optional(z.boolean(), 'Its `allow` and `deny` do not count; other policies may use it.', {
    default: 'false',
  }),
  ...eitherSourceSchema.shape,
})

const meshOpaSchema = z.object({
  targetRef: topTargetRef('Mesh, MeshSubset, MeshService, MeshServiceSubset, MeshGateway, Dataplane'),
  default: optional(
    z.object({
      agentConfig: optional(eitherSourceSchema, 'Configuration of the agent, YAML.'),
      appendPolicies: optional(
        z.array(policySchema),
        'Policies, each with `rego`, or being the source itself.',
      ),
      authConfig: optional(authConfigSchema(failure), 'How the agent is asked.'),
    }),
    'What the agent decides by.',
    { rule: 'must be defined' },
  ),
})

export type MeshOpaSpec = z.infer<typeof meshOpaSchema>
type Policy = z.infer<typeof policySchema>

const TOP_LEVEL: TargetRefRules = {
  kinds: ['Mesh', 'MeshSubset', 'MeshService', 'MeshServiceSubset', 'MeshGateway', 'Dataplane'],
  byLabels: ['Dataplane'],
}

export const meshOpa = defineKind<MeshOpaSpec>({
  type: 'MeshOPA',
  path: 'meshopas',
  scope: 'Mesh',
  encoding: 'spec',
  isPolicy: true,
  doc:
    'A MeshOPA asks an Open Policy Agent whether a request may pass, besides the permissions of the mesh. A request ' +
    'passes when every package of its policies says allow and none says deny.',
  schema: meshOpaSchema,
  notEnforced: {
    message: 'no policy agent is asked; every request passes that the permissions of the mesh let pass',
    refusesTraffic: true,
  },
  check({ targetRef, default: conf }) {
    const top = targetRef === undefined ? [] : targetRefViolations(targetRef, 'targetRef', TOP_LEVEL)
    if (conf === undefined) return [...top, violation('default', 'must be defined')]
    const { agentConfig, appendPolicies = [], authConfig } = conf
    return [
      ...top,
      ...eitherSourceViolations(agentConfig, 'default.agentConfig'),
      ...appendPolicies.flatMap((policy, i) => policyViolations(policy, itemAt('default.appendPolicies', i))),
      ...authConfigViolations(authConfig, 'default.authConfig'),
    ]
  },
  warnings: ({ targetRef }) => topLevelWarnings(targetRef),
})

function policyViolations({ rego, ignoreDecision: _, ...source }: Policy, path: string): Violation[] {
  const isSource = Object.values(source).some(value => value !== undefined)
  if (rego === undefined)
    return isSource
      ? eitherSourceViolations(source, path)
      : [violation(fieldAt(path, 'rego'), 'must be defined')]
  return isSource
    ? [violation(path, 'either rego or a data source must be defined')]
    : eitherSourceViolations(rego, fieldAt(path, 'rego'))
}
