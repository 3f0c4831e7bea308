/** GlobalSecret: bytes that belong to no mesh, such as keys of user tokens. Flat, for admins only (kuma-api 4.8). */
import { defineKind } from '../kind.ts'
import { type SecretSpec, secretSchema } from './secret-data.ts'

export const globalSecret = defineKind<SecretSpec>({
  type: 'GlobalSecret',
  path: 'global-secrets',
  aliases: ['globalsecrets'],
  singular: 'global-secret',
  scope: 'Global',
  encoding: 'flat',
  adminOnly: true,
  doc: 'A GlobalSecret holds bytes of the control plane itself. Only admins may read and write it, and users with an AccessRole that names its type.',
  schema: secretSchema,
})
