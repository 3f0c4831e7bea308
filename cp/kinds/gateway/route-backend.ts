/** Where a MeshGatewayRoute sends calls: a service, by tags, and its share (kuma-api 4.9). */
import { z } from 'zod'
import { tagsSchema } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { matchViolations, SERVICE_TAG } from '../legacy/selectors.ts'
import { optional } from '../schema/doc.ts'
import { uint32 } from '../values.ts'

export const backendSchema = z.object({
  weight: optional(uint32, 'Its share of the calls, in proportion to the weights of the others.'),
  destination: optional(tagsSchema, 'Tags of the service.', { rule: `with ${SERVICE_TAG}` }),
})

export type RouteBackend = z.infer<typeof backendSchema>

export function backendViolations(backend: RouteBackend, path: string): Violation[] {
  return matchViolations(backend.destination ?? {}, path, { needsService: true })
}
