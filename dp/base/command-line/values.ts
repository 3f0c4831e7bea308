/** The values of a command's options: from the command line, else from their variables, else their defaults. */

import { separateWords } from '../text/words.ts'
import type { OptionSpec, OptionTable } from './spec.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What is wrong with options or their variables, in one sentence. */
export class OptionFault extends Error {}

/** `caCertFile` → `--ca-cert-file`. */
export function flagOf(key: string): string {
  return `--${separateWords(key, '-')}`
}

/**
 * `given`: from the command line. Throws OptionFault for a variable whose value the option does not take, and for
 * options that exclude each other.
 */
export function optionValues(
  options: OptionTable,
  given: Readonly<Record<string, unknown>>,
  environment: Environment,
): Record<string, unknown> {
  const hidden = new Set(Object.keys(given).flatMap(key => options[key]?.hides ?? []))
  const variables: Record<string, unknown> = {}
  for (const [key, spec] of Object.entries(options)) {
    const value = key in given || hidden.has(key) ? undefined : fromVariable(spec, environment)
    if (value !== undefined) variables[key] = value
  }
  checkExclusions(options, given, variables)
  const values = Object.entries(options).map(([key, spec]) => {
    return [key, given[key] ?? variables[key] ?? defaultOf(spec)] as const
  })
  return Object.fromEntries(values)
}

function checkExclusions(
  options: OptionTable,
  given: Readonly<Record<string, unknown>>,
  variables: Readonly<Record<string, unknown>>,
): void {
  const isSet = (key: string): boolean => key in given || (variables[key] ?? false) !== false
  const nameOf = (key: string): string => {
    const spec = options[key]
    const variable = spec === undefined || spec.type === 'list' ? undefined : spec.variable
    return key in given ? flagOf(key) : (variable ?? flagOf(key))
  }
  for (const [key, spec] of Object.entries(options)) {
    const other = isSet(key) ? spec.excludes?.find(isSet) : undefined
    if (other !== undefined) throw new OptionFault(`${nameOf(key)} and ${nameOf(other)} exclude each other`)
  }
}

/** undefined where there is none, or it is empty. */
function fromVariable(spec: OptionSpec, environment: Environment): string | boolean | undefined {
  if (spec.type === 'list' || spec.variable === undefined) return undefined
  const value = environment[spec.variable] ?? ''
  if (value === '') return undefined
  if (spec.type === 'switch') return /^(1|true|yes|on)$/i.test(value)
  if (spec.choices === undefined || spec.choices.includes(value)) return value
  throw new OptionFault(`${spec.variable}=${value}: allowed are ${spec.choices.join(', ')}`)
}

function defaultOf(spec: OptionSpec): unknown {
  if (spec.type === 'switch') return false
  return spec.type === 'list' ? [] : spec.default
}
