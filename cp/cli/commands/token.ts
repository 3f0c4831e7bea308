/** `vmeshctl token inspect`: what a token says about itself. Its signature is not looked at: that needs the key. */
import { readFile } from 'node:fs/promises'
import { type CommandNode, command, group } from '#base/command-line.ts'
import { messageOf } from '#base/errors.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { misconfigured } from '../errors.ts'
import { at, OUTPUT_OPTION, printAs, span } from '../output.ts'
import { TARGET_OPTIONS } from '../target.ts'
import type { World } from '../world.ts'

export function tokenCommand(world: World): CommandNode {
  return group({ name: 'token', doc: 'look into tokens', commands: [inspectCommand(world)] })
}

function inspectCommand(world: World): CommandNode {
  return command({
    name: 'inspect',
    doc: 'show what a token says: for whom, from when, until when',
    arguments: {
      file: { value: 'FILE', doc: 'with the token; - or nothing reads standard input', optional: true },
    },
    options: { ...TARGET_OPTIONS, ...OUTPUT_OPTION },
    notes: 'Nothing is asked and no signature is checked. Exit code 1 when it is expired or not valid yet.',
    run: async ({ options, args }) => {
      const { file = '-' } = args
      const token = (file === '-' ? await world.readInput() : await textOf(file)).trim()
      const [header, claims] = partsOf(token, file)
      const validity = validityOf(claims, world.nowMs())
      const value = { header, claims, ...validity }
      await printAs(options.output, value, () => tokenText(header, claims, validity), world)
      return validity.isValidNow ? EXIT.ok : EXIT.failed
    },
  })
}

async function textOf(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    throw misconfigured(`${file} cannot be read: ${messageOf(error)}`, error)
  })
}

function partsOf(token: string, file: string): readonly [header: object, claims: object] {
  const shown = file === '-' ? 'standard input' : file
  const parts = token.replace(/^Bearer\s+/i, '').split('.')
  const [header, claims] = parts.map(decoded)
  if (
    parts.length === 3 &&
    header !== null &&
    claims !== null &&
    header !== undefined &&
    claims !== undefined
  )
    return [header, claims]
  throw misconfigured(`${shown} holds no token: one is three parts of base64 with dots between them`)
}

function decoded(part: string): object | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

interface Validity {
  readonly issued: string | null
  readonly notBefore: string | null
  readonly expires: string | null
  readonly isValidNow: boolean
  /** For people. */
  readonly validity: string
}

function validityOf(claims: object, nowMs: number): Validity {
  const [iat, nbf, exp] = ['iat', 'nbf', 'exp'].map(key => {
    const seconds = at(claims, key)
    return typeof seconds === 'number' ? seconds * 1000 : null
  })
  const isExpired = exp !== null && exp !== undefined && exp <= nowMs
  const isEarly = nbf !== null && nbf !== undefined && nbf > nowMs
  const validity = isExpired
    ? `expired ${span(nowMs - exp)} ago`
    : isEarly
      ? `not valid for another ${span(nbf - nowMs)}`
      : exp === null || exp === undefined
        ? 'never expires; a control plane refuses such a token'
        : `valid for another ${span(exp - nowMs)}`
  return {
    issued: isoOf(iat),
    notBefore: isoOf(nbf),
    expires: isoOf(exp),
    isValidNow: !isExpired && !isEarly,
    validity,
  }
}

function isoOf(ms: number | null | undefined): string | null {
  if (ms === null || ms === undefined || Math.abs(ms) > 8.64e15) return null
  return new Date(ms).toISOString()
}

function tokenText(
  header: object,
  claims: object,
  { issued, notBefore, expires, validity }: Validity,
): string {
  const rows: readonly (readonly [string, unknown])[] = [
    ['kind', kindOf(claims)],
    ...Object.entries(claims).filter(([key]) => !['iat', 'nbf', 'exp'].includes(key)),
    ['algorithm', at(header, 'alg')],
    ['key', at(header, 'kid')],
    ['issued', issued ?? '-'],
    ['not before', notBefore ?? '-'],
    ['expires', expires ?? '-'],
    ['validity', validity],
    ['signature', 'not checked'],
  ]
  return rows
    .map(
      ([key, value]) =>
        `${key.padEnd(12)}${typeof value === 'string' ? value || '-' : JSON.stringify(value ?? null)}\n`,
    )
    .join('')
}

/** By the claims that only one kind has (kuma-api 7.1). */
function kindOf(claims: object): string {
  if ('Groups' in claims) return 'user token'
  if ('Tags' in claims) return 'data plane token'
  if ('Scope' in claims) return 'zone token'
  return 'Zone' in claims ? 'zone ingress token' : 'unknown'
}
