/** Secret: bytes that belong to a mesh, for its CA and for policies. Flat, for admins only (kuma-api 4.8). */
import { defineKind } from '../kind.ts'
import { type SecretSpec, secretSchema } from './secret-data.ts'

export type { SecretSpec } from './secret-data.ts'

export const secret = defineKind<SecretSpec>({
  type: 'Secret',
  path: 'secrets',
  scope: 'Mesh',
  encoding: 'flat',
  adminOnly: true,
  doc: 'A Secret holds bytes of a mesh: certificates, keys, tokens. Only admins may read and write it, and users with an AccessRole that names its type.',
  schema: secretSchema,
})
