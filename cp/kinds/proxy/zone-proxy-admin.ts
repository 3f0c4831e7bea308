/** `networking.admin` of zone ingresses and egresses (kuma-api 4.7). */
import { z } from 'zod'
import { portViolations, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { optional } from '../schema/doc.ts'

export const adminSchema = optional(
  z.object({
    port: optional(z.int(), 'Port of the admin interface of Envoy.', {
      default: '9901',
      rule: 'not networking.port',
    }),
  }),
  'Admin interface of the proxy.',
)

export function adminViolations(admin: number | undefined, port: number): Violation[] {
  if (!admin) return []
  const field = 'networking.admin.port'
  return [
    ...portViolations(admin, field),
    ...(admin === port ? [violation(field, 'must differ from port')] : []),
  ]
}
