/**
 * One setting: what types there are, what each accepts as text (environment, flags) and as a YAML value, and the
 * typed value that comes out. A wrong one is answered with what is accepted.
 */
import { goDurationMs } from '../duration.ts'

interface Described {
  /** One or two sentences for the reference. */
  readonly doc: string
  /** Never shown: `GET /config` and logs have ***** instead. */
  readonly isSecret?: boolean
}

export type Setting =
  | (Described & { readonly type: 'string' | 'path'; readonly default: string | null })
  | (Described & {
      readonly type: 'integer'
      readonly default: number | null
      readonly min?: number
      readonly max?: number
      /** What it counts: `bytes`, `connections`. */
      readonly unit?: string
    })
  /** 0: any free one. */
  | (Described & { readonly type: 'port'; readonly default: number | null })
  | (Described & { readonly type: 'boolean'; readonly default: boolean | null })
  /** Default in Go's form (`30s`); the value is in milliseconds. */
  | (Described & { readonly type: 'duration'; readonly default: string | null })
  /** In a variable, items are parted by commas; a flag is repeated. */
  | (Described & { readonly type: 'list'; readonly default: readonly string[] })
  | (Described & {
      readonly type: 'enum'
      readonly values: readonly string[]
      readonly default: string | null
    })

type Typed<S extends Setting> = S extends { readonly type: 'enum'; readonly values: readonly (infer Value)[] }
  ? Value
  : S extends { readonly type: 'string' | 'path' }
    ? string
    : S extends { readonly type: 'boolean' }
      ? boolean
      : S extends { readonly type: 'list' }
        ? readonly string[]
        : number

/** The type of a setting's value. */
export type ValueOf<S extends Setting> = Typed<S> | (S extends { readonly default: null } ? null : never)

export type Checked =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string }

/**
 * @param form `text`: from a variable or a flag, numbers and booleans are spelt out and lists parted by commas;
 * `value`: from YAML or the table, with its own types
 */
export function checkSetting(setting: Setting, given: unknown, form: 'text' | 'value'): Checked {
  const value = form === 'text' ? fromText(setting, given) : given
  const typed = typedValue(setting, value)
  if (typed !== undefined) return { ok: true, value: typed }
  return { ok: false, message: `${shown(setting, given)} is not ${acceptedBy(setting)}` }
}

/** What a setting takes: `a duration such as 30s or 1h30m`. */
export function acceptedBy(setting: Setting): string {
  switch (setting.type) {
    case 'string':
      return 'a text'
    case 'path':
      return 'the path of a file or folder'
    case 'boolean':
      return 'true or false'
    case 'duration':
      return 'a duration with units, such as 30s or 1h30m'
    case 'port':
      return 'a port, a number from 0 to 65535'
    case 'list':
      return 'a list of texts'
    case 'enum':
      return `one of ${setting.values.join(', ')}`
    case 'integer':
      return `a whole number${range(setting.min, setting.max)}`
  }
}

/** undefined: not accepted. */
function typedValue(setting: Setting, value: unknown): unknown {
  switch (setting.type) {
    case 'string':
      return typeof value === 'string' ? value : undefined
    case 'path':
      return typeof value === 'string' && value !== '' && !value.includes('\0') ? value : undefined
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'duration':
      return durationMs(value)
    case 'port':
      return wholeNumber(value, 0, 65_535)
    case 'integer':
      return wholeNumber(value, setting.min, setting.max)
    case 'enum':
      return typeof value === 'string' && setting.values.includes(value) ? value : undefined
    case 'list':
      return Array.isArray(value) && value.every(item => typeof item === 'string') ? value : undefined
  }
}

function fromText(setting: Setting, given: unknown): unknown {
  if (typeof given !== 'string') return given
  switch (setting.type) {
    case 'boolean':
      return { true: true, '1': true, false: false, '0': false }[given.toLowerCase()] ?? given
    case 'port':
    case 'integer':
      return /^-?\d+$/.test(given) ? Number(given) : given
    case 'list':
      return items(given)
    default:
      return given
  }
}

function items(text: string): string[] {
  return text
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '')
}

function durationMs(value: unknown): number | undefined {
  if (value === 0) return 0
  const ms = typeof value === 'string' ? goDurationMs(value) : null
  return ms === null || ms < 0 ? undefined : ms
}

function wholeNumber(value: unknown, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER) {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
    ? value
    : undefined
}

function range(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return ` of at least ${min}`
  return max === undefined ? '' : ` of at most ${max}`
}

const LONGEST_SHOWN = 60

function shown(setting: Setting, given: unknown): string {
  if (setting.isSecret === true) return 'the value (not shown)'
  const text = JSON.stringify(given) ?? String(given)
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
}
