/** Zone: one control plane's part of a larger mesh (kuma-api 4.7). Flat, global. */
import { z } from 'zod'
import { defineKind } from '../kind.ts'
import { optional } from '../schema/doc.ts'
import { unenforcedFields } from '../schema/unenforced.ts'

const zoneSchema = z.object({
  enabled: optional(z.boolean(), 'Whether other zones may call its services.', {
    default: 'true',
    keepsZero: true,
    unenforced: {
      values: [false],
      message: 'this control plane works alone: there are no other zones to keep out',
    },
  }),
})

export type ZoneSpec = z.infer<typeof zoneSchema>

export const zone = defineKind<ZoneSpec>({
  type: 'Zone',
  path: 'zones',
  scope: 'Global',
  encoding: 'flat',
  shortName: 'z',
  doc:
    'A Zone stands for one control plane and its data planes. A control plane that works alone has one, named by ' +
    '`multizone.zone.name`; others can be stored.',
  schema: zoneSchema,
  unenforced: spec => unenforcedFields(zoneSchema, spec, ''),
})
