/** The shape of secrets: bytes in base64 (kuma-api 4.8). */
import { z } from 'zod'
import { optional } from '../schema/doc.ts'

export const secretSchema = z.object({
  data: optional(z.string().transform(checkBase64), 'The secret, in base64.', {
    isBytes: true,
    default: 'empty',
  }),
})

export type SecretSpec = z.infer<typeof secretSchema>

function checkBase64(text: string, context: z.RefinementCtx<string>): string {
  const data = text.replace(/[\r\n]/g, '')
  if (data.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(data)) return data
  context.issues.push({
    code: 'custom',
    message: `illegal base64 data at input byte ${illegalByte(text)}`,
    input: text,
  })
  return z.NEVER
}

/** Index of the first byte that cannot be there; the length when some are missing at the end. */
function illegalByte(text: string): number {
  const at = text.search(/[^A-Za-z0-9+/\r\n]/)
  if (at < 0) return text.length
  // padding fills up a group of four, and nothing follows
  const before = text.slice(0, at).replace(/[\r\n]/g, '').length
  const padding = before % 4 === 2 ? '==' : before % 4 === 3 ? '=' : null
  if (padding === null) return at
  const rest = text.slice(at)
  if (rest.startsWith(padding)) return at + padding.length
  return padding.startsWith(rest) ? text.length : at
}
