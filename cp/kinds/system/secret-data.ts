/** The shape of secrets: bytes in base64 (kuma-api 4.8). */
import { z } from 'zod'
import { optional } from '../schema/doc.ts'
import { bytes } from '../values.ts'

export const secretSchema = z.object({
  data: optional(bytes, 'The secret, in base64.', { isBytes: true, default: 'empty' }),
})

export type SecretSpec = z.infer<typeof secretSchema>
