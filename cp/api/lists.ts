/**
 * Lists in pages (kuma-api 1.5): all resources of a list, and the query → the items of one page with `total` and
 * `next`, or a 400. `offset` is the index of the first item; `next` an absolute URL or null.
 */
import type { Kind, Resource, Violation } from '../kinds/kind.ts'
import { isObject } from '../kinds/schema/decode.ts'
import type { Shown } from '../kinds/table/columns.ts'
import { readFilter } from './filters.ts'
import { type Answer, ok } from './http/answer.ts'
import { problem } from './problem.ts'
import type { ApiRequest } from './request.ts'

type ListRequest = Pick<ApiRequest, 'query' | 'route' | 'origin' | 'path'>

const DEFAULT_SIZE = 100
const MAX_SIZE = 1000
const TITLE = 'Could not retrieve resources'

export interface ListOptions {
  /** Of an error. */
  readonly title?: string
  /** There is no `next` on the last page, instead of null. */
  readonly leavesOutNext?: boolean
  /** The items of a page for people. */
  readonly table?: (items: readonly Shown[]) => string
}

/**
 * @param all in the order of the list
 * @param show called for the items of the page only
 */
export function listAnswer(
  request: ListRequest,
  kind: Kind,
  all: readonly Resource[],
  show: (resource: Resource) => unknown,
  options: ListOptions = {},
): Answer {
  const fault = readPage(request.query, options.title)
  if (!fault.ok) return fault.answer
  const filter = readFilter(kind, request.query, request.route)
  if (!filter.ok) return filter.answer
  const matching = filter.matches === null ? all : all.filter(filter.matches)
  return pageAnswer(request, matching, show, options)
}

/** One page of what was found already. */
export function pageAnswer<T>(
  request: ListRequest,
  all: readonly T[],
  show: (one: T) => unknown,
  { title, leavesOutNext = false, table }: ListOptions = {},
): Answer {
  const page = readPage(request.query, title)
  if (!page.ok) return page.answer
  const end = page.offset + page.size
  const items = all.slice(page.offset, end).map(show)
  const answer = ok({
    total: all.length,
    items,
    ...(end < all.length ? { next: nextUrl(request, end) } : leavesOutNext ? {} : { next: null }),
  })
  return table === undefined ? answer : { ...answer, plain: () => table(items.filter(isObject)) }
}

type Page =
  | { readonly ok: true; readonly size: number; readonly offset: number }
  | { readonly ok: false; readonly answer: Answer }

function readPage(query: URLSearchParams, title = TITLE): Page {
  const size = query.get('size') ?? ''
  const offset = query.get('offset') ?? ''
  const sizeFault = size === '' ? null : faultOfSize(size)
  if (sizeFault !== null)
    return wrongPage(title, 'Invalid page size', [{ field: 'size', message: sizeFault }])
  const offsetFault = offset === '' ? null : faultOfOffset(offset)
  if (offsetFault !== null) return wrongPage(title, `invalid: invalid offset: ${offsetFault}`, [])
  return { ok: true, size: size === '' ? DEFAULT_SIZE : Number(size), offset: Number(offset) }
}

function faultOfSize(text: string): string | null {
  if (!WHOLE.test(text) || !Number.isSafeInteger(Number(text))) return 'invalid format'
  if (Number(text) > MAX_SIZE) return `invalid page size of ${Number(text)}. Maximum page size is ${MAX_SIZE}`
  return Number(text) <= 0 ? 'must be greater than 0' : null
}

/** In Go's words. */
function faultOfOffset(text: string): string | null {
  const parsing = `strconv.Atoi: parsing ${JSON.stringify(text)}`
  if (!WHOLE.test(text)) return `${parsing}: invalid syntax`
  if (!Number.isSafeInteger(Number(text))) return `${parsing}: value out of range`
  return Number(text) < 0 ? 'must be non-negative' : null
}

const WHOLE = /^[-+]?\d+$/

function wrongPage(title: string, detail: string, violations: readonly Violation[]): Page {
  return { ok: false, answer: problem({ status: 400, title, detail, violations }) }
}

/** Keys are sorted, as Go does it. */
function nextUrl({ origin, path, query }: ListRequest, offset: number): string {
  const next = new URLSearchParams(query)
  next.set('offset', String(offset))
  next.sort()
  return `${origin}${path}?${next}`
}
