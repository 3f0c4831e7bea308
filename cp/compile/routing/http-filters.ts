/**
 * Filters of a MeshHTTPRoute's rule → what is done with a request and its answer (Kuma semantics 3.8). Of several filters
 * of one type the later one wins: of header modifiers for each name, of rewrites for path and host; mirrors add up.
 */
import type { HeaderEdit, PathRewrite, Redirect, Rewrite } from '#contract/route.ts'
import type { HeaderModifier } from '../../kinds/header-match.ts'
import { numberOf } from '../../kinds/values.ts'
import type { Destination } from '../cluster.ts'
import { destinationOf } from './backend-refs.ts'
import type { Rule } from './http-match.ts'

type Filter = NonNullable<Rule['default']['filters']>[number]
type PathFilter = NonNullable<NonNullable<Filter['urlRewrite']>['path']>

export interface PlannedMirror {
  readonly destination: Destination
  readonly percentage: number
}

export interface Effects {
  readonly requestHeaders?: HeaderEdit
  readonly responseHeaders?: HeaderEdit
  readonly rewrite?: Rewrite
  readonly redirect?: Redirect
}

/** A redirect answers itself: what is for the service has no effect then. */
export function effectsOf(filters: readonly Filter[]): Effects {
  const redirect = filters.findLast(({ type }) => type === 'RequestRedirect')?.requestRedirect
  const response = modifiers(filters, 'ResponseHeaderModifier', 'responseHeaderModifier')
  const answer = response.length > 0 ? { responseHeaders: editOf(response) } : {}
  if (redirect !== undefined) return { ...answer, redirect: redirectOf(redirect) }
  const request = modifiers(filters, 'RequestHeaderModifier', 'requestHeaderModifier')
  const rewrite = rewriteOf(filters, request)
  return {
    ...(request.length > 0 && { requestHeaders: editOf(request) }),
    ...answer,
    ...(rewrite !== null && { rewrite }),
  }
}

/** Those that lead to nobody are left out. */
export function mirrorsOf(filters: readonly Filter[]): readonly PlannedMirror[] {
  return filters.flatMap(({ type, requestMirror }) => {
    if (type !== 'RequestMirror' || requestMirror === undefined) return []
    const destination = destinationOf(requestMirror.backendRef)
    const percentage = numberOf(requestMirror.percentage ?? 100) ?? 100
    return destination === null ? [] : [{ destination, percentage }]
  })
}

function modifiers(
  filters: readonly Filter[],
  wanted: Filter['type'],
  section: 'requestHeaderModifier' | 'responseHeaderModifier',
): readonly HeaderModifier[] {
  return filters.flatMap(filter => (filter.type === wanted ? (filter[section] ?? []) : []))
}

function editOf(all: readonly HeaderModifier[]): HeaderEdit {
  const edits = new Map<string, { readonly what: keyof HeaderEdit; readonly value: string }>()
  const note = (what: keyof HeaderEdit, name: string, value: string): void => {
    // the host is rewritten, not edited
    if (name === 'host') return
    edits.delete(name)
    edits.set(name, { what, value })
  }
  for (const { set = [], add = [], remove = [] } of all) {
    for (const name of remove) note('remove', name.toLowerCase(), '')
    for (const { name, value } of set) note('set', name, value)
    for (const { name, value } of add) note('add', name, value)
  }
  const lines = (wanted: 'set' | 'add') =>
    [...edits].flatMap(([name, { what, value }]) => (what === wanted ? [{ name, value }] : []))
  const remove = [...edits].flatMap(([name, { what }]) => (what === 'remove' ? [name] : []))
  return { remove, set: lines('set'), add: lines('add') }
}

/** To set the header `host` is to rewrite it. */
function rewriteOf(filters: readonly Filter[], request: readonly HeaderModifier[]): Rewrite | null {
  const rewrites = filters.flatMap(({ type, urlRewrite }) =>
    type === 'URLRewrite' ? (urlRewrite ?? []) : [],
  )
  const path = rewrites.findLast(one => one.path !== undefined)?.path
  const hostname =
    rewrites.findLast(one => one.hostname !== undefined)?.hostname ??
    request.flatMap(({ set = [] }) => set).findLast(({ name }) => name === 'host')?.value
  if (path === undefined && hostname === undefined) return null
  return {
    ...(path !== undefined && { path: pathOf(path) }),
    ...(hostname !== undefined && { host: { type: 'value', value: hostname } }),
  }
}

function redirectOf({
  statusCode = 302,
  scheme,
  hostname,
  port,
  path,
}: NonNullable<Filter['requestRedirect']>): Redirect {
  return {
    status: statusCode,
    ...(scheme !== undefined && { scheme }),
    ...(hostname !== undefined && { hostname }),
    ...(port !== undefined && { port }),
    ...(path !== undefined && { path: pathOf(path) }),
  }
}

function pathOf({ type, replaceFullPath = '', replacePrefixMatch = '' }: PathFilter): PathRewrite {
  return type === 'ReplaceFullPath'
    ? { type: 'full', value: replaceFullPath }
    : { type: 'prefix', value: replacePrefixMatch }
}
