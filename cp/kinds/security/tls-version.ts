/** TLS versions and ciphers (kuma-api 4.3): schemas, and the rule with Kuma's message. */
import { z } from 'zod'
import { fieldAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { filled } from '../schema/doc.ts'

/** In rising order, after the one that leaves the choice open. */
const VERSIONS = ['TLSAuto', 'TLS10', 'TLS11', 'TLS12', 'TLS13'] as const

const version = z.enum(VERSIONS).default('TLSAuto')

/** Both ends are stored, also where one was left out. */
export const tlsVersionSchema = z.object({
  min: filled(version, 'Oldest version that is taken.', {
    default: 'TLSAuto',
    rule: 'not newer than max',
  }),
  max: filled(version, 'Newest version that is taken.', { default: 'TLSAuto' }),
})

export type TlsVersion = z.infer<typeof tlsVersionSchema>

export const tlsCipher = z.enum([
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-RSA-CHACHA20-POLY1305',
])

/** Left out is fine. */
export function tlsVersionViolations(versions: TlsVersion | undefined, path: string): Violation[] {
  if (versions === undefined || versions.min === 'TLSAuto' || versions.max === 'TLSAuto') return []
  return VERSIONS.indexOf(versions.min) > VERSIONS.indexOf(versions.max)
    ? [violation(fieldAt(path, 'min'), 'min version must be lower than max')]
    : []
}
