/** Versions of resources over HTTP: `ETag`, and what `If-Match` and `If-None-Match: *` demand of a write. */
import { CodedError } from '#base/errors.ts'
import type { ResourceKey } from '../../kinds/kind.ts'
import type { ApiContext, ApiRequest } from '../request.ts'

/** `EPOCH-REVISION`. */
export function versionText(
  { store }: Pick<ApiContext, 'store'>,
  { revision }: { readonly revision: number },
): string {
  return `${store.epoch}-${revision}`
}

/** Strong: epoch and revision of the last write. */
export function etagOf(context: Pick<ApiContext, 'store'>, resource: { readonly revision: number }): string {
  return JSON.stringify(versionText(context, resource))
}

/**
 * The revision that has to be there, by `If-Match` and `If-None-Match: *`; undefined when the caller does not care.
 * Throws `api.conflict`.
 */
export async function expectedBy(
  context: ApiContext,
  { headers }: ApiRequest,
  key: ResourceKey,
): Promise<number | undefined> {
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined
  const stored = await context.store.get(key)
  const tag = stored === null ? null : etagOf(context, stored)
  if (ifNoneMatch !== undefined && stored !== null && names(ifNoneMatch, tag)) {
    throw new CodedError('api.conflict', `${key.type} ${key.name} exists already as ${tag}`)
  }
  if (ifMatch !== undefined && (tag === null || !names(ifMatch, tag))) {
    const is = tag === null ? 'does not exist' : `is ${tag} now`
    throw new CodedError('api.conflict', `${key.type} ${key.name} ${is}; read it again and repeat the change`)
  }
  return stored?.revision ?? 0
}

function names(header: string | readonly string[], tag: string | null): boolean {
  const tags = String(header)
    .split(',')
    .map(one => one.trim())
  return tags.includes('*') || (tag !== null && tags.includes(tag))
}
