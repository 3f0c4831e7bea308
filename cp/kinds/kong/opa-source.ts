/**
 * What OPAPolicy and MeshOPA share (kuma-api 4.14): the settings of the request to the policy agent, and where its
 * configuration and its policies come from. Both dialects of a source are taken: DataSource and SecureDataSource.
 */
import { z } from 'zod'
import {
  type DataSource,
  dataSourceSchema,
  dataSourceViolations,
  type SecureDataSource,
  secureDataSourceSchema,
  secureDataSourceViolations,
} from '../data-source.ts'
import { fieldAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { optional } from '../schema/doc.ts'
import { uint32 } from '../values.ts'

/** @param failure the two words of `onAgentFailure`, as the dialect writes them */
export function authConfigSchema<Failure extends z.ZodType>(failure: Failure) {
  return z.object({
    statusOnError: optional(uint32, 'Status of the answer when the agent cannot be asked.', {
      default: '403',
      rule: '100 to 599',
    }),
    onAgentFailure: optional(failure, 'What happens with a request when the agent cannot be asked.', {
      default: 'deny',
    }),
    requestBody: optional(
      z.object({
        maxSize: optional(uint32, 'How much of the body the agent gets; larger requests are refused.', {
          unit: 'bytes',
        }),
        sendRawBody: optional(z.boolean(), 'The agent gets the body as bytes, not as text.', {
          default: 'false',
        }),
      }),
      'The agent gets the body too.',
      { default: 'without the body' },
    ),
  })
}

export function authConfigViolations(
  config: { readonly statusOnError?: number | undefined } | undefined,
  path: string,
): Violation[] {
  const status = config?.statusOnError
  if (status === undefined || (status >= 100 && status <= 599)) return []
  return [violation(fieldAt(path, 'statusOnError'), 'must be in inclusive range [100, 599]')]
}

const { secret, inline, inlineString } = dataSourceSchema.shape
const { file, secretRef, envVar, insecureInline } = secureDataSourceSchema.shape

/** One of `secret`, `inline`, `inlineString`; or `type` and its field. */
export const eitherSourceSchema = z.object({
  secret,
  inline,
  inlineString,
  type: optional(
    z.enum(['File', 'Secret', 'EnvVar', 'InsecureInline']),
    'Which of the following fields says it; without it one of the three before.',
  ),
  file,
  secretRef,
  envVar,
  insecureInline,
})

type EitherSource = z.infer<typeof eitherSourceSchema>

export function eitherSourceViolations(source: EitherSource | undefined, path: string): Violation[] {
  if (source === undefined) return []
  const { type, file, secretRef, envVar, insecureInline, ...older } = source
  const olderSource: DataSource = older
  const names = Object.entries(older).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  const newer = { file, secretRef, envVar, insecureInline }
  if (type === undefined) {
    const stranger = Object.entries(newer).find(([, value]) => value !== undefined)?.[0]
    if (stranger !== undefined) return [violation(fieldAt(path, 'type'), `must be defined with ${stranger}`)]
    return dataSourceViolations(olderSource, path)
  }
  if (names.length > 0) return [violation(fieldAt(path, 'type'), `must not be set with ${names.join(', ')}`)]
  const secure: SecureDataSource = { type, ...newer }
  return secureDataSourceViolations(secure, path)
}
