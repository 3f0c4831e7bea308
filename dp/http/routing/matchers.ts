/** Matches of a route, compiled when a snapshot is applied: each says of a request whether it fits. */
import type { HeaderMatch, NamedMatch, TextMatch } from '#contract/matching/text-match.ts'
import type { RouteMatch } from '#contract/route.ts'
import { Regex } from './regex.ts'
import { asSeen, type RequestView } from './request-view.ts'

type TextTest = (text: string) => boolean

/** One route's match: all of what it names has to fit. */
export class Matcher {
  readonly #path: TextTest | null
  readonly #method: TextTest | null
  readonly #headers: readonly HeaderTest[]
  readonly #query: readonly { readonly name: string; readonly fits: TextTest }[]

  constructor({ path, method, headers = [], query = [] }: RouteMatch) {
    this.#path = path === undefined ? null : textTest(path)
    this.#method = method === undefined ? null : textTest(method)
    this.#headers = headers.map(headerTest)
    this.#query = query.map((match: NamedMatch) => ({ name: asSeen(match.name), fits: textTest(match) }))
  }

  /** `path`: of the request's target, without the query. */
  fits(path: string, request: RequestView): boolean {
    if (this.#path !== null && !this.#path(path)) return false
    if (this.#method !== null && !this.#method(request.method)) return false
    for (const { name, fits } of this.#headers) if (!fits(request.field(name))) return false
    for (const { name, fits } of this.#query) {
      const value = parameterOf(request.target, name)
      if (value === undefined || !fits(value)) return false
    }
    return true
  }
}

/** The target without its query. */
export function pathOf(target: string): string {
  const at = target.indexOf('?')
  return at < 0 ? target : target.slice(0, at)
}

/** The first of that name, as it is written; undefined: there is none. */
export function parameterOf(target: string, name: string): string | undefined {
  let at = target.indexOf('?') + 1
  while (at > 0 && at <= target.length) {
    const next = target.indexOf('&', at)
    const end = next < 0 ? target.length : next
    const equals = target.indexOf('=', at)
    const nameEnd = equals < 0 || equals > end ? end : equals
    if (nameEnd - at === name.length && target.startsWith(name, at)) return target.slice(nameEnd + 1, end)
    at = next < 0 ? 0 : next + 1
  }
  return undefined
}

function textTest({ type, value: written }: TextMatch): TextTest {
  const value = asSeen(written)
  switch (type) {
    case 'exact':
      return text => text === value
    case 'prefix':
      return text => text.startsWith(value)
    case 'segments': {
      const inside = `${value}/`
      return text => text === value || text.startsWith(inside)
    }
    case 'regex': {
      const regex = new Regex(written)
      return text => regex.fits(text)
    }
  }
}

/** `fits`: of the value of that field, lines of one name joined; undefined: there is none. */
export interface HeaderTest {
  readonly name: string
  fits(value: string | undefined): boolean
}

export function headerTest(match: HeaderMatch): HeaderTest {
  const { name } = match
  if (!('value' in match)) {
    const isWanted = match.type === 'present'
    return { name, fits: value => (value !== undefined) === isWanted }
  }
  const test = textTest(match)
  return { name, fits: value => value !== undefined && test(value) }
}
