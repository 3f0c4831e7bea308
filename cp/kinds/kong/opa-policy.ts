/** OPAPolicy of Kong Mesh: asks a policy agent about requests (kuma-api 4.14). Flat, mesh. MeshOPA is its successor. */
import { z } from 'zod'
import { dataSourceSchema, dataSourceViolations } from '../data-source.ts'
import { itemAt } from '../field-path.ts'
import { defineKind } from '../kind.ts'
import { selectorsField, selectorsViolations } from '../legacy/selectors.ts'
import { optional } from '../schema/doc.ts'
import { authConfigSchema, authConfigViolations } from './opa-source.ts'

/** Both dialects in, the one of this kind out. */
const failure = z.enum(['allow', 'deny', 'Allow', 'Deny']).transform(word => word.toLowerCase())

const opaPolicySchema = z.object({
  selectors: selectorsField('Data planes whose inbounds or gateway have these tags.'),
  conf: optional(
    z.object({
      agentConfig: optional(dataSourceSchema, 'Configuration of the agent, YAML.'),
      policies: optional(z.array(dataSourceSchema), 'Policies in Rego.'),
      authConfig: optional(authConfigSchema(failure), 'How the agent is asked.'),
    }),
    'What the agent decides by.',
  ),
})

export type OpaPolicySpec = z.infer<typeof opaPolicySchema>

export const opaPolicy = defineKind<OpaPolicySpec>({
  type: 'OPAPolicy',
  path: 'opa-policies',
  singular: 'opa-policy',
  plural: 'opa-policies',
  scope: 'Mesh',
  encoding: 'flat',
  isPolicy: true,
  computedLabels: 'mesh',
  doc:
    'An OPAPolicy asks an Open Policy Agent whether a request may pass, besides the permissions of the mesh. MeshOPA ' +
    'is its successor.',
  schema: opaPolicySchema,
  notEnforced: {
    message: 'no policy agent is asked; every request passes that the permissions of the mesh let pass',
    refusesTraffic: true,
  },
  check: ({ selectors, conf }) => [
    ...selectorsViolations(selectors, 'selectors'),
    ...dataSourceViolations(conf?.agentConfig, 'conf.agentConfig'),
    ...(conf?.policies ?? []).flatMap((source, i) =>
      dataSourceViolations(source, itemAt('conf.policies', i)),
    ),
    ...authConfigViolations(conf?.authConfig, 'conf.authConfig'),
  ],
})
