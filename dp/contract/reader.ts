/** Reads members of unknown JSON by their types and notes each fault with its path. */
import { isObject } from '#base/shape.ts'

/** What is wrong with a value. */
export interface Violation {
  readonly path: string
  readonly message: string
}

/** Reads members of one unknown value; a fault is noted with its path and a harmless value returned. */
export class Reader {
  readonly #members: Readonly<Record<string, unknown>>
  readonly #path: string
  readonly #violations: Violation[]

  constructor(value: unknown, path: string, violations: Violation[]) {
    this.#path = path
    this.#violations = violations
    this.#members = isObject(value) ? value : {}
    if (!isObject(value)) violations.push({ path, message: 'must be an object' })
  }

  text(name: string): string {
    const value = this.#members[name]
    return typeof value === 'string' ? value : this.#fault(name, 'must be a string', '')
  }

  texts(name: string): readonly string[] {
    const value = this.#members[name]
    const isList = Array.isArray(value) && value.every(item => typeof item === 'string')
    return isList ? value : this.#fault(name, 'must be a list of strings', [])
  }

  integer(name: string, least: number, most: number): number {
    const value = this.#members[name]
    const isInRange = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
    return isInRange ? value : this.#fault(name, `must be an integer from ${least} to ${most}`, least)
  }

  port(name: string): number {
    return this.integer(name, 1, 65_535)
  }

  oneOf<const T extends readonly [string, ...string[]]>(name: string, allowed: T): T[number] {
    const value = this.#members[name]
    const found = allowed.find(one => one === value)
    return found ?? this.#fault(name, `must be one of ${allowed.join(', ')}`, allowed[0])
  }

  /** As `integer`, or null. */
  integerOrNull(name: string, least: number, most: number): number | null {
    return this.#members[name] === null ? null : this.integer(name, least, most)
  }

  integers(name: string, least: number, most: number): readonly number[] {
    const value = this.#members[name]
    const isList =
      Array.isArray(value) && value.every(item => Number.isInteger(item) && item >= least && item <= most)
    return isList ? value : this.#fault(name, `must be a list of integers from ${least} to ${most}`, [])
  }

  /** A list of these words. */
  listOf<const T extends readonly string[]>(name: string, allowed: T): readonly T[number][] {
    const value = this.#members[name]
    const isList = Array.isArray(value) && value.every(item => allowed.includes(item))
    return isList ? value : this.#fault(name, `must be a list of ${allowed.join(', ')}`, [])
  }

  /** A number from `least` to `most`, fractions allowed. */
  number(name: string, least: number, most: number): number {
    const value = this.#members[name]
    const isInRange = typeof value === 'number' && value >= least && value <= most
    return isInRange ? value : this.#fault(name, `must be a number from ${least} to ${most}`, least)
  }

  has(name: string): boolean {
    return this.#members[name] !== undefined
  }

  flag(name: string): boolean {
    const value = this.#members[name]
    return typeof value === 'boolean' ? value : this.#fault(name, 'must be true or false', false)
  }

  /** Notes a fault of the member. */
  refuse(name: string, message: string): void {
    this.#fault(name, message, null)
  }

  object(name: string): Reader {
    return new Reader(this.#members[name], `${this.#path}.${name}`, this.#violations)
  }

  nullable(name: string): Reader | null {
    const value = this.#members[name]
    return value === null || value === undefined ? null : this.object(name)
  }

  list(name: string): readonly Reader[] {
    const value = this.#members[name]
    if (!Array.isArray(value)) return this.#fault(name, 'must be a list', [])
    return value.map((item, index) => new Reader(item, `${this.#path}.${name}[${index}]`, this.#violations))
  }

  #fault<T>(name: string, message: string, instead: T): T {
    this.#violations.push({ path: `${this.#path}.${name}`, message })
    return instead
  }
}
