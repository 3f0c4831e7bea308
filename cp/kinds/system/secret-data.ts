/** The shape of secrets: bytes in base64 (kuma-api 4.8). */
import { z } from 'zod'
import { optional } from '../schema-doc.ts'

export const secretSchema = z.object({
  data: optional(z.string().transform(checkBase64), 'The secret, in base64.', {
    isBytes: true,
    default: 'empty',
  }),
})

export type SecretSpec = z.infer<typeof secretSchema>

function checkBase64(text: string, context: z.RefinementCtx<string>): string {
  const fault = illegalByte(text)
  if (fault === null) return text.replace(/[\r\n]/g, '')
  context.issues.push({ code: 'custom', message: `illegal base64 data at input byte ${fault}`, input: text })
  return z.NEVER
}

/** Index of the first byte that cannot be there (Go's decoder skips line ends); null: all is well. */
function illegalByte(text: string): number | null {
  const bytes = [...Buffer.from(text)].map((byte, index) => ({ char: String.fromCharCode(byte), index }))
  const data = bytes.filter(({ char }) => char !== '\n' && char !== '\r')
  const wrong = data.find(({ char }, at) => {
    if (/[A-Za-z0-9+/]/.test(char)) return data[at - 1]?.char === '='
    // padding: at the end of a group of four, at most two of them
    return char !== '=' || at % 4 < 2 || (at % 4 === 2 && data[at + 1]?.char !== '=') || at < data.length - 2
  })
  if (wrong !== undefined) return wrong.index
  return data.length % 4 === 0 ? null : bytes.length
}
