/**
 * Where a value comes from (kuma-api 4.3): the older DataSource (exactly one of its fields) and SecureDataSource (told
 * apart by `type`). Schemas, and their rules with Kuma's messages.
 */
import { z } from 'zod'
import { fieldAt } from './field-path.ts'
import { violation } from './fields.ts'
import type { Violation } from './kind.ts'
import { optional, required } from './schema/doc.ts'
import { bytes } from './values.ts'

/** One of the fields. `file` is read on the host of the control plane; flat kinds only. */
export const dataSourceSchema = z.object({
  secret: optional(z.string(), 'Name of a Secret of the mesh.'),
  file: optional(z.string(), 'Path of a file on the host of the control plane.'),
  inline: optional(bytes, 'The bytes themselves, in base64.', { isBytes: true }),
  inlineString: optional(z.string(), 'The text itself.'),
})

export type DataSource = z.infer<typeof dataSourceSchema>

export const secureDataSourceSchema = z.object({
  type: required(
    z.enum(['File', 'Secret', 'EnvVar', 'InsecureInline']),
    'Where the value is: in a file or an environment variable of the control plane, in a Secret, or right here.',
  ),
  file: optional(
    z.object({
      path: required(z.string(), 'Path of a file on the host of the control plane.', {
        rule: 'absolute, without ..',
      }),
    }),
    'The file.',
    { rule: 'with type File' },
  ),
  secretRef: optional(
    z.object({
      kind: required(z.enum(['Secret']), 'Kind of the secret.'),
      name: required(z.string(), 'Name of a Secret of the mesh.'),
    }),
    'The Secret.',
    { rule: 'with type Secret' },
  ),
  envVar: optional(
    z.object({ name: required(z.string(), 'Name of an environment variable of the control plane.') }),
    'The environment variable.',
    { rule: 'with type EnvVar' },
  ),
  insecureInline: optional(
    z.object({ value: required(z.string(), 'The text itself.') }),
    'The value itself, which everybody can read who may read this resource.',
    { rule: 'with type InsecureInline' },
  ),
})

export type SecureDataSource = z.infer<typeof secureDataSourceSchema>

/** @param source undefined: nothing is said about one that is left out */
export function dataSourceViolations(source: DataSource | undefined, path: string): Violation[] {
  if (source === undefined) return []
  const given = Object.values(source).filter(value => value !== undefined && value !== '')
  if (given.length === 0) return [violation(path, 'data source cannot be empty')]
  return given.length === 1
    ? []
    : [violation(path, 'data source has to be chosen. Only one of the fields may be set')]
}

export function secureDataSourceViolations(source: SecureDataSource | undefined, path: string): Violation[] {
  if (source === undefined) return []
  switch (source.type) {
    case 'File': {
      const file = source.file?.path
      if (file === undefined) return [violation(fieldAt(path, 'file'), 'must be defined')]
      const isRight = file.startsWith('/') && !file.split('/').includes('..')
      return isRight ? [] : [violation(fieldAt(path, 'file.path'), 'must be an absolute path without ".."')]
    }
    case 'Secret':
      return defined(source.secretRef?.name, fieldAt(path, 'secretRef'), 'name')
    case 'EnvVar':
      return defined(source.envVar?.name, fieldAt(path, 'envVar'), 'name')
    case 'InsecureInline':
      return defined(source.insecureInline?.value, fieldAt(path, 'insecureInline'), 'value')
  }
}

function defined(value: string | undefined, path: string, name: string): Violation[] {
  if (value === undefined) return [violation(path, 'must be defined')]
  return value === '' ? [violation(fieldAt(path, name), 'must be defined')] : []
}
